import { join } from "node:path";
import { type FailpointHook, killAt, noFailpoints } from "../base/failpoint.js";
import { ReportFailures } from "../controllers/commit-status/report-failures.js";
import { RevisionIndex } from "../controllers/git-repository/revision-index.js";
import type { AppMemory } from "../controllers/overseer-app/app-memory.js";
import { WaitingApps } from "../controllers/overseer-app/gates/waiting-apps.js";
import { WholePlans } from "../controllers/overseer-app/sync/whole-plans.js";
import { ClusterSecrets } from "../controllers/overseer-app-set/generators/cluster-secrets.js";
import { ResourceCache, type ResourceCacheOptions } from "../controllers/resource-cache.js";
import { SecretCache } from "../controllers/secret-cache.js";
import { CoreConnections } from "../destinations/overseer/client/core-connection.js";
import { chooseGitEngine, DEFAULT_GIT_LIMITS, type GitEngine, GitHosts } from "../git/index.js";
import { EventRecorder } from "../kube/event-recorder.js";
import type { Controller } from "../reconcile/controller.js";
import { PRIORITY } from "../reconcile/work-queue.js";
import { ParserThread } from "../render/parser-thread.js";
import { SecretStores } from "../secrets/stores/secret-stores.js";
import type { LeaderFacts } from "../server/internal/facts.js";
import { reflectorObserver } from "../telemetry/observers.js";
import { VERSION } from "../version.js";
import { appSetController } from "./app-sets.js";
import { type OpenAudit, openAudit } from "./audit.js";
import { Clusters } from "./clusters.js";
import { commitStatusController } from "./commit-statuses.js";
import {
  appController,
  appDestinations,
  environmentController,
  repositoryController,
  type SharedParts,
} from "./controllers.js";
import { AppQueue } from "./events/app-queue.js";
import type { EventSource, Watch } from "./events/event-source.js";
import { EventSources, type ResourceEvent, type ResourceSources, type SecretEvent } from "./events/event-sources.js";
import { eventTable } from "./events/event-table.js";
import { GATES } from "./gates.js";
import { leaderFacts } from "./leader-facts.js";
import { Notifications } from "./notifications.js";
import type { OperatorParts } from "./operator-parts.js";
import {
  CACHE_NAMES,
  CACHED_KINDS,
  type CachedKind,
  type CachedKinds,
  type CacheName,
  type ResourceCaches,
} from "./resource-caches.js";
import { ResourceIndex } from "./resource-index.js";
import { collectDestinations, collectSaturation } from "./scrape-metrics.js";

/** Delays of the retries after the API server has recovered; at first it does not serve all paths. */
const RECOVERY_RETRY_MS = [300, 3_000];
/** Maximum time to write pending Events at shutdown, so that a hanging API server cannot block it. */
const FLUSH_MS = 5_000;

/** The running operator: controllers, caches and the events that enqueue work. */
export class Operator {
  /** What the role api may ask. */
  readonly facts: LeaderFacts;
  readonly #parts: OperatorParts;
  readonly #audit: OpenAudit;
  readonly #shared: SharedParts;
  readonly #repositories: Controller;
  readonly #apps: Controller;
  readonly #statuses: Controller;
  readonly #environments: Controller | undefined;
  readonly #notifications: Notifications;
  readonly #appSets: Controller;
  #ready = false;
  #stopping = false;

  /** Creates an operator after selecting the Git engine. */
  static async create(parts: OperatorParts): Promise<Operator> {
    const { config, clock, logger } = parts;
    const { failpoint: configured, gitEngine: preference } = config;
    const failpoint = configured ? killAt(configured.point, configured.occurrence) : noFailpoints;
    const cacheDir = join(config.cacheDir, "git");
    const { maxPackBytes, maxObjectBytes } = { ...DEFAULT_GIT_LIMITS, ...config.limits };
    const limits = { maxCacheBytes: config.gitCacheBytes, maxPackBytes, maxObjectBytes };
    const { proxies } = config;
    const { engine, kind, note } = await chooseGitEngine({
      ...{ preference, cacheDir, logger, clock, failpoint, limits, proxies },
    });
    logger.info("selected Git engine", { engine: kind, note });
    return new Operator(parts, engine, failpoint, await openAudit(parts));
  }

