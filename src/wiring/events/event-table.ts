import type { Approval } from "../../api/approval.js";
import { findCondition } from "../../api/conditions.js";
import type { Environment } from "../../api/environment.js";
import type { CustomResource } from "../../api/meta.js";
import { canonicalJson } from "../../base/hash.js";
import { appOfChange, isOpen, type KnownChange } from "../../controllers/overseer-app/changes/known-change.js";
import type { WaitingApps } from "../../controllers/overseer-app/gates/waiting-apps.js";
import { repositoryKey } from "../../controllers/overseer-app/source/locate-inputs.js";
import type { WatchedKind, WatchedKinds } from "../../gates/context.js";
import type { Gate } from "../../gates/gate.js";
import { groupMates, laterApps } from "../../gates/promotion/paths.js";
import { PRIORITY, type Priority } from "../../reconcile/work-queue.js";
import { appsConcerned } from "../gates.js";
import { WATCHED_CACHES } from "../resource-caches.js";
import type { ResourceIndex } from "../resource-index.js";
import type { AppQueue } from "./app-queue.js";
import { appSetRows } from "./app-set-events.js";
import { always, type Enqueue, type EventSource, type Watch, watch } from "./event-source.js";
import type { EventSources, ResourceEvent, SecretEvent } from "./event-sources.js";
import { isWork } from "./is-work.js";

/** What the rows of the event table use. */
export interface EventTableOptions {
  readonly sources: EventSources;
  readonly resources: ResourceIndex;
  readonly gates: readonly Gate[];
  readonly waiting: WaitingApps;
  readonly apps: AppQueue;
  /** Adds a repository to its queue. */
  readonly addRepository: (key: string, priority: Priority) => void;
  /** Adds an OverseerAppSet to its queue. */
  readonly addAppSet: (key: string, priority: Priority) => void;
  /** Adds an Environment to its queue. */
  readonly addEnvironment: (name: string) => void;
  /** Ends the reconcile of an app that is running, if any, between two writes. */
  readonly interrupt: (app: string) => void;
  /** Ends the reports of the commit status of a deleted app. */
  readonly endReports: (app: string) => void;
  /** Reports the commit statuses of all apps of a repository that were not reported, without waiting for a backoff. */
  readonly reportAgain: (repository: string) => void;
}

const WATCHED_KINDS = Object.keys(WATCHED_CACHES) as readonly WatchedKind[];

