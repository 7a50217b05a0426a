import { join } from "node:path";
import type { GitRepository } from "../api/git-repository.js";
import type { OverseerApp } from "../api/overseer-app.js";
import { type FailpointHook, killAt, noFailpoints } from "../base/failpoint.js";
import { RevisionIndex } from "../controllers/git-repository/revision-index.js";
import type { AppMemory } from "../controllers/overseer-app/app-memory.js";
import { appOfChange, type KnownChange, reduceChange } from "../controllers/overseer-app/changes/known-change.js";
import { WaitingApps } from "../controllers/overseer-app/gates/waiting-apps.js";
import { repositoryKey } from "../controllers/overseer-app/source/locate-inputs.js";
import { ResourceCache, type ResourceCacheOptions } from "../controllers/resource-cache.js";
import { SecretCache } from "../controllers/secret-cache.js";
import { CoreConnections } from "../destinations/overseer/client/core-connection.js";
import type { WatchedKind, WatchedKinds } from "../gates/context.js";
import type { WatchEvent } from "../gates/gate.js";
import { chooseGitEngine, DEFAULT_GIT_LIMITS, type GitEngine } from "../git/index.js";
import { EventRecorder } from "../kube/event-recorder.js";
import type { Controller } from "../reconcile/controller.js";
import { PRIORITY } from "../reconcile/work-queue.js";
import { ParserThread } from "../render/parser-thread.js";
import { reflectorObserver } from "../telemetry/observers.js";
import { VERSION } from "../version.js";
import { AppEnqueuer } from "./app-enqueuer.js";
import type { LedCluster } from "./cluster.js";
import { Clusters } from "./clusters.js";
import { appController, repositoryController, type SharedParts } from "./controllers.js";
import { appsConcerned, GATES } from "./gates.js";
import type { OperatorParts } from "./operator-parts.js";
import { ResourceIndex } from "./resource-index.js";
import { isWork } from "./triggers.js";

/** Delays of the retries after the API server has recovered; at first it does not serve all paths. */
const RECOVERY_RETRY_MS = [300, 3_000];
/** Maximum time to write pending Events at shutdown, so that a hanging API server cannot block it. */
const FLUSH_MS = 5_000;

