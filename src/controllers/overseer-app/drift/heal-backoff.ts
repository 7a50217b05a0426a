import type { Outcome } from "../../../destinations/destination.js";
import type { Document } from "../../../manifest/document.js";
import { displayId } from "../../../manifest/object-id.js";
import type { HealAction } from "../../../plan/actions.js";
import type { LiveObject } from "../../../plan/live.js";
import type { AppRun } from "../run.js";

/** How soon an object is tried again that could not be written for a passing reason. */
const FAILED_MS = 5_000;

/** Stands for whoever deletes an object: nothing on the object tells. */
export const DELETED = "deleted";
/** What ends a fight over an object that is deleted again and again. */
export const FIND_OUT = "find out which client deletes it, or remove it from Git";

/** A document on its way back to what is live, and what of it is there. */
interface Healing {
  readonly document: Document;
  readonly live: LiveObject | undefined;
}

/** Whether an object has to wait: after a fight, or because it was looked at a moment ago and may be as it should be. */
export function backsOffBeforeHeal(run: AppRun, action: HealAction, competitor: string): boolean {
  if (backsOffAfterRefusal(run, action, "restored")) return true;
  const { document, live } = action;
  const now = run.services.clock.monotonic();
  const { ledger } = run.memory;
  const conflict = ledger.waitBeforeHeal(document.key, competitor, now);
  const look = live.state === "Drifted" ? 0 : ledger.waitBeforeVerify(document.key, now);
  const wait = Math.max(conflict, look);
  if (wait === 0) return false;
  run.requeueAfter(wait);
  if (conflict > 0) note(run, document, `${competitor}; reverted repeatedly, backing off`);
  return true;
}

/** Whether an object has to wait before it is made again: it was deleted again and again, or refused. */
export function backsOffBeforeRecreate(run: AppRun, write: Healing): boolean {
  if (backsOffAfterRefusal(run, write, "re-created")) return true;
  const { key } = write.document;
  const wait = run.memory.ledger.waitBeforeHeal(key, DELETED, run.services.clock.monotonic());
  if (wait === 0) return false;
  run.requeueAfter(wait);
  note(run, write.document, `deleted repeatedly, backing off before re-creating it: ${FIND_OUT}`);
  return true;
}

/**
 * Notes that the destination refused. The same in the same state is not asked in a loop: it rests longer each time. A passing
 * failure (no connection, a conflict) is tried again soon.
 */
export function noteRefusal(
  run: AppRun,
  healing: Healing,
  goal: "restored" | "re-created",
  { message, retryable, retryAfterMs = 0 }: Pick<Outcome & { ok: false }, "message" | "retryable" | "retryAfterMs">,
): void {
  const { document } = healing;
  note(run, document, `cannot be ${goal}: ${message}`);
  const { ledger } = run.memory;
  const now = run.services.clock.monotonic();
  if (!retryable) ledger.refused(document.key, stateOf(healing), message, now);
  const rest = ledger.pendingRefusal(document.key, stateOf(healing), now)?.waitMs ?? 0;
  run.requeueAfter(Math.max(FAILED_MS, rest, retryAfterMs));
}

function backsOffAfterRefusal(run: AppRun, healing: Healing, goal: "restored" | "re-created"): boolean {
  const { document } = healing;
  const now = run.services.clock.monotonic();
  const backingOff = run.memory.ledger.pendingRefusal(document.key, stateOf(healing), now);
  if (!backingOff) return false;
  run.requeueAfter(backingOff.waitMs);
  note(run, document, `cannot be ${goal}: ${backingOff.message}`);
  return true;
}

/** Another state of object or document may be treated otherwise. */
function stateOf({ document, live }: Healing): string {
  return `${document.hash} ${live?.uid ?? ""} ${live?.resourceVersion ?? ""}`;
}

function note(run: AppRun, document: Document, text: string): void {
  run.drift.push({ object: displayId(document.id), note: text });
}
