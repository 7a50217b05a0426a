import { cutMessage } from "../../../api/conditions.js";
import { ANNOTATION_HOOK_RUN } from "../../../api/group.js";
import type { HookPhase, HookRun } from "../../../api/hook.js";
import { rfc3339 } from "../../../base/clock.js";
import { formatDuration, parseDuration } from "../../../base/duration.js";
import { sha256 } from "../../../base/hash.js";
import type { Document } from "../../../manifest/document.js";
import type { Hook } from "../../../manifest/hook.js";
import { apiVersionOf, displayId } from "../../../manifest/object-id.js";
import { isRecord } from "../../../manifest/shape.js";
import { findRun, type HookStep, hooksByWave, judgeHook, runsToEnd } from "../../../plan/hooks.js";
import type { LiveObject } from "../../../plan/live.js";
import { permitHookDeletion } from "../../../plan/prune-guard.js";
import { observeApp } from "../observe.js";
import type { AppRun } from "../run.js";
import { areRecorded } from "../status/record-kinds.js";
import type { HookLedger } from "./hook-ledger.js";

/** Delay until the start of a hook is tried again after a temporary failure. */
const RETRY_MS = 5_000;

const NAME_TAKEN = "cannot be created: an object with its name exists that is no hook; delete it, or rename the hook";

/** How far the hooks of a phase have come. */
export type HookProgress =
  | { readonly state: "done" }
  | { readonly state: "running"; readonly message: string }
  | { readonly state: "failed"; readonly message: string };

/**
 * Starts and observes the hooks of one phase, wave by wave, up to the wave `last`. Each runs once for a Change, or for the deletion of the app: its object
 * carries both, and its result is recorded before the object is deleted. Waits for nothing: events enqueue the app.
 */
export async function runHooks(
  run: AppRun,
  hooks: readonly Hook[],
  ledger: HookLedger,
  phase: HookPhase,
  last = Number.POSITIVE_INFINITY,
): Promise<HookProgress> {
  const waves = hooksByWave(hooks, phase);
  for (const wave of waves) {
    if ((wave[0]?.spec.wave ?? 0) > last) break;
    const result = await runWave(run, wave, ledger, phase);
    if (result.state !== "done") return result;
  }
  return { state: "done" };
}

async function runWave(
  run: AppRun,
  hooks: readonly Hook[],
  ledger: HookLedger,
  phase: HookPhase,
): Promise<HookProgress> {
  const observation = observeApp(run);
  if (hooks.every(({ document }) => findRun(ledger.runs(), phase, document)?.state === "Succeeded"))
    return { state: "done" };
  if (!observation.complete)
    return { state: "running", message: `${phase} hooks wait: ${observation.incomplete ?? ""}` };
  const runId = `${ledger.uid}/${phase}`;
  const waits: string[] = [];
  const ended: { readonly hook: Hook; readonly live: LiveObject | undefined; readonly run: HookRun }[] = [];
  for (const hook of hooks) {
    const document = documentOf(hook, runId);
    const live = observation.hooks?.get(document.key) ?? observation.objects.get(document.key);
    const known = findRun(ledger.runs(), phase, document);
    const deleted = observation.ended?.get(document.key);
    const timeoutMs = hook.spec.timeoutMs ?? parseDuration(run.app.spec.health.timeout) ?? 0;
    const elapsed = known ? ledger.elapsed(`hook ${phase} ${document.key}`, known.startTime) : 0;
    const step = judgeHook({
      ...{ run: known, live, runId, leftMs: timeoutMs - elapsed, timeout: formatDuration(timeoutMs) },
      ended: deleted?.documentHash === run.destination.recordedHash(document) ? deleted.finished : undefined,
    });
    if (known?.state === "Succeeded") continue;
    const isOver = step.type === "succeeded" || step.type === "failed";
    if (isOver) {
      const isNew = step.type === "failed" && known?.state !== "Failed";
      const message = isNew ? await explain(run, hook, live, step.message) : undefined;
      const state = step.type === "failed" ? "Failed" : "Succeeded";
      // A recorded result stays as it is.
      const entry = known?.state === "Failed" ? known : entryOf(run, document, phase, known, state, message);
      note(ledger, entry);
      ended.push({ hook, live, run: entry });
      continue;
    }
    if (step.type === "wait") run.requeueAfter(timeoutMs - elapsed);
    const started = await advance(run, hook, document, step, ledger, phase);
    if (started.failed !== undefined) ended.push({ hook, live: undefined, run: started.failed });
    else waits.push(`${displayId(document.id)} ${started.message}`);
  }
  if (ended.length > 0) await ledger.flush();
  for (const { hook, live, run: entry } of ended) await deleteByPolicy(run, hook, live, entry);
  const failure = ended.find(({ run: { state } }) => state === "Failed")?.run;
  if (failure)
    return {
      state: "failed",
      message: `${phase} hook ${failure.object}: ${failure.message ?? "failed"}`,
    };
  if (waits.length === 0) return { state: "done" };
  return { state: "running", message: `${phase} hook ${waits.slice(0, 3).join("; ")}` };
}

