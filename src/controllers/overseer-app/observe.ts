import type { GroupVersionKind } from "../../manifest/object-id.js";
import type { Observation } from "../../plan/live.js";
import type { AppRun } from "./run.js";
import { parseKind, uniqueKinds } from "./source/resource-kinds.js";

/** Returns every kind that the app has, had, or is about to have. */
export function relevantKinds(run: AppRun): GroupVersionKind[] {
  const recorded = (run.status.kinds ?? []).flatMap((text) => parseKind(text) ?? []);
  return uniqueKinds([...(run.desired?.kinds ?? []), ...(run.applied?.kinds ?? []), ...recorded]);
}

/** Ensures that all kinds of the app are watched. */
export async function prepareKinds(run: AppRun): Promise<void> {
  for (const { recheckAfterMs } of await run.destination.prepare(relevantKinds(run), run.ref))
    if (recheckAfterMs !== undefined) run.requeueAfter(recheckAfterMs);
}

/** Returns the live objects of the app from the watches, without a request. Those of hooks are apart, in `hooks`. */
export function observeApp(run: AppRun): Observation {
  return run.destination.observe(run.target, relevantKinds(run));
}
