import type { OverseerApp } from "../api/overseer-app.js";
import type { AuditTrail } from "../audit/audit-trail.js";
import type { FailpointHook } from "../base/failpoint.js";
import type { ReportFailures } from "../controllers/commit-status/report-failures.js";
import { EnvironmentReconciler } from "../controllers/environment/reconciler.js";
import { GitRepositoryReconciler } from "../controllers/git-repository/reconciler.js";
import { openHostOf, repositoryGroups } from "../controllers/git-repository/repository-remote.js";
import type { RevisionIndex } from "../controllers/git-repository/revision-index.js";
import { SharedPolls } from "../controllers/git-repository/shared-polls.js";
import { VerifiedCommitSigners } from "../controllers/git-repository/verify/commit-signers.js";
import type { AppMemory } from "../controllers/overseer-app/app-memory.js";
import { RolloutPlaces } from "../controllers/overseer-app/gates/rollout-places.js";
import { serverTime } from "../controllers/overseer-app/gates/server-time.js";
import type { WaitingApps } from "../controllers/overseer-app/gates/waiting-apps.js";
import { HostCache } from "../controllers/overseer-app/hosts/host-cache.js";
import { Claims } from "../controllers/overseer-app/ownership/claims.js";
import { OverseerAppReconciler } from "../controllers/overseer-app/reconciler.js";
import type { WholePlans } from "../controllers/overseer-app/sync/whole-plans.js";
import type { ClusterSecrets } from "../controllers/overseer-app-set/generators/cluster-secrets.js";
import type { SecretCache } from "../controllers/secret-cache.js";
import { KubernetesDestination } from "../destinations/kubernetes/kubernetes-destination.js";
import type { CoreConnections } from "../destinations/overseer/client/core-connection.js";
import { FirstParentLines, type GitEngine, type GitHosts } from "../git/index.js";
import type { EventRecorder } from "../kube/event-recorder.js";
import type { Reconcile } from "../reconcile/controller.js";
import { StatusWriter } from "../reconcile/status-writer.js";
import type { Priority } from "../reconcile/work-queue.js";
import type { ParserThread } from "../render/parser-thread.js";
import type { SecretStores } from "../secrets/stores/secret-stores.js";
import { AccessReviews } from "./access-reviews.js";
import { ServiceAccountTokens } from "./account-tokens.js";
import { baseTags } from "./base-tags.js";
import { cacheLister } from "./cache-lister.js";
import type { Clusters } from "./clusters.js";
import { type Controller, controller } from "./controller-of.js";
import { AppDestinations } from "./destinations.js";
import type { EventSources } from "./events/event-sources.js";
import { GATES } from "./gates.js";
import { appObserver, repositoryObserver } from "./observers.js";
import type { OperatorParts } from "./operator-parts.js";
import { sourceRenderer } from "./renderers.js";
import { AdmissionProof } from "./request-proof.js";
import type { ResourceIndex } from "./resource-index.js";
import { revisionVerifier } from "./revision-verifier.js";
import { AppValues } from "./values.js";

/** Dependencies shared by both controllers. */
export interface SharedParts extends OperatorParts {
  readonly sources: EventSources;
  readonly resources: ResourceIndex;
  readonly index: RevisionIndex;
  readonly memories: Map<string, AppMemory>;
  readonly engine: GitEngine;
  /** APIs of Git hosts. */
  readonly hosts: GitHosts;
  /** Commit statuses that could not be reported. */
  readonly reportFailures: ReportFailures;
  readonly parser: ParserThread;
  readonly events: EventRecorder;
  readonly secrets: SecretCache;
  /** Secrets with the credentials of destinations. */
  readonly destinationSecrets: SecretCache;
  /** Secrets and ConfigMaps with values for rendering. */
  readonly valueSecrets: SecretCache;
  readonly valueConfigMaps: SecretCache;
  /** Sessions of secret stores. */
  readonly secretStores: SecretStores;
  /** Secrets with kubeconfigs that sets select. */
  readonly clusterSecrets: ClusterSecrets;
  readonly connections: CoreConnections;
  readonly clusters: Clusters;
  readonly audit: AuditTrail;
  readonly failpoint: FailpointHook;
  readonly enqueueApp: (app: string, priority: Priority) => void;
  /** Reports whether apps wait for a worker. */
  readonly busy: () => boolean;
  /** Enqueues a repository whose status may have changed; it is not polled. */
  readonly enqueueRepository: (repository: string) => void;
  /** Requests the report of the commit status of an app. */
  readonly reportStatus: (app: string) => void;
  /** Apps whose Change waits at a gate. */
  readonly waiting: WaitingApps;
  readonly wholePlans: WholePlans;
  /** Polls a repository immediately. */
  readonly pollNow: (repository: string) => void;
  /** Repositories with a pending request for an immediate poll. */
  readonly urgentPolls: Set<string>;
}

/** Maximum number of repositories polled or fetched concurrently; these mostly wait for the network. */
const REPOSITORY_WORKERS = 32;