/** Everything that enqueues work besides timers and the reconciles themselves, one event and effect a row. */
export function eventTable(options: EventTableOptions): readonly Watch[] {
  const { sources, resources, gates, waiting, apps } = options;
  const repositories =
    (priority: Priority): Enqueue =>
    (key) =>
      options.addRepository(key, priority);
  const waitingFor =
    <K extends WatchedKind>(kind: K) =>
    ({ current, observed }: Pick<ResourceEvent<WatchedKinds[K]>, "current" | "observed">) =>
      appsConcerned(kind, { current, previous: observed }, gates, waiting, resources.caches.apps);
  const withValues =
    (kind: "Secret" | "ConfigMap") =>
    ({ namespace, name }: SecretEvent) =>
      resources.appsWithValues(kind, namespace, name);
  const judgeAgain = <K extends WatchedKind>(kind: K): Watch => {
    const source = sources[WATCHED_CACHES[kind]] as unknown as EventSource<ResourceEvent<WatchedKinds[K]>>;
    // Gates depend on the spec of an Environment only.
    const isRelevant = kind === "Environment" ? needsWork : always;
    return watch(source, isRelevant, waitingFor(kind), apps.enqueue(PRIORITY.change));
  };
  const hasForeignLedger = ({ key }: ResourceEvent<WatchedKinds["OverseerApp"]>): boolean => {
    const app = resources.caches.apps.get(key);
    return app !== undefined && apps.hasForeignLedger(app);
  };
  return [
    ...WATCHED_KINDS.map((kind) => judgeAgain(kind)),
    watch(sources.repositories, needsWork, keyOf, repositories(PRIORITY.user)),
    watch(sources.repositories, isEdited, ({ key }) => resources.appsOf(key), apps.enqueue(PRIORITY.change)),
    watch(sources.repositories, isEdited, keyOf, options.reportAgain),
    watch(sources.apps, needsWork, keyOf, apps.enqueue(PRIORITY.user)),
    watch(sources.apps, isSuspendedNow, keyOf, options.interrupt),
    watch(sources.apps, ({ current }) => current === undefined, keyOf, options.endReports),
    // A new ref must be resolved by the repository.
    watch(sources.apps, isEdited, (event) => repositoriesToPoll(event, resources), repositories(PRIORITY.change)),
    watch(
      sources.applied,
      always,
      (app) => waitingFor("OverseerApp")({ current: resources.caches.apps.get(app), observed: undefined }),
      apps.enqueue(PRIORITY.change),
    ),
    // The cache has own writes that are newer than the event.
    watch(sources.apps, hasForeignLedger, keyOf, apps.enqueue(PRIORITY.change)),
    watch(sources.apps, hasNewLedger, ({ current }) => laterThan(current, resources), apps.enqueue(PRIORITY.change)),
    watch(
      sources.applied,
      always,
      (app) => laterThan(resources.caches.apps.get(app), resources),
      apps.enqueue(PRIORITY.change),
    ),
    watch(
      sources.environments,
      needsWork,
      (event) => resources.appsOfEnvironment(event.current, event.previous),
      apps.enqueue(PRIORITY.change),
    ),
    watch(sources.changes, isRequested, appsOfChange, apps.enqueue(PRIORITY.user)),
    watch(sources.approvals, isDecision, appsOfDecision, apps.enqueue(PRIORITY.user)),
    watch(sources.changes, wasUnfinished, appsOfChange, apps.enqueue(PRIORITY.user)),
    // The Environments before and after it concern each other.
    watch(sources.environments, needsWork, () => resources.environmentNames(), options.addEnvironment),
    watch(sources.apps, isCreatedOrDeleted, (event) => environmentsOfApp(event, resources), options.addEnvironment),
    watch(sources.admissionRules, always, () => resources.environmentNames(), options.addEnvironment),
    watch(sources.revisions, always, (repository) => resources.appsOf(repository), apps.enqueue(PRIORITY.change)),
    watch(
      sources.repositorySecrets,
      always,
      ({ namespace, name }) => resources.repositoriesWithSecret(namespace, name),
      repositories(PRIORITY.change),
    ),
    watch(
      sources.repositorySecrets,
      always,
      ({ namespace, name }) => resources.repositoriesWithSecret(namespace, name),
      options.reportAgain,
    ),
    watch(
      sources.destinationSecrets,
      always,
      ({ namespace, name }) => resources.appsWithSecret(namespace, name),
      apps.retry(PRIORITY.drift),
    ),
    watch(sources.valueSecrets, always, withValues("Secret"), apps.retry(PRIORITY.change)),
    watch(sources.valueConfigMaps, always, withValues("ConfigMap"), apps.retry(PRIORITY.change)),
    watch(sources.cores, always, (keys) => keys, apps.retry(PRIORITY.drift)),
    watch(sources.objects, ({ event }) => event === "health", appOf, apps.enqueue(PRIORITY.change)),
    watch(sources.objects, ({ event }) => event !== "health", appOf, apps.drifted),
    watch(sources.verifications, always, (app) => [app], apps.enqueue(PRIORITY.background)),
    watch(sources.recoveries, always, (keys) => keys, apps.retry(PRIORITY.background)),
    watch(sources.grants, always, (app) => [app], apps.granted),
    watch(sources.admissionRules, always, (keys) => keys, apps.refusedBefore),
    ...appSetRows(options),
  ];
}

