import type { AcceptedSettings } from "../../../api/accepted-settings.js";
import { environmentsOf } from "../../../gates/environments.js";
import { pruneBudget } from "../../../plan/prune-budget.js";
import type { AppRun } from "../run.js";

/** Returns the status with the settings of the app, since a Change has passed its gates with them. Unchanged for an app of no Environment. */
export function withAcceptedSettings(run: AppRun, status: AppRun["status"]): AppRun["status"] {
  return isGoverned(run) ? { ...status, settings: settingsOf(run) } : status;
}

/** Records the settings of an app of an Environment that has none recorded yet. */
export function noteSettings(run: AppRun): void {
  if (run.status.applied === undefined || run.status.settings !== undefined) return;
  run.status = withAcceptedSettings(run, run.status);
}

/**
 * Returns the prune budgets that count besides `sync.pruneBudget`: those with which the last Change passed its gates, if they have been loosened
 * since. Empty for an app of no Environment.
 */
export function acceptedBudgets(run: AppRun, live: number): number[] {
  const { settings } = run.status;
  if (settings === undefined || !isGoverned(run)) return [];
  const current = settingsOf(run);
  const isLooser =
    pruneBudget(current.pruneBudget, live) > pruneBudget(settings.pruneBudget, live) ||
    (current.allowEmpty && !settings.allowEmpty);
  return isLooser ? [pruneBudget(settings.pruneBudget, live)] : [];
}

function isGoverned(run: AppRun): boolean {
  return environmentsOf(run.ref.namespace, run.services.lister.list("Environment")).length > 0;
}

function settingsOf({ app }: AppRun): AcceptedSettings {
  const { mode = "Automatic", allowEmpty = false, pruneBudget: budget } = app.spec.sync ?? {};
  return { mode, allowEmpty, ...(budget === undefined ? {} : { pruneBudget: budget }) };
}
