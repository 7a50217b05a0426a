import type { Document } from "../../../manifest/document.js";
import { displayId } from "../../../manifest/object-id.js";
import { observeApp } from "../observe.js";
import type { AppRun } from "../run.js";

/**
 * Records what others added to the app's objects and is kept, because `sync.additions` is Report. Observes anew, since an object
 * whose drift was just reverted may have additions.
 */
export function reportAdditions(run: AppRun, documents: readonly Document[]): void {
  const { objects } = observeApp(run);
  for (const { id, key } of documents) {
    const live = objects.get(key);
    if (live?.additions === undefined || live.ownership !== "Owned" || live.deleting || live.paused) continue;
    run.drift.push({ object: displayId(id), note: live.additions, kept: true });
  }
}