/** Starts a hook, or deletes its earlier object. */
async function advance(
  run: AppRun,
  hook: Hook,
  document: Document,
  step: Exclude<HookStep, { readonly type: "succeeded" | "failed" }>,
  ledger: HookLedger,
  phase: HookPhase,
): Promise<{ readonly message: string; readonly failed?: HookRun }> {
  if (step.type === "wait") return { message: step.message };
  if (step.type === "clear") {
    const permit = permitHookDeletion(step.live);
    if (permit === undefined) return failedStart(run, document, ledger, phase, NAME_TAKEN);
    const outcome = await run.destination.remove(run.target, permit);
    if (!outcome.ok) run.requeueAfter(RETRY_MS);
    return { message: outcome.ok ? "waits for the deletion of its earlier run" : outcome.message };
  }
  if (!areRecorded(run)) await ledger.recordKinds();
  const { accepted, refused, deferred } = await run.destination.preview(
    run.target,
    [{ verb: "Create", document, live: undefined }],
    [document],
    run.signal,
  );
  const [write] = accepted;
  // An object that is adopted as a hook would be deleted like one, past the rules for deletions.
  if (write !== undefined && write.verb !== "Create") return failedStart(run, document, ledger, phase, NAME_TAKEN);
  const entry = entryOf(run, document, phase, undefined, "Running");
  const isRecordedFirst = write !== undefined && mayVanish(document);
  if (isRecordedFirst) {
    note(ledger, entry);
    await ledger.flush();
  }
  const outcome = write ? await run.destination.write(run.target, write) : undefined;
  if (isRecordedFirst && !outcome?.ok) {
    ledger.stage(ledger.runs().filter((other) => !isSameRun(other, entry)));
    await ledger.flush();
  }
  if (outcome?.ok) {
    run.services.failpoint("app:after-hook-created");
    run.emitEvent("Normal", "HookStarted", "Sync", `${phase} hook ${entry.object} was started`);
    // An object that is healthy at once causes no further event.
    if (!runsToEnd(document.id)) run.requeueAfter(0);
    // Its timeout counts from now on.
    ledger.elapsed(`hook ${phase} ${document.key}`, undefined);
    run.requeueAfter(hook.spec.timeoutMs ?? parseDuration(run.app.spec.health.timeout) ?? 0);
    note(ledger, entry);
    await ledger.flush();
    return { message: "has started" };
  }
  const message = outcome?.message ?? refused[0]?.message ?? deferred[0]?.message ?? "was not accepted";
  const retries = outcome ? outcome.retryable : (refused[0]?.retryable ?? true);
  if (!retries) return failedStart(run, document, ledger, phase, message);
  run.requeueAfter(RETRY_MS);
  return { message: `is not accepted yet: ${message}` };
}

function failedStart(
  run: AppRun,
  document: Document,
  ledger: HookLedger,
  phase: HookPhase,
  message: string,
): { readonly message: string; readonly failed: HookRun } {
  const failed = entryOf(run, document, phase, undefined, "Failed", message);
  note(ledger, failed);
  return { message, failed };
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

/** Stages a run. */
function note(ledger: HookLedger, entry: HookRun): void {
  ledger.stage([...ledger.runs().filter((other) => !isSameRun(other, entry)), entry]);
}

function isSameRun(one: HookRun, other: HookRun): boolean {
  return other.phase === one.phase && other.object === one.object && other.apiVersion === one.apiVersion;
}

/**
 * Reports whether the object of a hook may be deleted as soon as it has ended. Its run is recorded before it is created: if the process
 * ends in between, the hook has failed, rather than run twice.
 */
function mayVanish({ object }: Document): boolean {
  const { spec } = object;
  return isRecord(spec) && spec.ttlSecondsAfterFinished !== undefined;
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

/**
 * Adds to a failure what the pods of the hook say, such as the termination message or exit code of a container, and how to read their
 * log: it may contain secrets, so that no line of it is copied.
 */
async function explain(run: AppRun, { spec }: Hook, live: LiveObject | undefined, message: string): Promise<string> {
  if (live === undefined) return message;
  const { kind, namespace, name } = live.id;
  const reason = (await run.destination.healthReasons([live])).get(live.key);
  const full = reason === undefined || message.includes(reason) ? message : `${message}: ${reason}`;
  if (!runsToEnd(live.id) || live.deleting || spec.deletePolicies.includes("HookFailed")) return full;
  return `${full.replace(/\.$/, "")}; see kubectl logs -n ${namespace} ${kind.toLowerCase()}/${name}`;
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
