import { shortRevision } from "../../../api/short-revision.js";
import { sha256 } from "../../../base/hash.js";
import { displayId } from "../../../manifest/object-id.js";
import type { HealAction, WriteAction } from "../../../plan/actions.js";
import type { AppRun } from "../run.js";

/** Maximum number of paths in a note. */
const MAX_PATHS = 5;

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
    const paths = listed(verdict.diff.map((change) => change.path));
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

/** Lists paths. The digest of those that are not listed tells different ones apart. */
function listed(paths: readonly string[]): string {
  const left = paths.slice(MAX_PATHS);
  const more = left.length > 0 ? ` and ${left.length} more (${sha256(left.join("\n"), 8)})` : "";
  return `${paths.slice(0, MAX_PATHS).join(", ")}${more}`;
}

function describeMissing(run: AppRun, { live, document: { key } }: WriteAction): string {
  if (live === undefined) return "does not exist";
  const newest = run.desired?.documents.find((document) => document.key === key);
  if (newest && run.destination.recordedHash(newest) === live.documentHash)
    return `was synced on its own to ${shortRevision(run.desired?.inputs.revision ?? "")}`;
  return live.unfinished ?? "its ownership metadata was changed";
}