/** Creates the controller of GitRepositories. */
export function repositoryController(shared: SharedParts): Controller {
  const { cluster, clock, metrics, config, engine, resources, index, events, secrets } = shared;
  const reconciler = new GitRepositoryReconciler({
    clock,
    secrets,
    engine,
    index,
    events,
    repositories: resources.caches.repositories,
    verifier: revisionVerifier(clock),
    polls: new SharedPolls(engine, clock, (result) => metrics.git.polls.of({ result }).inc()),
    status: new StatusWriter(cluster.client),
    allowedHosts: config.allowedGitHosts,
    digestKey: cluster.digestKey,
    refsOf: (repository) => resources.refsOf(repository),
    takePollRequest: (repository) => shared.urgentPolls.delete(repository),
    commitsInUse: (remoteId) => resources.commitsInUse(remoteId),
    onRevision: (repository) => shared.sources.revisions.emit(repository),
    statusesReported: (repository) => shared.reportFailures.conditionOf(repository),
    observer: repositoryObserver(metrics, clock),
  });
  const reconcile: Reconcile = (...call) => reconciler.reconcile(...call);
  const groupsOf = (key: string): readonly string[] => repositoryGroups(resources.caches.repositories.get(key));
  return controller(shared, "gitrepository", REPOSITORY_WORKERS, reconcile, groupsOf);
}

/** Creates the controller of Environments. Not for an installation that watches selected namespaces: another one may report them. */
export function environmentController(shared: SharedParts): Controller | undefined {
  const { cluster, clock, config, resources } = shared;
  if (config.watchNamespaces !== undefined) return undefined;
  const proof = admissionProof(shared);
  const reconciler = new EnvironmentReconciler({
    clock,
    now: () => serverTime({ client: cluster.client, clock }),
    environments: resources.caches.environments,
    apps: resources.caches.apps,
    status: new StatusWriter(cluster.client),
    doubt: () => proof.problem(""),
  });
  return controller(shared, "environment", 1, (name) => reconciler.reconcile(name));
}

function admissionProof({ cluster, config }: SharedParts): AdmissionProof {
  return new AdmissionProof(cluster.client, config.approvingUsers, config.wholeCluster);
}

/** Creates the resolver of the destinations of apps. */
export function appDestinations({
  cluster,
  clusters,
  connections,
  destinationSecrets,
  failpoint,
}: SharedParts): AppDestinations {
  const { instance, digestKey } = cluster;
  return new AppDestinations({
    local: new KubernetesDestination(clusters.local, "kubernetes"),
    remote: clusters.remote,
    connections,
    secrets: destinationSecrets,
    identity: { instance, digestKey, failpoint },
  });
}

/** Creates the controller of OverseerApps. */
export function appController(shared: SharedParts, destinations: AppDestinations): Controller {
  const { cluster, clock, metrics, config, engine, resources, index, events, clusters } = shared;
  const { client, digestKey } = cluster;
  const reconciler = new OverseerAppReconciler({
    clock,
    client,
    engine,
    lines: new FirstParentLines(engine),
    hosts: new HostCache((repository) => openHostOf(shared, repository, { isWitness: true }), clock),
    signers: new VerifiedCommitSigners(engine, shared.secrets, revisionVerifier(clock)),
    relatedRules: { allowedHosts: config.allowedGitHosts, digestKey },
    remoteBases: { hosts: config.allowedRemoteBaseHosts, tags: baseTags(shared) },
    index,
    events,
    digestKey,
    apps: resources.caches.apps,
    changes: resources.caches.changes,
    approvals: resources.caches.approvals,
    repositories: resources.caches.repositories,
    renderer: sourceRenderer(shared),
    destinations,
    values: new AppValues({
      secrets: shared.valueSecrets,
      configMaps: shared.valueConfigMaps,
      trustedNamespaces: new Set(config.trustedNamespaces),
      trustedUser: config.trustedUser,
      onForbidden: (app) => clusters.local.context.onForbidden(app),
    }),
    secretStores: shared.secretStores,
    accountTokens: new ServiceAccountTokens(client),
    status: new StatusWriter(client),
    observer: appObserver(metrics, (app) => resources.caches.changes.of(app)),
    audit: shared.audit,
    claims: new Claims(),
    gates: GATES,
    lister: cacheLister(resources.caches, shared.memories),
    proof: admissionProof(shared),
    permissions: new AccessReviews(client),
    waiting: shared.waiting,
    wholePlans: shared.wholePlans,
    rollout: new RolloutPlaces(),
    onApplied: (app) => shared.sources.applied.emit(app),
    onCommitReport: (app) => shared.reportStatus(app),
    failpoint: shared.failpoint,
    trustedNamespaces: new Set(config.trustedNamespaces),
    memories: shared.memories,
    enqueue: shared.enqueueApp,
    busy: shared.busy,
    pollNow: shared.pollNow,
  });
  const reconcile: Reconcile = (...call) => reconciler.reconcile(...call);
  // A tenant who names a server that responds slowly must not hold all workers.
  const groupsOf = (key: string): readonly string[] => remoteGroups(resources.caches.apps.get(key));
  return controller(shared, "overseerapp", config.concurrency, reconcile, groupsOf);
}

/** Returns what apps on servers that their authors name share the workers by: the namespace. Apps of the own cluster are not limited. */
function remoteGroups(app: OverseerApp | undefined): readonly string[] {
  const { kubernetes, overseer } = app?.spec.destination ?? {};
  const isRemote = overseer !== undefined || kubernetes?.kubeConfigSecretRef !== undefined;
  return app && isRemote ? [`elsewhere ${app.metadata.namespace}`] : [];
}
