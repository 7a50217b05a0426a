import type { OverseerAppSet } from "../../api/app-set.js";
import { ANNOTATION_CONFIRM_DELETIONS } from "../../api/group.js";
import type { CustomResource } from "../../api/meta.js";
import type { OverseerApp } from "../../api/overseer-app.js";
import { canonicalJson } from "../../base/hash.js";
import { gitSourcesOf } from "../../controllers/overseer-app-set/generators/generate.js";
import { appSetOf } from "../../controllers/overseer-app-set/identity.js";
import { PRIORITY, type Priority } from "../../reconcile/work-queue.js";
import type { ResourceIndex } from "../resource-index.js";
import { always, type Enqueue, type Watch, watch } from "./event-source.js";
import type { EventSources, ResourceEvent } from "./event-sources.js";
import { isWork } from "./is-work.js";

/** What the rows about OverseerAppSets use. */
export interface AppSetRowOptions {
  readonly sources: EventSources;
  readonly resources: ResourceIndex;
  readonly addAppSet: (key: string, priority: Priority) => void;
  readonly addRepository: (key: string, priority: Priority) => void;
}

/** Everything that enqueues an OverseerAppSet, and what a set enqueues. */
export function appSetRows({ sources, resources, addAppSet, addRepository }: AppSetRowOptions): readonly Watch[] {
  const sets =
    (priority: Priority): Enqueue =>
    (key) =>
      addAppSet(key, priority);
  return [
    watch(sources.appSets, isSetWork, ({ key }) => [key], sets(PRIORITY.user)),
    // A new ref must be resolved by the repository.
    watch(sources.appSets, isEdited, repositoriesOf, (key) => addRepository(key, PRIORITY.change)),
    watch(sources.revisions, always, (repository) => resources.appSetsOf(repository), sets(PRIORITY.change)),
    watch(sources.repositories, isEdited, ({ key }) => resources.appSetsOf(key), sets(PRIORITY.change)),
    watch(sources.clusterSecrets, always, (set) => [set], sets(PRIORITY.change)),
    watch(sources.apps, concernsSets, (event) => setsOfApp(event, resources), sets(PRIORITY.change)),
  ];
}

function isSetWork({ current, previous }: ResourceEvent<OverseerAppSet>): boolean {
  const confirmed = (set: OverseerAppSet | undefined) => set?.metadata.annotations?.[ANNOTATION_CONFIRM_DELETIONS];
  return isWork(current, previous) || confirmed(current) !== confirmed(previous);
}

function isEdited({ current, previous }: ResourceEvent<CustomResource<unknown, unknown>>): boolean {
  return isWork(current, previous) && current?.metadata.generation !== previous?.metadata.generation;
}

function repositoriesOf({ current, previous }: ResourceEvent<OverseerAppSet>): readonly string[] {
  const set = current ?? previous;
  return set ? gitSourcesOf(set).flatMap(({ repository, ref }) => (ref ? [repository] : [])) : [];
}

/** Reports whether an app was created, deleted, or changed in what a set writes. Its status does not count. */
function concernsSets({ current, previous }: ResourceEvent<OverseerApp>): boolean {
  if (isWork(current, previous)) return true;
  const isOfSet = [current, previous].some((app) => app !== undefined && appSetOf(app) !== undefined);
  return isOfSet && metadataOf(current) !== metadataOf(previous);
}

function metadataOf(app: OverseerApp | undefined): string {
  const { labels, annotations } = app?.metadata ?? {};
  return canonicalJson([labels, annotations]);
}

/** Returns the sets that an app belongs or belonged to, and those that may want its name. */
function setsOfApp({ current, previous }: ResourceEvent<OverseerApp>, resources: ResourceIndex): readonly string[] {
  const own = [current, previous].flatMap((app) => (app === undefined ? [] : (appSetOf(app) ?? [])));
  const { namespace } = (current ?? previous)?.metadata ?? {};
  const waiting = namespace === undefined ? [] : resources.appSetsInConflict(namespace);
  return [...new Set([...own, ...waiting])];
}
