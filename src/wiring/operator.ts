import { join } from "node:path";
import type { GitRepository } from "../api/git-repository.js";
import type { OverseerApp } from "../api/overseer-app.js";
import { type FailpointHook, killAt, noFailpoints } from "../base/failpoint.js";
import { RevisionIndex } from "../controllers/git-repository/revision-index.js";
import type { AppMemory } from "../controllers/overseer-app/app-memory.js";
import { appOfChange, type KnownChange, reduceChange } from "../controllers/overseer-app/changes/known-change.js";
import { repositoryKey } from "../controllers/overseer-app/source/locate-inputs.js";
import { ResourceCache, type ResourceCacheOptions } from "../controllers/resource-cache.js";
import { SecretCache } from "../controllers/secret-cache.js";
import { CoreConnections } from "../destinations/overseer/client/core-connection.js";
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
import type { OperatorParts } from "./operator-parts.js";
import { ResourceIndex } from "./resource-index.js";
import { isWork } from "./triggers.js";

/** When to try again after the API server is back: at first some of its paths are not served yet. */
const BACK_MS = [300, 3_000];
/** Events that are not written by then, at the end, are lost: an API server that hangs must not hold up a stop. */
const FLUSH_MS = 5_000;

/** Everything that runs, and which event wakes what. */
export class Operator {
  readonly #parts: OperatorParts;
  readonly #shared: SharedParts;
  readonly #enqueuer: AppEnqueuer;
  readonly #repositories: Controller;
  readonly #apps: Controller;
  #ready = false;
  #stopping = false;

  /** Makes an operator, after a look at which Git engine this machine has. */
  static async create(parts: OperatorParts): Promise<Operator> {
    const { config, clock, logger } = parts;
    const { failpoint: wanted, gitEngine: preference } = config;
    const failpoint = wanted ? killAt(wanted.point, wanted.occurrence) : noFailpoints;
    const cacheDir = join(config.cacheDir, "git");
    const { maxPackBytes, maxObjectBytes } = { ...DEFAULT_GIT_LIMITS, ...config.limits };
    const limits = { maxCacheBytes: config.gitCacheBytes, maxPackBytes, maxObjectBytes };
    const { proxies } = config;
    const { engine, kind, note } = await chooseGitEngine({
      ...{ preference, cacheDir, logger, clock, failpoint, limits, proxies },
    });
    logger.info("Git engine", { engine: kind, note });
    return new Operator(parts, engine, failpoint);
  }

  private constructor(parts: OperatorParts, engine: GitEngine, failpoint: FailpointHook) {
    this.#parts = parts;
    const memories = new Map<string, AppMemory>();
    this.#enqueuer = new AppEnqueuer(parts.clock, memories, (app, priority) => this.#apps.queue.add(app, priority));
    this.#shared = this.#makeShared(engine, failpoint, memories);
    this.#repositories = repositoryController(this.#shared);
    this.#apps = appController(this.#shared);
  }

  /** What the operator still waits for; empty when it works. */
  notReady(): string[] {
    return [...(this.#ready ? [] : ["starting"]), ...this.#shared.resources.missing()];
  }

  /** Loads what there is and begins to work. After a stop it begins nothing, and may not come to its end. */
  async start(): Promise<void> {
    await this.#parts.cluster.discovery.all();
    await this.#shared.resources.start();
    if (this.#stopping) return;
    this.#shared.clusters.start();
    this.#repositories.start();
    this.#apps.start();
    this.#ready = true;
  }

  /** Ends what is under way in an orderly manner: reconciles finish, Events are written, connections close. */
  async stop(): Promise<void> {
    this.#ready = false;
    this.#stopping = true;
    const { resources, events, secrets, destinationSecrets, connections, clusters, parser, engine } = this.#shared;
    await Promise.all([this.#apps.stop(), this.#repositories.stop()]);
    await Promise.race([events.flush(), this.#pause(FLUSH_MS)]);
    await Promise.all([
      resources.stop(),
      secrets.stop(),
      destinationSecrets.stop(),
      connections.close(),
      parser.close(),
      engine.close(),
    ]);
    // Last, with its client, which all have used.
    await clusters.stop();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.clock.after(ms, resolve);
    });
  }

  #makeShared(engine: GitEngine, failpoint: FailpointHook, memories: Map<string, AppMemory>): SharedParts {
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
    onChange: (key: string, current: T | undefined, previous: T | undefined) => void,
    keeping: Pick<ResourceCacheOptions<T>, "trim" | "groupBy"> = {},
  ): ResourceCache<T> {
    const { cluster, clock, logger, metrics, config } = this.#parts;
    const { client } = cluster;
    const resource = cluster.resources[name];
    const namespaces = config.watchNamespaces;
    const observer = reflectorObserver(metrics, `${resource.group}/${resource.kind}`);
    const onRecovered = (): void => this.#apiServerIsBack();
    const options = { client, clock, logger, resource, namespaces, onChange, onRecovered, observer };
    return new ResourceCache<T>({ ...options, ...keeping });
  }

  /** What failed for want of the API server is tried again: soon, and once more when all of it is ready. */
  #apiServerIsBack(): void {
    for (const ms of BACK_MS)
      this.#parts.clock.after(ms, () => {
        if (this.#stopping) return;
        this.#shared.clusters.local.watches.retryNow();
        this.#repositories.retryFailed();
        this.#apps.retryFailed();
      });
  }

  #repositoryChanged(key: string, current: GitRepository | undefined, previous: GitRepository | undefined): void {
    if (!isWork(current, previous)) return;
    this.#repositories.queue.add(key, PRIORITY.user);
    if (current?.metadata.generation !== previous?.metadata.generation) this.#enqueueAppsOf(key);
  }

  #appChanged(key: string, current: OverseerApp | undefined, previous: OverseerApp | undefined): void {
    if (!isWork(current, previous)) return;
    this.#apps.queue.add(key, PRIORITY.user);
    const app = current ?? previous;
    const edited = current?.metadata.generation !== previous?.metadata.generation;
    // A repository that comes, or allows more, is looked at for that.
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

  #enqueueAppsOf(repository: string): void {
    for (const key of this.#shared.resources.appsOf(repository)) this.#apps.queue.add(key, PRIORITY.change);
  }
}
