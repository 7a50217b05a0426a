import { FINALIZER } from "../../api/group.js";
import { appsDeletedWithSet } from "../../plan/app-set-deletions.js";
import type { ReconcileResult } from "../../reconcile/controller.js";
import { ownershipOf } from "./children/plan-apps.js";
import { deleteApps } from "./children/write-apps.js";
import type { SetOutcome } from "./conditions.js";
import { removeFinalizer } from "./finalizer.js";
import { recordSet, type SetRun } from "./run.js";
import { failure, writerFor } from "./sync.js";

/** Delay of a retry while apps cannot be deleted. */
const RETRY_MS = 15_000;

/** Carries out the deletion policy of a set that is being deleted, and waits until the apps are gone. */
export async function finalizeSet(run: SetRun): Promise<ReconcileResult> {
  const { set, services, key } = run;
  if (!set.metadata.finalizers?.includes(FINALIZER)) return {};
  const { name, uid } = set.metadata;
  const own = [...services.apps.of(key)].filter((app) => ownershipOf({ name, uid }, app) === "Owned");
  const isWanted = set.spec.deletionPolicy === "Delete" && !set.spec.suspend;
  const deletes = isWanted ? appsDeletedWithSet(own) : [];
  if (deletes.length === 0) {
    await removeFinalizer(run);
    return {};
  }
  const outcome = await deleteAll(run, deletes);
  await recordSet(run, outcome, { counts: { generated: 0, apps: own.length } });
  return outcome.kind === "failed" ? { requeueAfterMs: RETRY_MS } : {};
}

async function deleteAll(run: SetRun, apps: Parameters<typeof deleteApps>[1]): Promise<SetOutcome> {
  const open = apps.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  try {
    if (open.length > 0)
      await deleteApps(writerFor(run), open, ({ metadata }) => run.written.deleted.push(metadata.name));
  } catch (error) {
    return failure(error, true);
  }
  const names = apps.map(({ metadata }) => metadata.name).sort();
  const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
  const message = `waiting until the apps are gone: ${names.slice(0, 5).join(", ")}${more}; set spec.deletionPolicy to Orphan to keep them`;
  return { kind: "progressing", cause: { reason: "DeletingApps", message }, terminating: true };
}