/** The running operator: controllers, caches and the events that enqueue work. */
export class Operator {
  readonly #parts: OperatorParts;
  readonly #shared: SharedParts;
  readonly #enqueuer: AppEnqueuer;
  readonly #repositories: Controller;
  readonly #apps: Controller;
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
    return new Operator(parts, engine, failpoint);
  }

  private constructor(parts: OperatorParts, engine: GitEngine, failpoint: FailpointHook) {
    this.#parts = parts;
    const memories = new Map<string, AppMemory>();
    this.#enqueuer = new AppEnqueuer(parts.clock, memories, (app, priority) => this.#apps.queue.add(app, priority));
    this.#shared = this.#createShared(engine, failpoint, memories);
    this.#repositories = repositoryController(this.#shared);
    this.#apps = appController(this.#shared);
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
    this.#ready = true;
  }

  /** Stops gracefully: reconciliations finish, Events are written, connections are closed. */
  async stop(): Promise<void> {
    this.#ready = false;
    this.#stopping = true;
    const { resources, events, secrets, destinationSecrets, valueSecrets, valueConfigMaps } = this.#shared;
    const { connections, clusters, parser, engine } = this.#shared;
    await Promise.all([this.#apps.stop(), this.#repositories.stop()]);
    await Promise.race([events.flush(), this.#pause(FLUSH_MS)]);
    await Promise.all([
      resources.stop(),
      secrets.stop(),
      destinationSecrets.stop(),
      valueSecrets.stop(),
      valueConfigMaps.stop(),
      connections.close(),
      parser.close(),
      engine.close(),
    ]);
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
    const urgentPolls = new Set<string>();
    const resources = new ResourceIndex(this.#caches(), index);
    const controller = "gitops.overseer.io/operator";
    return {
      ...this.#parts,
      index,
      failpoint,
      memories,
      resources,
      engine,
      parser: new ParserThread({ clock }),
      events: new EventRecorder({ client, clock, logger, controller, instance: identity }),
      secrets: new SecretCache({ client, clock, logger, onChange: (...secret) => this.#secretChanged(...secret) }),
      destinationSecrets: new SecretCache({
        client,
        clock,
        logger,
        onChange: (...secret) => this.#destinationSecretChanged(...secret),
      }),
      valueSecrets: new SecretCache({
        ...{ client, clock, logger },
        onChange: (...secret) => this.#valuesChanged("Secret", ...secret),
      }),
      valueConfigMaps: new SecretCache({
        ...{ client, clock, logger, plural: "configmaps" },
        onChange: (...configMap) => this.#valuesChanged("ConfigMap", ...configMap),
      }),
      connections: new CoreConnections({
        clock,
        logger,
        userAgent: `overseer-gitops/${VERSION}`,
        onRequest: (method, code) => metrics.core.requests.of({ method, code }).inc(),
        gate: this.#parts.gate,
        onEvent: (apps) => this.#enqueuer.retryForDrift(apps),
      }),
      clusters: new Clusters({
        parts: this.#parts,
        apps: resources.apps,
        known: memories,
        events: this.#enqueuer,
        busy: () => this.#apps.queue.depth > 0,
      }),
      enqueueApp: (app, priority) => this.#apps.queue.add(app, priority),
      enqueueAppsOf: (repository) => this.#enqueueAppsOf(repository),
      urgentPolls,
      waiting: new WaitingApps(),
      onApplied: (app) => this.#gateEvent("OverseerApp", { current: resources.apps.get(app), previous: undefined }),
      pollNow: (repository) => {
        urgentPolls.add(repository);
        this.#repositories.queue.add(repository, PRIORITY.change);
      },
    };
  }

  #caches(): ConstructorParameters<typeof ResourceIndex>[0] {
    return {
      repositories: this.#cache<GitRepository>("repository", (...change) => this.#repositoryChanged(...change)),
      apps: this.#cache<OverseerApp>("app", (...change) => this.#appChanged(...change)),
      changes: this.#cache<KnownChange>("change", () => {}, { trim: reduceChange, groupBy: appOfChange }),
    };
  }

  #cache<T extends GitRepository | OverseerApp | KnownChange>(
    name: keyof LedCluster["resources"],
    onChange: ResourceCacheOptions<T>["onChange"],
    options: Pick<ResourceCacheOptions<T>, "trim" | "groupBy"> = {},
  ): ResourceCache<T> {
    const { cluster, clock, logger, metrics, config } = this.#parts;
    const { client } = cluster;
    const resource = cluster.resources[name];
    const namespaces = config.watchNamespaces;
    const observer = reflectorObserver(metrics, `${resource.group}/${resource.kind}`);
    const onRecovered = (): void => this.#retryAfterRecovery();
    const common = { client, clock, logger, resource, namespaces, onChange, onRecovered, observer };
    return new ResourceCache<T>({ ...common, ...options });
  }

  /** Retries what failed while the API server was unavailable. */
  #retryAfterRecovery(): void {
    for (const ms of RECOVERY_RETRY_MS)
      this.#parts.clock.after(ms, () => {
        if (this.#stopping) return;
        this.#shared.clusters.local.watches.retryNow();
        this.#repositories.retryFailed();
        this.#apps.retryFailed();
      });
  }

  /** Enqueues the apps that wait at a gate which an event concerns. */
  #gateEvent<K extends WatchedKind>(kind: K, event: WatchEvent<WatchedKinds[K]>): void {
    const { waiting, resources } = this.#shared;
    for (const app of appsConcerned(kind, event, GATES, waiting, resources.apps))
      this.#apps.queue.add(app, PRIORITY.change);
  }

  #repositoryChanged(
    key: string,
    current: GitRepository | undefined,
    previous: GitRepository | undefined,
    observed: GitRepository | undefined,
  ): void {
    this.#gateEvent("GitRepository", { current, previous: observed });
    if (!isWork(current, previous)) return;
    this.#repositories.queue.add(key, PRIORITY.user);
    if (current?.metadata.generation !== previous?.metadata.generation) this.#enqueueAppsOf(key);
  }

  #appChanged(
    key: string,
    current: OverseerApp | undefined,
    previous: OverseerApp | undefined,
    observed: OverseerApp | undefined,
  ): void {
    this.#gateEvent("OverseerApp", { current, previous: observed });
    if (!isWork(current, previous)) return;
    this.#apps.queue.add(key, PRIORITY.user);
    const app = current ?? previous;
    const edited = current?.metadata.generation !== previous?.metadata.generation;
    // A new ref must be resolved by the repository.
    if (app && edited && this.#shared.resources.refOf(app))
      this.#repositories.queue.add(repositoryKey(app), PRIORITY.change);
  }

  #secretChanged(namespace: string, name: string): void {
    for (const key of this.#shared.resources.repositoriesWithSecret(namespace, name)) {
      this.#repositories.queue.add(key, PRIORITY.change);
    }
  }

  #destinationSecretChanged(namespace: string, name: string): void {
    this.#enqueuer.retryForDrift(this.#shared.resources.appsWithSecret(namespace, name));
  }

  #valuesChanged(kind: "ConfigMap" | "Secret", namespace: string, name: string): void {
    this.#enqueuer.retry(this.#shared.resources.appsWithValues(kind, namespace, name), PRIORITY.change);
  }

  #enqueueAppsOf(repository: string): void {
    for (const key of this.#shared.resources.appsOf(repository)) this.#apps.queue.add(key, PRIORITY.change);
  }
}
