import type { Change } from "../../../api/change.js";
import { cutMessage } from "../../../api/conditions.js";
import { ANNOTATION_HOOK_RUN } from "../../../api/group.js";
import type { HookPhase, HookRun } from "../../../api/hook.js";
import { rfc3339 } from "../../../base/clock.js";
import { formatDuration, parseDuration } from "../../../base/duration.js";
import { sha256 } from "../../../base/hash.js";
import type { Document } from "../../../manifest/document.js";
import type { Hook } from "../../../manifest/hook.js";
import { apiVersionOf, displayId } from "../../../manifest/object-id.js";
import { findRun, type HookStep, hooksByWave, judgeHook, runsToEnd } from "../../../plan/hooks.js";
import type { LiveObject } from "../../../plan/live.js";
import { permitHookDeletion } from "../../../plan/prune-guard.js";
import { flushChange, stageChange } from "../changes/change-record.js";
import { observeApp } from "../observe.js";
import type { AppRun } from "../run.js";
import { areRecorded, recordHookKinds } from "../status/record-kinds.js";
import { elapsedSince } from "../sync/change-timer.js";

/** Delay until the start of a hook is tried again after a temporary failure. */
const RETRY_MS = 5_000;

const NAME_TAKEN = "cannot be created: an object with its name exists that is no hook; delete it, or rename the hook";

/** How far the hooks of a phase have come. `change`: as last written. */
export type HookProgress =
  | { readonly state: "done"; readonly change: Change }
  | { readonly state: "running"; readonly change: Change; readonly message: string }
  | { readonly state: "failed"; readonly change: Change; readonly message: string };

/**
 * Starts and observes the hooks of one phase, wave by wave, up to the wave `last`. Each runs once for a Change: its object carries
 * the Change and phase, and its result is recorded before the object is deleted. Waits for nothing: events enqueue the app.
 */
export async function runHooks(
  run: AppRun,
  hooks: readonly Hook[],
  change: Change,
  phase: HookPhase,
  last = Number.POSITIVE_INFINITY,
): Promise<HookProgress> {
  const waves = hooksByWave(hooks, phase);
  let current = change;
  for (const wave of waves) {
    if ((wave[0]?.spec.wave ?? 0) > last) break;
    const result = await runWave(run, wave, current, phase);
    if (result.state !== "done") return result;
    current = result.change;
  }
  return { state: "done", change: current };
}

async function runWave(run: AppRun, hooks: readonly Hook[], change: Change, phase: HookPhase): Promise<HookProgress> {
  const observation = observeApp(run);
  if (hooks.every(({ document }) => findRun(runsOf(run, change), phase, document)?.state === "Succeeded"))
    return { state: "done", change };
  if (!observation.complete)
    return { state: "running", change, message: `${phase} hooks wait: ${observation.incomplete ?? ""}` };
  const runId = `${change.metadata.uid}/${phase}`;
  const waits: string[] = [];
  const ended: { readonly hook: Hook; readonly live: LiveObject | undefined; readonly run: HookRun }[] = [];
  let current = change;
  for (const hook of hooks) {
    const document = documentOf(hook, runId);
    const live = observation.hooks?.get(document.key) ?? observation.objects.get(document.key);
    const known = findRun(runsOf(run, current), phase, document);
    const deleted = observation.ended?.get(document.key);
    const timeoutMs = hook.spec.timeoutMs ?? parseDuration(run.app.spec.health.timeout) ?? 0;
    const elapsed = known ? elapsedSince(run, current, `hook ${phase} ${document.key}`, known.startTime) : 0;
    const step = judgeHook({
      ...{ run: known, live, runId, leftMs: timeoutMs - elapsed, timeout: formatDuration(timeoutMs) },
      ended: deleted?.documentHash === run.destination.recordedHash(document) ? deleted.finished : undefined,
    });
    if (known?.state === "Succeeded") continue;
    const isOver = step.type === "succeeded" || step.type === "failed";
    if (isOver) {
      const message = step.type === "failed" ? await explain(run, live, step.message) : undefined;
      const entry = entryOf(run, document, phase, known, step.type === "failed" ? "Failed" : "Succeeded", message);
      current = note(run, current, entry);
      ended.push({ hook, live, run: entry });
      continue;
    }
    if (step.type === "wait") run.requeueAfter(timeoutMs - elapsed);
    const started = await advance(run, hook, document, step, current, phase);
    current = started.change;
    if (started.failed !== undefined) ended.push({ hook, live: undefined, run: started.failed });
    else waits.push(`${displayId(document.id)} ${started.message}`);
  }
  if (ended.length > 0) current = await flushChange(run, current);
  for (const { hook, live, run: entry } of ended) await deleteByPolicy(run, hook, live, entry);
  const failure = ended.find(({ run: { state } }) => state === "Failed")?.run;
  if (failure)
    return {
      state: "failed",
      change: current,
      message: `${phase} hook ${failure.object}: ${failure.message ?? "failed"}`,
    };
  if (waits.length === 0) return { state: "done", change: current };
  return { state: "running", change: current, message: `${phase} hook ${waits.slice(0, 3).join("; ")}` };
}

