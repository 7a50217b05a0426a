import type { Outcome } from "../../../destinations/destination.js";
import type { Document } from "../../../manifest/document.js";
import { displayId } from "../../../manifest/object-id.js";
import type { HealAction } from "../../../plan/actions.js";
import type { LiveObject } from "../../../plan/live.js";
import type { AppRun } from "../run.js";

/** Delay after a transient write failure of an object. */
const FAILED_MS = 5_000;

/** Stands for the unknown client that deletes an object. */
export const DELETED = "deleted";
/** The remedy for an object that is deleted repeatedly. */
export const FIND_OUT = "find out which client deletes it, or remove it from Git";

/** A document whose live object is being restored. */
interface Healing {
  readonly document: Document;
  readonly live: LiveObject | undefined;
}

/** Reports whether healing has to wait: after repeated drift, or because the object was verified a moment ago. */
export function backsOffBeforeHeal(run: AppRun, action: HealAction, competitor: string): boolean {
  if (backsOffAfterRefusal(run, action, "restored")) return true;
  const { document, live } = action;
  const now = run.services.clock.monotonic();
  const { ledger } = run.memory;
  const conflict = ledger.waitBeforeHeal(document.key, competitor, now);
  const verification = live.state === "Drifted" ? 0 : ledger.waitBeforeVerify(document.key, now);
  const wait = Math.max(conflict, verification);
  if (wait === 0) return false;
  run.requeueAfter(wait);
  if (conflict > 0) note(run, document, `${competitor}; reverted repeatedly, backing off`);
  return true;
}

/** Reports whether an object has to wait before it is re-created, because it was deleted repeatedly or refused. */
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
 * Records a refusal by the destination. The same write in the same state backs off longer each time. A transient failure
 * (connection, conflict) is retried soon.
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
  const backoff = ledger.pendingRefusal(document.key, stateOf(healing), now)?.waitMs ?? 0;
  run.requeueAfter(Math.max(FAILED_MS, backoff, retryAfterMs));
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

/** Identifies the state of object and document: a new state may be accepted. */
function stateOf({ document, live }: Healing): string {
  return `${document.hash} ${live?.uid ?? ""} ${live?.resourceVersion ?? ""}`;
}

function note(run: AppRun, document: Document, text: string): void {
  run.drift.push({ object: displayId(document.id), note: text });
}
