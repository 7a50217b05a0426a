import { observeApp } from "../observe.js";
import type { Problem } from "../outcome.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";

/**
 * Reports whether a source without documents is refused now: it is mostly a mistake. While the app has objects, the prune guard
 * decides about them, because they may have moved to another app.
 */
export function isRefusedAsEmpty(run: AppRun, desired: Rendered): boolean {
  if (desired.nothing === undefined || run.app.spec.sync?.allowEmpty) return false;
  return ![...observeApp(run).objects.values()].some(({ ownership }) => ownership !== "Foreign");
}

/** Returns the problem of an app whose source contains no documents, unless `sync.allowEmpty` is set. */
export function emptySourceProblem(run: AppRun): Problem | undefined {
  const { desired } = run;
  if (desired?.nothing === undefined || run.app.spec.sync?.allowEmpty) return undefined;
  const message = `${desired.inputs.revision}: the source contains no documents: ${desired.nothing}. Correct source.path, include or exclude, or set sync.allowEmpty if this is intended`;
  run.emitEventOnce("sync", "Warning", "NoDocuments", "Render", message);
  return { stage: "Render", reason: "NoDocuments", message, terminal: true };
}