/** Starts a hook, or deletes its earlier object. */
async function advance(
  run: AppRun,
  hook: Hook,
  document: Document,
  step: Exclude<HookStep, { readonly type: "succeeded" | "failed" }>,
  change: Change,
  phase: HookPhase,
): Promise<{ readonly change: Change; readonly message: string; readonly failed?: HookRun }> {
  if (step.type === "wait") return { change, message: step.message };
  if (step.type === "clear") {
    const permit = permitHookDeletion(step.live);
    if (permit === undefined) return failedStart(run, document, change, phase, NAME_TAKEN);
    const outcome = await run.destination.remove(run.target, permit);
    if (!outcome.ok) run.requeueAfter(RETRY_MS);
    return { change, message: outcome.ok ? "waits for the deletion of its earlier run" : outcome.message };
  }
  if (!areRecorded(run)) await recordHookKinds(run, change);
  const { accepted, refused, deferred } = await run.destination.preview(
    run.target,
    [{ verb: "Create", document, live: undefined }],
    [document],
    run.signal,
  );
  const [write] = accepted;
  // An object that is adopted as a hook would be deleted like one, past the rules for deletions.
  if (write !== undefined && write.verb !== "Create") return failedStart(run, document, change, phase, NAME_TAKEN);
  const outcome = write ? await run.destination.write(run.target, write) : undefined;
  if (outcome?.ok) {
    run.services.failpoint("app:after-hook-created");
    const entry = entryOf(run, document, phase, undefined, "Running");
    run.emitEvent("Normal", "HookStarted", "Sync", `${phase} hook ${entry.object} was started`);
    // An object that is healthy at once causes no further event.
    if (!runsToEnd(document.id)) run.requeueAfter(0);
    // Its timeout counts from now on.
    elapsedSince(run, change, `hook ${phase} ${document.key}`, undefined);
    run.requeueAfter(hook.spec.timeoutMs ?? parseDuration(run.app.spec.health.timeout) ?? 0);
    return { change: await flushChange(run, note(run, change, entry)), message: "has started" };
  }
  const message = outcome?.message ?? refused[0]?.message ?? deferred[0]?.message ?? "was not accepted";
  const retries = outcome ? outcome.retryable : (refused[0]?.retryable ?? true);
  if (!retries) return failedStart(run, document, change, phase, message);
  run.requeueAfter(RETRY_MS);
  return { change, message: `is not accepted yet: ${message}` };
}

function failedStart(
  run: AppRun,
  document: Document,
  change: Change,
  phase: HookPhase,
  message: string,
): { readonly change: Change; readonly message: string; readonly failed: HookRun } {
  const failed = entryOf(run, document, phase, undefined, "Failed", message);
  return { change: note(run, change, failed), message, failed };
}

/** Returns the document of one run: its hash and an annotation name the run, so that its result cannot be taken for another's. */
function documentOf({ document }: Hook, runId: string): Document {
  const { metadata } = document.object;
  const annotations = { ...metadata.annotations, [ANNOTATION_HOOK_RUN]: runId };
  return {
    ...document,
    object: { ...document.object, metadata: { ...metadata, annotations } },
    hash: sha256(`${document.hash} ${runId}`, 32),
  };
}

function runsOf(run: AppRun, change: Change): readonly HookRun[] {
  return run.staged?.update.hooks ?? change.status?.hooks ?? [];
}

/** Stages a run in the status of the Change. */
function note(run: AppRun, change: Change, entry: HookRun): Change {
  const { phase = "Applying" } = run.staged?.update ?? change.status ?? {};
  const isSame = (other: HookRun): boolean =>
    other.phase === entry.phase && other.object === entry.object && other.apiVersion === entry.apiVersion;
  const hooks = [...runsOf(run, change).filter((other) => !isSame(other)), entry];
  stageChange(run, change, { phase, hooks });
  return change;
}

function entryOf(
  run: AppRun,
  { id }: Document,
  phase: HookPhase,
  known: HookRun | undefined,
  state: HookRun["state"],
  message?: string,
): HookRun {
  const now = rfc3339(run.services.clock.now());
  return {
    ...{ phase, object: displayId(id), apiVersion: apiVersionOf(id), state },
    ...(message === undefined ? {} : { message: cutMessage(message) }),
    startTime: known?.startTime ?? now,
    ...(state === "Running" ? {} : { completionTime: now }),
  };
}

/** Adds to a failure what the pods of the hook say, such as the last message or exit code of a container. */
async function explain(run: AppRun, live: LiveObject | undefined, message: string): Promise<string> {
  if (live === undefined) return message;
  const reason = (await run.destination.healthReasons([live])).get(live.key);
  return reason === undefined || message.includes(reason) ? message : `${message}: ${reason}`;
}

async function deleteByPolicy(
  run: AppRun,
  { spec }: Hook,
  live: LiveObject | undefined,
  { state }: HookRun,
): Promise<void> {
  const policy = state === "Succeeded" ? "HookSucceeded" : "HookFailed";
  const permit = live && spec.deletePolicies.includes(policy) ? permitHookDeletion(live) : undefined;
  if (permit) await run.destination.remove(run.target, permit);
}
