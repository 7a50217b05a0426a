import type { DestinationFacts } from "../../../gates/context.js";
import type { DestinationPlace, PlacedObject } from "../../../gates/environments.js";
import type { LiveObject } from "../../../plan/live.js";
import type { Plan } from "../../../plan/plan.js";
import type { AppRun } from "../run.js";

/** Returns every object that a plan writes, deletes or transfers, and where they are. */
export function placedObjects(run: AppRun, plan: Plan): NonNullable<DestinationFacts["placed"]> {
  const documents = [
    ...plan.writes.map(({ action }) => action.document),
    ...[...plan.deferred, ...(plan.refused ?? [])].map(({ action }) => action.document),
    ...(plan.hooks ?? []).map(({ document }) => document),
    ...(plan.paused ?? []),
  ];
  const removed = plan.pruneCandidates.filter(({ verb }) => verb !== "Keep").map(({ live }) => live);
  return { place: placeOf(run), objects: [...documents, ...removed].map(({ id }) => id) };
}

/** Returns live objects of an app as objects of a plan. */
export function placedLive(run: AppRun, objects: readonly LiveObject[]): NonNullable<DestinationFacts["placed"]> {
  return { place: placeOf(run), objects: objects.map(({ id }): PlacedObject => id) };
}

function placeOf({ app, destination }: AppRun): DestinationPlace {
  const { overseer } = app.spec.destination;
  return overseer === undefined ? { cluster: destination.server } : { core: overseer.url };
}
