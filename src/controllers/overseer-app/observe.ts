import type { GroupVersionKind } from "../../manifest/object-id.js";
import type { Observation } from "../../plan/live.js";
import type { AppRun } from "./run.js";
import { parseKind, uniqueKinds } from "./source/resource-kinds.js";

/** Every kind that the app has, had, or is about to have. */
export function relevantKinds(run: AppRun): GroupVersionKind[] {
  const recorded = (run.status.kinds ?? []).flatMap((text) => parseKind(text) ?? []);
  return uniqueKinds([...(run.desired?.kinds ?? []), ...(run.applied?.kinds ?? []), ...recorded]);
}

/** Makes sure that all of the app's kinds are watched. */
export async function prepareKinds(run: AppRun): Promise<void> {
  await run.destination.prepare(relevantKinds(run));
}

/** What is live of the app right now, from the watches: no request. */
export function observeApp(run: AppRun): Observation {
  return run.destination.observe(run.ref, relevantKinds(run));
}
