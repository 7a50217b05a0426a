import { observeApp } from "../observe.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";

/**
 * Whether a source without any document is to be refused now: it is a mistake far more often than a wish. While the app has
 * objects, the prune guard decides what becomes of these, since they may have moved to another app.
 */
export function isRefusedAsEmpty(run: AppRun, desired: Rendered): boolean {
  if (desired.nothing === undefined || run.app.spec.sync?.allowEmpty) return false;
  return ![...observeApp(run).objects.values()].some(({ ownership }) => ownership !== "Foreign");
}

/** Says of an app whose source holds no document, unless that is meant, that it is not well. */
export function noteEmptySource(run: AppRun): void {
  const { desired } = run;
  if (desired?.nothing === undefined || run.app.spec.sync?.allowEmpty) return;
  if (run.problem || run.progress.state !== "done") return;
  const message = `${desired.inputs.revision}: the source contains no documents: ${desired.nothing}. Correct source.path, include or exclude, or set sync.allowEmpty if this is intended`;
  run.problem = { stage: "Render", reason: "NoDocuments", message, terminal: true };
  run.emitEventOnce("sync", "Warning", "NoDocuments", "Render", message);
}
