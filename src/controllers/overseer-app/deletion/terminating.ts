import { displayId } from "../../../manifest/object-id.js";
import type { LiveObject, Observation } from "../../../plan/live.js";
import type { AppRun } from "../run.js";

/** Maximum number of terminating objects that a message names. */
const SHOWN = 3;
/** Blockers of a deletion can change without an event on the object, so they are read again after this time. */
const REFRESH_MS = 15_000;

/** Returns the objects of the app that are being deleted, sorted by key. */
export function terminatingOf({ objects }: Observation): LiveObject[] {
  return [...objects.values()]
    .filter((live) => live.deletion !== undefined && live.finished === undefined && live.ownership !== "Foreign")
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** An object that is being deleted, and what blocks its deletion. */
export interface TerminatingObject {
  readonly object: string;
  readonly holders: string;
}

/** Describes the first objects that are still being deleted, with what blocks each. Requeues the app while there are any. */
export async function describeTerminating(
  run: AppRun,
  terminating: readonly LiveObject[],
): Promise<TerminatingObject[]> {
  const uids = new Set(terminating.map(({ uid }) => uid));
  for (const uid of run.memory.deletionHolders.keys()) if (!uids.has(uid)) run.memory.deletionHolders.delete(uid);
  if (terminating.length > 0) run.requeueAfter(REFRESH_MS);
  const named: TerminatingObject[] = [];
  for (const live of terminating.slice(0, SHOWN))
    named.push({ object: displayId(live.id), holders: await describeHolders(run, live) });
  return named;
}

/** Returns the same in one line, with the number of further objects; undefined if there are none. */
export async function summarizeTerminating(
  run: AppRun,
  terminating: readonly LiveObject[],
): Promise<string | undefined> {
  const named = await describeTerminating(run, terminating);
  if (named.length === 0) return undefined;
  const more = terminating.length > SHOWN ? `; and ${terminating.length - SHOWN} more` : "";
  return `${named.map(({ object, holders }) => `${object}: ${holders}`).join("; ")}${more}`;
}

async function describeHolders(run: AppRun, live: LiveObject): Promise<string> {
  const now = run.services.clock.monotonic();
  const known = run.memory.deletionHolders.get(live.uid);
  if (known?.resourceVersion === live.resourceVersion && now - known.at < REFRESH_MS) return known.text;
  const text = await run.destination.deletionHolders(run.target, live);
  run.memory.deletionHolders.set(live.uid, { resourceVersion: live.resourceVersion, at: now, text });
  return text;
}
