import type { DestinationFacts } from "../../../gates/context.js";
import type { DestinationPlace, PlacedObject } from "../../../gates/environments.js";
import { powerOf } from "../../../gates/powers.js";
import type { Document } from "../../../manifest/document.js";
import type { LiveObject } from "../../../plan/live.js";
import type { Plan } from "../../../plan/plan.js";
import type { AppRun } from "../run.js";

/** Returns every object that a plan writes, deletes or transfers, and where they are. */
export function placedObjects(run: AppRun, plan: Plan): NonNullable<DestinationFacts["placed"]> {
  const written = plan.writes.map(({ verb, action }) => placedDocument(action.document, verb !== "Create"));
  const others = [
    ...[...plan.deferred, ...(plan.refused ?? [])].map(({ action }) => action.document),
    ...(plan.hooks ?? []).map(({ document }) => document),
    ...(plan.paused ?? []),
  ].map((document) => placedDocument(document, false));
  const removed = plan.pruneCandidates.filter(({ verb }) => verb !== "Keep").map(({ live }) => live);
  return { place: placeOf(run), objects: [...written, ...others, ...removed.map(({ id }): PlacedObject => id)] };
}

function placedDocument({ id, object }: Document, exists: boolean): PlacedObject {
  const power = powerOf(id.group, id.kind, object);
  return { ...id, ...(power === undefined ? {} : { power }), ...(exists ? { exists } : {}) };
}

/** Returns live objects of an app as objects of a plan. */
export function placedLive(run: AppRun, objects: readonly LiveObject[]): NonNullable<DestinationFacts["placed"]> {
  return { place: placeOf(run), objects: objects.map(({ id }): PlacedObject => id) };
}

function placeOf({ app, destination }: AppRun): DestinationPlace {
  const { overseer } = app.spec.destination;
  return overseer === undefined ? { cluster: destination.server } : { core: overseer.url };
}
