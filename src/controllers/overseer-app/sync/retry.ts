import { type BackoffPolicy, backoffDelay, countFailure, type FailedTries } from "../../../base/backoff.js";
import { parseDuration } from "../../../base/duration.js";
import type { ObjectKey } from "../../../manifest/object-id.js";
import { observeApp } from "../observe.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";

/** Times of `sync.retry` where the app says nothing. */
const DEFAULT_BASE_MS = 5_000;
const DEFAULT_MAX_MS = 300_000;
/** Clocks that differ by less go on as they are: no status is written for that. */
const SET_MS = 2_000;

/**
 * Whether a failed try of these inputs still rests. Then nothing is tried, and the failure is said again; other inputs, an
 * edited app or a request end the rest at once.
 */
export function isBackingOff(run: AppRun, desired: Rendered): boolean {
  const { retry } = run.memory;
  const { clock } = run.services;
  if (!retry || retry.inputsKey !== desired.inputs.key) return false;
  const left = retry.dueAt - clock.monotonic();
  if (retry.generation !== run.app.metadata.generation) return false;
  if (!retry.terminal && (retry.broughtForward || left <= 0)) return false;
  if (isHealthyNow(run, retry.unhealthy)) return false;
  const nextAt = shownTime(retry.nextAt, clock.now() + left);
  run.memory.retry = { ...retry, nextAt };
  run.progress = { state: "failed" };
  run.problem = {
    stage: "Plan",
    reason: retry.reason,
    message: retry.message,
    ...(retry.brief === undefined ? {} : { brief: retry.brief }),
    terminal: retry.terminal,
    ...(retry.terminal ? {} : { retryAt: nextAt }),
  };
  if (!retry.terminal) run.requeueAfter(left);
  return true;
}

/** Whether an object has become healthy that was not when the try failed: a webhook may answer now. */
function isHealthyNow(run: AppRun, keys: readonly ObjectKey[] = []): boolean {
  if (keys.length === 0) return false;
  const { objects } = observeApp(run);
  return keys.some((key) => objects.get(key)?.health.status === "Healthy");
}

/** The time that is told already, unless somebody has set the clock since. */
function shownTime(told: number, now: number): number {
  return Math.abs(told - now) < SET_MS ? told : now;
}

/** What else is known of a failure. */
export interface FailureNature {
  /** The message in short. */
  readonly brief?: string | undefined;
  /** Only other inputs can help: no time is set for another try. */
  readonly terminal?: boolean;
}

/**
 * Lets these inputs rest after a failed try, each time for longer, and says why. It is tried for ever, unless only other inputs
 * can help. A try that an event brought forward leaves the rest as it was.
 */
export function backOffAfterFailure(
  run: AppRun,
  desired: Rendered,
  reason: string,
  message: string,
  retryAfterMs = 0,
  { brief, terminal = false }: FailureNature = {},
): void {
  const { clock } = run.services;
  const now = clock.monotonic();
  const { failures, dueAt: due } = countFailure(
    triesBefore(run, desired.inputs.key),
    { startedAt: now, endedAt: now, retryAfterMs },
    (count) => backoffDelay(retryPolicy(run), count),
  );
  const dueAt = terminal ? Number.POSITIVE_INFINITY : due;
  const delay = dueAt - now;
  const before = run.memory.retry;
  const nextAt = before?.dueAt === dueAt ? shownTime(before.nextAt, clock.now() + delay) : clock.now() + delay;
  const { generation } = run.app.metadata;
  const short = brief === undefined ? {} : { brief };
  run.memory.retry = {
    ...{ inputsKey: desired.inputs.key, generation, failures, dueAt, nextAt, reason, message, terminal },
    ...short,
  };
  run.problem = { stage: "Plan", reason, message, ...short, terminal, ...(terminal ? {} : { retryAt: nextAt }) };
  run.progress = { state: "failed" };
  if (!terminal) run.requeueAfter(delay);
  run.emitEventOnce("sync", "Warning", reason, "Sync", brief ?? message);
}

/** Failed tries of the same inputs so far; after a restart the status tells, since a restart is no try of the app's own. */
function triesBefore(run: AppRun, inputsKey: string): FailedTries | undefined {
  const { retry } = run.memory;
  if (retry && retry.inputsKey !== inputsKey) return undefined;
  // No try was due after it: whatever is tried now counts, and sets the time of the next one.
  if (retry) return retry.terminal ? { failures: retry.failures, dueAt: Number.NEGATIVE_INFINITY } : retry;
  const { attempted, applied, failures = 0, nextRetryTime } = run.status;
  if ((attempted ?? applied)?.key !== inputsKey) return undefined;
  const { clock } = run.services;
  const left = nextRetryTime === undefined ? 0 : Date.parse(nextRetryTime) - clock.now();
  return { failures, dueAt: clock.monotonic() + Math.min(left, backoffDelay(retryPolicy(run), failures)) };
}

function retryPolicy(run: AppRun): BackoffPolicy {
  const { base, max } = run.app.spec.sync?.retry ?? {};
  return {
    baseMs: parseDuration(base ?? "") ?? DEFAULT_BASE_MS,
    factor: 2,
    maxMs: parseDuration(max ?? "") ?? DEFAULT_MAX_MS,
  };
}
