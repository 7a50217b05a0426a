import { sha256 } from "../../../base/hash.js";
import { displayId } from "../../../manifest/object-id.js";
import type { DeferredWrite, WriteAction } from "../../../plan/actions.js";
import type { LiveObject } from "../../../plan/live.js";
import { observeApp } from "../observe.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { Holds } from "./holds.js";
import type { Remaining } from "./write-in-order.js";

/** Time for the API server to observe earlier writes; a refusal that persists after it is final. */
const OBSERVE_MS = 10_000;
/** Delays until waiting writes are previewed again: minimum, maximum while writes are being observed, and maximum. */
const RETRY_MS = { min: 250, observing: 2_000, max: 60_000 };
/** Maximum number of reasons in a message. */
const MAX_REASONS = 3;

/** Records the state in which waiting writes are about to be previewed. */
export function beginJudgement(run: AppRun, desired: Rendered): void {
  const { memory, services } = run;
  const state = stateOf(run, desired);
  const since = memory.awaited?.state === state ? memory.awaited.since : services.clock.monotonic();
  memory.awaited = { state, since, judged: undefined };
}

/**
 * Returns why the remaining writes still wait if nothing has changed that could make them possible; undefined if they have to be
 * previewed (again).
 */
export function stillAwaits(run: AppRun, desired: Rendered, writes: readonly WriteAction[]): string | undefined {
  const { memory, services } = run;
  const { state, judged } = memory.awaited ?? {};
  if (judged === undefined || state !== stateOf(run, desired)) return undefined;
  const left = judged.dueAt - services.clock.monotonic();
  if (left <= 0) return undefined;
  const holds = new Holds(run, desired);
  const keys = new Set(writes.map(({ document }) => document.key));
  const messages: string[] = [];
  for (const action of judged.held) {
    const hold = holds.of(action, (key) => keys.has(key));
    if (hold === undefined) return undefined;
    messages.push(hold.message);
    run.requeueAfter(hold.leftMs);
  }
  if (Number.isFinite(left)) run.requeueAfter(left);
  return describe([...messages, ...judged.reasons]);
}

/** Records that writes wait, and schedules the next preview. Returns the reasons. */
export function awaitWrites(run: AppRun, { waiting, held }: Remaining): string {
  const { memory, services } = run;
  const now = services.clock.monotonic();
  for (const { leftMs } of held) run.requeueAfter(leftMs);
  const since = Math.max(memory.awaited?.since ?? now, memory.lastWrite ?? Number.NEGATIVE_INFINITY);
  const max = areWritesObserved(run) ? RETRY_MS.max : RETRY_MS.observing;
  const wait = waiting.length === 0 ? Number.POSITIVE_INFINITY : Math.min(max, Math.max(RETRY_MS.min, now - since));
  if (waiting.length > 0) run.requeueAfter(wait);
  const reasons = waiting.map(describeWaiting);
  const judged = { dueAt: now + wait, held: held.map(({ action }) => action), reasons };
  if (memory.awaited) memory.awaited = { ...memory.awaited, judged };
  return describe([...held.map(({ message }) => message), ...reasons]);
}

/** Reports whether the API server had enough time to observe the last write. */
export function areWritesObserved(run: AppRun): boolean {
  const { lastWrite } = run.memory;
  return lastWrite === undefined || run.services.clock.monotonic() - lastWrite > OBSERVE_MS;
}

function stateOf(run: AppRun, { inputs }: Rendered): string {
  const objects = [...observeApp(run).objects.values()].map(stateOfObject).sort();
  return sha256([inputs.key, String(run.app.metadata.generation), run.destination.id, ...objects].join("\n"));
}

/** Returns the parts of a live object that can change a preview; most status updates cannot. */
function stateOfObject(live: LiveObject): string {
  const { key, uid, ownership, documentHash, deleting, deletionConfirmed, paused, health } = live;
  return JSON.stringify([key, uid, ownership, documentHash, deleting, deletionConfirmed, paused, health.status]);
}

function describe(reasons: readonly string[]): string {
  const sorted = [...reasons].sort();
  const more = sorted.length > MAX_REASONS ? `; and ${sorted.length - MAX_REASONS} more` : "";
  return `${sorted.slice(0, MAX_REASONS).join("; ")}${more}`;
}

function describeWaiting({ action, message }: DeferredWrite): string {
  return `${displayId(action.document.id)} is not accepted yet: ${message}`;
}