  private constructor(parts: OperatorParts, engine: GitEngine, failpoint: FailpointHook, audit: OpenAudit) {
    this.#parts = parts;
    this.#audit = audit;
    const memories = new Map<string, AppMemory>();
    this.#shared = this.#createShared(engine, failpoint, memories);
    this.#repositories = repositoryController(this.#shared);
    const destinations = appDestinations(this.#shared);
    this.#apps = appController(this.#shared, destinations);
    this.facts = leaderFacts(this.#shared, {
      ...{ memories, destinations, trail: audit.trail, digestKey: parts.cluster.digestKey },
      judgeAgain: (app) => this.#apps.queue.add(app, PRIORITY.background),
    });
    this.#statuses = commitStatusController(this.#shared);
    this.#environments = environmentController(this.#shared);
    this.#notifications = new Notifications(this.#shared);
    this.#appSets = appSetController(this.#shared);
    for (const row of this.#eventTable()) row.start();
    const { connections, clusters } = this.#shared;
    const queues = {
      gitrepository: this.#repositories,
      overseerapp: this.#apps,
      commitstatus: this.#statuses,
      overseerappset: this.#appSets,
    };
    collectSaturation(parts.metrics, queues);
    collectDestinations(parts.metrics, { connections, clusters });
  }

  #eventTable(): readonly Watch[] {
    const { sources, resources, waiting, clock, memories, reportFailures, reportStatus } = this.#shared;
    return eventTable({
      interrupt: (app) => memories.get(app)?.interrupt?.(),
      endReports: reportStatus,
      reportAgain: (repository) => {
        reportFailures.reset(repository);
        for (const app of resources.appsOf(repository)) reportStatus(app);
      },
      ...{ sources, resources, waiting, gates: GATES },
      apps: new AppQueue(clock, memories, (app, priority) => this.#apps.queue.add(app, priority)),
      addAppSet: (key, priority) => this.#appSets.queue.add(key, priority),
      addEnvironment: (name) => this.#environments?.queue.add(name, PRIORITY.background),
      addRepository: (key, priority) => this.#repositories.queue.add(key, priority),
    });
  }

  #controllers(): Controller[] {
    const optional = this.#environments === undefined ? [] : [this.#environments];
    const { controller: notifications } = this.#notifications;
    return [this.#repositories, this.#apps, this.#statuses, this.#appSets, ...optional, notifications];
  }

  /** Reasons why the operator is not ready; empty if it is. */
  notReady(): string[] {
    return [...(this.#ready ? [] : ["starting"]), ...this.#shared.resources.missing()];
  }

  /** Lists all resources and starts the controllers. If stopped meanwhile, it starts nothing and may not resolve. */
  async start(): Promise<void> {
    await this.#parts.cluster.discovery.all();
    await this.#shared.resources.start();
    if (this.#stopping) return;
    this.#shared.clusters.start();
    this.#repositories.start();
    this.#apps.start();
    this.#statuses.start();
    this.#appSets.start();
    this.#environments?.start();
    // A channel that cannot be listed holds up nothing else.
    void this.#notifications.start();
    this.#ready = true;
  }

  /** Stops gracefully: reconciliations finish, Events are written, connections are closed. */
  async stop(): Promise<void> {
    this.#ready = false;
    this.#stopping = true;
    const { resources, events, secrets, destinationSecrets, valueSecrets, valueConfigMaps } = this.#shared;
    const { connections, clusters, parser, engine, hosts, clusterSecrets, secretStores } = this.#shared;
    await Promise.all(this.#controllers().map((one) => one.stop()));
    await this.#notifications.stop();
    await Promise.race([events.flush(), this.#pause(FLUSH_MS)]);
    await Promise.all([
      resources.stop(),
      secrets.stop(),
      destinationSecrets.stop(),
      valueSecrets.stop(),
      valueConfigMaps.stop(),
      clusterSecrets.stop(),
      connections.close(),
      secretStores.close(),
      parser.close(),
      engine.close(),
    ]);
    hosts.close();
    await this.#audit.close();
    // Last, since all others use its client.
    await clusters.stop();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.clock.after(ms, resolve);
    });
  }

  #createShared(engine: GitEngine, failpoint: FailpointHook, memories: Map<string, AppMemory>): SharedParts {
    const { cluster, clock, logger, config, metrics } = this.#parts;
    const { client } = cluster;
    const { identity } = config;
    const index = new RevisionIndex();
    const sources = new EventSources();
    const urgentPolls = new Set<string>();
    const busy = (): boolean => this.#apps.queue.depth > 0;
    const resources = new ResourceIndex(this.#caches(sources), index);
    const controller = "gitops.overseer.io/operator";
    return {
      ...this.#parts,
      sources,
      audit: this.#audit.trail,
      index,
      failpoint,
      memories,
      resources,
      engine,
      hosts: new GitHosts({
        ...{ clock, allowedHosts: config.allowedGitHosts, proxies: config.proxies, digestKey: cluster.digestKey },
        observe: (host, operation, result) => metrics.git.hostRequests.of({ host, operation, result }).inc(),
      }),
      reportFailures: new ReportFailures(clock),
      parser: new ParserThread({ clock }),
      events: new EventRecorder({ client, clock, logger, controller, instance: identity }),
      secrets: this.#secretCache(sources.repositorySecrets),
      destinationSecrets: this.#secretCache(sources.destinationSecrets),
      valueSecrets: this.#secretCache(sources.valueSecrets),
      valueConfigMaps: this.#secretCache(sources.valueConfigMaps, "configmaps"),
      clusterSecrets: new ClusterSecrets({
        client,
        clock,
        logger,
        onChange: (set) => sources.clusterSecrets.emit(set),
      }),
      secretStores: new SecretStores({ hosts: config.secretStoreHosts, proxies: config.proxies }, clock),
      connections: new CoreConnections({
        clock,
        logger,
        userAgent: `overseer-gitops/${VERSION}`,
        onRequest: (method, code) => metrics.core.requests.of({ method, code }).inc(),
        gate: this.#parts.gate,
        onEvent: (apps) => sources.cores.emit([...apps]),
      }),
      clusters: new Clusters({
        ...{ parts: this.#parts, apps: resources.caches.apps, known: memories, events: sources.clusterEvents, busy },
      }),
      enqueueApp: (app, priority) => this.#apps.queue.add(app, priority),
      busy,
      enqueueRepository: (repository) => this.#repositories.queue.add(repository, PRIORITY.background),
      reportStatus: (app) => this.#statuses.queue.add(app, PRIORITY.background),
      ...{ urgentPolls, waiting: new WaitingApps(), wholePlans: new WholePlans() },
      pollNow: (repository) => {
        urgentPolls.add(repository);
        this.#repositories.queue.add(repository, PRIORITY.change);
      },
    };
  }

  #secretCache(source: EventSource<SecretEvent>, plural: "secrets" | "configmaps" = "secrets"): SecretCache {
    const { cluster, clock, logger } = this.#parts;
    const onChange = (namespace: string, name: string): void => source.emit({ namespace, name });
    return new SecretCache({ client: cluster.client, clock, logger, plural, onChange });
  }

  #caches(sources: ResourceSources): ResourceCaches {
    const cacheOf = <Name extends CacheName>(name: Name) => this.#cache<Name>(name, sources[name]);
    return Object.fromEntries(CACHE_NAMES.map((name) => [name, cacheOf(name)])) as unknown as ResourceCaches;
  }

  #cache<Name extends CacheName>(
    name: Name,
    source: EventSource<ResourceEvent<CachedKinds[Name]>>,
  ): ResourceCache<CachedKinds[Name]> {
    const { cluster, clock, logger, metrics, config } = this.#parts;
    const { client } = cluster;
    const resource = cluster.resources[name];
    const { watchNamespaces: namespaces, exceptNamespaces: except } = resource.namespaced ? config : {};
    const observer = reflectorObserver(metrics, `${resource.group}/${resource.kind}`);
    const onChange: ResourceCacheOptions<CachedKinds[Name]>["onChange"] = (key, current, previous, observed) =>
      source.emit({ key, current, previous, observed });
    const onRecovered = (): void => this.#retryAfterRecovery();
    const common = { client, clock, logger, resource, namespaces, except, onChange, onRecovered, observer };
    const { trim, groupBy }: CachedKind<CachedKinds[Name]> = CACHED_KINDS[name];
    return new ResourceCache({ ...common, ...(trim ? { trim } : {}), ...(groupBy ? { groupBy } : {}) });
  }

  /** Retries what failed while the API server was unavailable. */
  #retryAfterRecovery(): void {
    for (const ms of RECOVERY_RETRY_MS)
      this.#parts.clock.after(ms, () => {
        if (this.#stopping) return;
        this.#shared.clusters.local.watches.retryNow();
        for (const one of this.#controllers()) one.retryFailed();
      });
  }
}
