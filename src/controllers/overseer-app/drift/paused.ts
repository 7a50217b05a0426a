import { ANNOTATION_RECONCILE } from "../../../api/group.js";
import { displayId } from "../../../manifest/object-id.js";
import type { PausedObject } from "../../../plan/actions.js";
import type { AppRun } from "../run.js";

/** Records the objects whose reconciliation is disabled, and emits an Event when this begins or ends for an object. */
export function reportPaused(run: AppRun, paused: readonly PausedObject[]): void {
  run.paused = paused.map(({ document, behind }) => ({ object: displayId(document.id), behind }));
  const now = new Set(run.paused.map(({ object }) => object));
  for (const object of now) {
    if (run.memory.paused.has(object)) continue;
    const text = `${object} is not reconciled until its annotation ${ANNOTATION_RECONCILE} is removed`;
    run.emitEvent("Warning", "ObjectPaused", "Pause", text);
  }
  for (const object of run.memory.paused)
    if (!now.has(object)) run.emitEvent("Normal", "ObjectResumed", "Resume", `${object} is reconciled again`);
  run.memory.paused = now;
}
