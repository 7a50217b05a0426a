import { isSettled } from "../../../api/overseer-app.js";
import type { ConditionReason } from "../../../api/reasons.js";
import { type BackoffPolicy, backoffDelay, countFailure, type FailedTries } from "../../../base/backoff.js";
import { parseDuration } from "../../../base/duration.js";
import type { ObjectKey } from "../../../manifest/object-id.js";
import { observeApp } from "../observe.js";
import { failed, type SyncResult } from "../outcome.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";

/** Defaults of `sync.retry`. */
const DEFAULT_BASE_MS = 5_000;
const DEFAULT_MAX_MS = 300_000;
/** Smaller clock changes are ignored, so that they cause no status write. */
const SET_MS = 2_000;

/**
 * Returns the failure of these inputs again while they are backing off after a failed attempt; undefined if they are not. New inputs,
 * an edited app and a reconcile request end the backoff.
 */
export function backoffOf(run: AppRun, desired: Rendered): SyncResult | undefined {
  const { retry } = run.memory;
  const { clock } = run.services;
  if (!retry || retry.inputsKey !== desired.inputs.key) return undefined;
  const left = retry.dueAt - clock.monotonic();
  if (retry.generation !== run.app.metadata.generation) return undefined;
  if (!retry.terminal && (retry.broughtForward || left <= 0)) return undefined;
  if (isHealthyNow(run, retry.unhealthy)) return undefined;
  const nextAt = shownTime(retry.nextAt, clock.now() + left);
  run.memory.retry = { ...retry, nextAt };
  if (!retry.terminal) run.requeueAfter(left);
  return failed({
    stage: "Plan",
    reason: retry.reason,
    message: retry.message,
    ...(retry.brief === undefined ? {} : { brief: retry.brief }),
    terminal: retry.terminal,
    ...(retry.terminal ? {} : { retryAt: nextAt }),
  });
}

/** Reports whether an object that was unhealthy at the failure is healthy now: its webhook may respond now. */
function isHealthyNow(run: AppRun, keys: readonly ObjectKey[] = []): boolean {
  if (keys.length === 0) return false;
  const { objects } = observeApp(run);
  return keys.some((key) => isSettled(objects.get(key)?.health.status));
}

/** Returns the time already published, unless the clock was set since. */
function shownTime(published: number, now: number): number {
  return Math.abs(published - now) < SET_MS ? published : now;
}

/** Details of a failure. */
export interface FailureNature {
  /** The message, shortened. */
  readonly brief?: string | undefined;
  /** Only new inputs can help: no retry is scheduled. */
  readonly terminal?: boolean;
}

/**
 * Backs off after a failed attempt, with increasing delay, and returns the failure. Retries continue indefinitely unless only
 * new inputs can help. An attempt that an event brought forward does not change the delay.
 */
export function backOffAfterFailure(
  run: AppRun,
  desired: Rendered,
  reason: ConditionReason,
  message: string,
  retryAfterMs = 0,
  { brief, terminal = false }: FailureNature = {},
): SyncResult {
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
  if (!terminal) run.requeueAfter(delay);
  run.emitEventOnce("sync", "Warning", reason, "Sync", brief ?? message);
  return failed({ stage: "Plan", reason, message, ...short, terminal, ...(terminal ? {} : { retryAt: nextAt }) });
}

/** Returns the failed attempts for the same inputs; after a restart, from the status. */
function triesBefore(run: AppRun, inputsKey: string): FailedTries | undefined {
  const { retry } = run.memory;
  if (retry && retry.inputsKey !== inputsKey) return undefined;
  // After a terminal failure no retry was due: this attempt counts, and sets the time of the next one.
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
