import { shortRevision } from "../../../api/short-revision.js";
import { listPaths } from "../../../manifest/list-paths.js";
import { displayId } from "../../../manifest/object-id.js";
import type { HealAction, WriteAction } from "../../../plan/actions.js";
import type { AppRun } from "../run.js";

/** An object that differs from the applied inputs, while self-heal is off. */
export interface DriftedObject {
  readonly write: WriteAction | HealAction;
  /** Whether it has to be created, or its ownership restored. Otherwise its document is applied again. */
  readonly missing: boolean;
  /** Who changed which fields. Equal for equal drift, so that it has no times and no values. */
  readonly note: string;
  /** The note for the status, with times. */
  readonly shown: string;
}

/** Verifies drift that is not reverted by itself. */
export async function findReported(
  run: AppRun,
  heals: readonly HealAction[],
  missing: readonly WriteAction[],
): Promise<DriftedObject[]> {
  const { destination, target } = run;
  const found: DriftedObject[] = missing.map((write) => {
    const note = describeMissing(run, write);
    return { write, missing: true, note, shown: note };
  });
  for (const write of heals) {
    const known = write.live.state === "Drifted" ? destination.describeDrift(target, write) : undefined;
    const verdict = known === undefined ? await destination.verify(target, write) : { drifted: true, diff: [] };
    if (!verdict.drifted) continue;
    const paths = listPaths(verdict.diff.map((change) => change.path));
    const note = known ?? destination.describeDrift(target, write) ?? (paths || "differs from Git");
    found.push({ write, missing: false, note, shown: destination.describeDrift(target, write, true) ?? note });
  }
  return found;
}

/** Adds drift that is not reverted to the report of this reconcile. */
export function reportDrift(run: AppRun, found: readonly DriftedObject[]): void {
  run.drift.push(...found.map(({ write, shown }) => ({ object: displayId(write.document.id), note: shown })));
  if (found.length === 0) return;
  if (!run.status.conditions?.some((condition) => condition.type === "Drifted"))
    run.services.observer.drifted(found.length);
}

function describeMissing(run: AppRun, { live, document: { key } }: WriteAction): string {
  if (live === undefined) return "does not exist";
  const newest = run.desired?.documents.find((document) => document.key === key);
  if (newest && run.destination.recordedHash(newest) === live.documentHash)
    return `was synced on its own to ${shortRevision(run.desired?.inputs.revision ?? "")}`;
  return live.unfinished ?? "its ownership metadata was changed";
}
