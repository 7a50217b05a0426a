import type { HookPhase, HookRun } from "../api/hook.js";
import { isSettled } from "../api/overseer-app.js";
import type { Document } from "../manifest/document.js";
import type { Hook } from "../manifest/hook.js";
import { apiVersionOf, displayId, type ObjectId } from "../manifest/object-id.js";
import { compareForApply } from "../manifest/order.js";
import type { Finished, LiveObject } from "./live.js";

/** What is known of one hook in one phase of a Change. */
export interface HookFacts {
  /** Its recorded run, if it has been started. */
  readonly run: HookRun | undefined;
  /** The object with its name, if there is one. */
  readonly live: LiveObject | undefined;
  /** Names this run; the object that was created for it carries it. */
  readonly runId: string;
  /** The result of this run's object, if that was deleted after it had ended. */
  readonly ended: Finished | undefined;
  /** Milliseconds until it has taken too long. */
  readonly leftMs: number;
  /** Its timeout, for messages. */
  readonly timeout: string;
}

/** What to do with a hook. */
export type HookStep =
  | { readonly type: "start" }
  /** Delete the object of an earlier run. */
  | { readonly type: "clear"; readonly live: LiveObject }
  | { readonly type: "wait"; readonly message: string }
  | { readonly type: "succeeded" }
  | { readonly type: "failed"; readonly message: string };

/** Kinds whose success is that they have run to completion. */
const RUN_TO_END: ReadonlySet<string> = new Set(["batch/Job", "/Pod"]);

/** Reports whether an object of this kind succeeds by running to completion, not by being healthy. */
export function runsToEnd({ group, kind }: Pick<ObjectId, "group" | "kind">): boolean {
  return RUN_TO_END.has(`${group}/${kind}`);
}

/** Returns what to do with a hook. */
export function judgeHook({ run, live, runId, ended, leftMs, timeout }: HookFacts): HookStep {
  if (run?.state === "Succeeded") return { type: "succeeded" };
  if (run?.state === "Failed") return { type: "failed", message: run.message ?? "failed" };
  const isOwn = live?.hook === runId;
  if (!isOwn && ended !== undefined)
    return ended.result === "Succeeded"
      ? { type: "succeeded" }
      : { type: "failed", message: "failed, and was deleted after its time to live expired" };
  if (run === undefined && !isOwn) {
    if (live === undefined) return { type: "start" };
    return live.deleting
      ? { type: "wait", message: "waits for the deletion of its earlier run" }
      : { type: "clear", live };
  }
  if (live === undefined || !isOwn)
    return { type: "failed", message: "was deleted before its end was observed: request a reconcile to run it again" };
  return judgeRunning(live, leftMs, timeout);
}

function judgeRunning(live: LiveObject, leftMs: number, timeout: string): HookStep {
  const { status, message = status, ended, final } = live.health;
  const result = live.finished?.result ?? ended;
  if (result === "Succeeded") return { type: "succeeded" };
  if (result === "Failed" || final) return { type: "failed", message };
  if (live.deleting) return { type: "failed", message: "was deleted before it ended" };
  if (!runsToEnd(live.id)) {
    if (isSettled(status)) return { type: "succeeded" };
    if (status === "Degraded") return { type: "failed", message };
  }
  if (leftMs <= 0) return { type: "failed", message: `did not end within ${timeout}: ${message}` };
  return { type: "wait", message };
}

/** Reports whether the object of a hook is still at work: it is stopped when its Change has ended. */
export function isAtWork(live: LiveObject): boolean {
  if (live.deleting || live.finished !== undefined || live.health.ended !== undefined) return false;
  return runsToEnd(live.id) || live.health.status === "Progressing";
}

/** Returns the hooks of a phase by wave, in order; those of one wave run at the same time. */
export function hooksByWave(hooks: readonly Hook[], phase: HookPhase): readonly (readonly Hook[])[] {
  const waves = new Map<number, Hook[]>();
  const ordered = hooks
    .filter(({ spec }) => spec.phases.includes(phase))
    .sort((a, b) => a.spec.wave - b.spec.wave || compareForApply(a.document.id, b.document.id));
  for (const hook of ordered) waves.set(hook.spec.wave, [...(waves.get(hook.spec.wave) ?? []), hook]);
  return [...waves.values()];
}

/** Returns the recorded run of a hook in a phase. */
export function findRun(runs: readonly HookRun[], phase: HookPhase, { id }: Pick<Document, "id">): HookRun | undefined {
  const [apiVersion, object] = [apiVersionOf(id), displayId(id)];
  return runs.find((run) => run.phase === phase && run.object === object && run.apiVersion === apiVersion);
}

/** Reports whether the hooks of two sets of inputs differ: a changed hook runs, although no other object changes. */
export function hooksDiffer(before: readonly Hook[], now: readonly Hook[]): boolean {
  const texts = (hooks: readonly Hook[]): string =>
    hooks
      .map(({ document }) => `${document.key} ${document.hash}`)
      .sort()
      .join("\n");
  return texts(before) !== texts(now);
}
