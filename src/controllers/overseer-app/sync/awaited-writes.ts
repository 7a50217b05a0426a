import { sha256 } from "../../../base/hash.js";
import { displayId } from "../../../manifest/object-id.js";
import type { DeferredWrite, WriteAction } from "../../../plan/actions.js";
import type { LiveObject } from "../../../plan/live.js";
import { observeApp } from "../observe.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { Holds } from "./holds.js";
import type { Remaining } from "./write-in-order.js";

/** What the API server has not taken in after so long, of what was written before, is a refusal like any other. */
const TAKE_IN_MS = 10_000;
/** Time until the destination judges waiting writes again: the shortest, the longest while it takes writes in, and the longest. */
const AGAIN_MS = { first: 250, takingIn: 2_000, most: 60_000 };
/** Reasons that a message names. */
const MAX_REASONS = 3;

/** Notes the state in which waiting writes are about to be judged. */
export function beginJudgement(run: AppRun, desired: Rendered): void {
  const { memory, services } = run;
  const state = stateOf(run, desired);
  const since = memory.awaited?.state === state ? memory.awaited.since : services.clock.monotonic();
  memory.awaited = { state, since, judged: undefined };
}

/**
 * Why the writes that are left still wait, where nothing has changed that could make them possible: then the destination need
 * not be asked. Undefined: it has to judge them (again).
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

/** Notes that writes wait, and when the destination is asked again at the latest. Gives the reasons. */
export function awaitWrites(run: AppRun, { waiting, held }: Remaining): string {
  const { memory, services } = run;
  const now = services.clock.monotonic();
  for (const { leftMs } of held) run.requeueAfter(leftMs);
  const since = Math.max(memory.awaited?.since ?? now, memory.lastWrite ?? Number.NEGATIVE_INFINITY);
  const most = isTakenIn(run) ? AGAIN_MS.most : AGAIN_MS.takingIn;
  const wait = waiting.length === 0 ? Number.POSITIVE_INFINITY : Math.min(most, Math.max(AGAIN_MS.first, now - since));
  if (waiting.length > 0) run.requeueAfter(wait);
  const reasons = waiting.map(describeWaiting);
  const judged = { dueAt: now + wait, held: held.map(({ action }) => action), reasons };
  if (memory.awaited) memory.awaited = { ...memory.awaited, judged };
  return describe([...held.map(({ message }) => message), ...reasons]);
}

/** Whether what was written last had its time to be taken in. */
export function isTakenIn(run: AppRun): boolean {
  const { lastWrite } = run.memory;
  return lastWrite === undefined || run.services.clock.monotonic() - lastWrite > TAKE_IN_MS;
}

function stateOf(run: AppRun, { inputs }: Rendered): string {
  const objects = [...observeApp(run).objects.values()].map(stateOfObject).sort();
  return sha256([inputs.key, String(run.app.metadata.generation), run.destination.id, ...objects].join("\n"));
}

/** What of a live object may change a judgement: not every update of its status. */
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
