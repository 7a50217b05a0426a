import { displayId } from "../../../manifest/object-id.js";
import { effectiveWaves } from "../../../manifest/wave.js";
import type { LiveObject } from "../../../plan/live.js";
import type { PruneDecision } from "../../../plan/prune-guard.js";
import type { AppRun } from "../run.js";
import type { Results } from "../sync/results.js";
import { prune } from "./prune.js";

/** Maximum number of objects named in a message. */
const MAX_NAMED = 3;

/** Returns the wave of each object to be deleted: objects of later waves are deleted first. */
export function deletionWave(decisions: readonly PruneDecision[]): (decision: PruneDecision) => number {
  const waves = effectiveWaves(decisions.map(({ live: { id, key, wave = 0 } }) => ({ id, key, wave })));
  return ({ live }) => waves.get(live.key) ?? 0;
}

/**
 * Deletes objects in reverse wave order: a wave is deleted when the objects of later waves are gone. Returns the objects of later
 * waves that the others wait for; empty when all deletions were sent.
 */
export async function pruneByWaves(
  run: AppRun,
  decisions: readonly PruneDecision[],
  results: Results,
): Promise<readonly LiveObject[]> {
  const waveOf = deletionWave(decisions);
  const last = Math.max(...decisions.filter(isLeft).map(waveOf));
  const due = decisions.filter((decision) => !isLeft(decision) || waveOf(decision) === last);
  await prune(run, due, results);
  if (due.length === decisions.length) return [];
  return due.filter(isLeft).map(({ live }) => live);
}

/** Reports whether an object is to be deleted, or is being deleted. */
function isLeft(decision: PruneDecision): boolean {
  return decision.verb === "Delete" || (decision.verb === "Keep" && decision.reason === "AlreadyDeleting");
}

/** Describes the objects that further deletions wait for. */
export function describeUndeleted(objects: readonly LiveObject[]): string {
  const more = objects.length > MAX_NAMED ? ` and ${objects.length - MAX_NAMED} more` : "";
  const names = objects.slice(0, MAX_NAMED).map(({ id }) => displayId(id));
  return `waiting for deletion of ${names.join(", ")}${more} before objects of earlier waves are deleted`;
}
