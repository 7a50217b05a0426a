import { displayId, type ObjectKey } from "../../../manifest/object-id.js";
import { isAtWork } from "../../../plan/hooks.js";
import type { LiveObject } from "../../../plan/live.js";
import { permitHookDeletion } from "../../../plan/prune-guard.js";
import { openChanges } from "../changes/change-record.js";
import { observeApp } from "../observe.js";
import type { AppRun } from "../run.js";

/**
 * Deletes the objects of hooks that are at work for a Change that has ended, for example because newer inputs superseded it, and
 * those of hooks that left Git. The objects of other hooks are kept until their next run. That a hook left Git counts only when the
 * inputs without it are applied: until then, a gate may hold or reject them.
 */
export async function stopHooks(run: AppRun): Promise<void> {
  const { hooks } = observeApp(run);
  if (hooks === undefined || hooks.size === 0) return;
  const open = new Set(openChanges(run).map(({ metadata }) => metadata.uid));
  const inGit = appliedKeys(run);
  for (const live of hooks.values()) {
    if (live.deleting || open.has(changeOf(live))) continue;
    const left = inGit !== undefined && !inGit.has(live.key) && run.app.spec.sync?.prune !== false;
    if (!isAtWork(live) && !left) continue;
    const permit = permitHookDeletion(live);
    const outcome = permit && (await run.destination.remove(run.target, permit));
    if (outcome?.ok)
      run.emitEvent("Normal", "HookStopped", "Sync", `hook ${displayId(live.id)} was deleted: ${why(live)}`);
  }
}

/** Returns the keys of all documents and hooks, if exactly these are applied. */
function appliedKeys({ desired, status }: AppRun): ReadonlySet<ObjectKey> | undefined {
  if (desired === undefined || desired.inputs.key !== status.applied?.key) return undefined;
  if (desired.unread !== undefined || desired.nothing !== undefined) return undefined;
  return new Set(
    [...desired.documents, ...(desired.hooks ?? []).map(({ document }) => document)].map(({ key }) => key),
  );
}

function why(live: LiveObject): string {
  return isAtWork(live) ? "its Change has ended" : "it was removed from Git";
}

/** Returns the UID of the Change that created the object of a hook. */
function changeOf({ hook = "" }: LiveObject): string {
  return hook.slice(0, hook.indexOf("/"));
}