type AnyResource = CustomResource<unknown, unknown>;

function needsWork({ current, previous }: ResourceEvent<AnyResource>): boolean {
  return isWork(current, previous);
}

/** Reports whether a resource is new, deleted, or has another spec. */
function isEdited(event: ResourceEvent<AnyResource>): boolean {
  return needsWork(event) && event.current?.metadata.generation !== event.previous?.metadata.generation;
}

function isSuspendedNow({ current, previous }: ResourceEvent<WatchedKinds["OverseerApp"]>): boolean {
  const { suspend, suspendUntil } = current?.spec ?? {};
  return suspend === true && (previous?.spec.suspend !== true || previous.spec.suspendUntil !== suspendUntil);
}

/** Reports whether the history of the applied inputs of an app proves something else to later Environments. */
function hasNewLedger({ current, observed }: ResourceEvent<WatchedKinds["OverseerApp"]>): boolean {
  return current?.status?.ledger !== undefined && proofOf(current) !== proofOf(observed);
}

/** Returns what the proof of a ledger depends on. A suspended app proves nothing, and a suspension may end by itself. */
function proofOf(app: WatchedKinds["OverseerApp"] | undefined): string {
  const { ledger = [], ledgerSignature = "", conditions } = app?.status ?? {};
  const isSuspended = findCondition(conditions, "Ready")?.reason === "Suspended";
  return canonicalJson([ledger, ledgerSignature, isSuspended]);
}

/** Returns the apps that are promoted from an app, or together with it. */
function laterThan(app: WatchedKinds["OverseerApp"] | undefined, resources: ResourceIndex): readonly string[] {
  if (app === undefined) return [];
  const environments = [...resources.caches.environments.values()];
  return [...laterApps(app, environments).map(({ key }) => key), ...groupMates(app, environments)];
}

function isCreatedOrDeleted({ current, observed }: ResourceEvent<AnyResource>): boolean {
  return current === undefined || observed === undefined;
}

function environmentsOfApp(
  { current, observed, previous }: ResourceEvent<WatchedKinds["OverseerApp"]>,
  resources: ResourceIndex,
): readonly string[] {
  const { namespace } = (current ?? observed ?? previous)?.metadata ?? {};
  const found: readonly Environment[] = namespace === undefined ? [] : resources.environmentsOf(namespace);
  return found.map(({ metadata }) => metadata.name);
}

function keyOf({ key }: { readonly key: string }): readonly string[] {
  return [key];
}

function appOf({ app }: { readonly app: string }): readonly string[] {
  return [app];
}

function repositoriesToPoll(
  { current, previous }: ResourceEvent<WatchedKinds["OverseerApp"]>,
  resources: ResourceIndex,
): readonly string[] {
  const app = current ?? previous;
  return app && resources.refOf(app) ? [repositoryKey(app)] : [];
}

/** Reports whether a decision is new. Its status is written by the operator, and it is deleted with its Change. */
function isDecision({ current, observed }: ResourceEvent<Approval>): boolean {
  return current !== undefined && observed === undefined;
}

function appsOfDecision({ current }: ResourceEvent<Approval>): readonly string[] {
  return current ? [`${current.metadata.namespace}/${current.spec.app.name}`] : [];
}

/** Reports whether a user has requested a Change. */
function isRequested({ current, observed }: ResourceEvent<KnownChange>): boolean {
  return current !== undefined && observed === undefined && isOpen(current) && current.spec.requester !== undefined;
}

/** Reports whether a Change was deleted that is open, or whose rejection keeps its inputs from being tried again. */
function wasUnfinished({ current, previous }: ResourceEvent<KnownChange>): boolean {
  return current === undefined && previous !== undefined && (isOpen(previous) || previous.status?.phase === "Rejected");
}

function appsOfChange({ current, previous }: ResourceEvent<KnownChange>): readonly string[] {
  const change = current ?? previous;
  return change ? [appOfChange(change)] : [];
}
