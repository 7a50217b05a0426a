import { join } from "node:path";
import { type Change, isFinal } from "../api/change.js";
import type { GitRef } from "../api/git-ref.js";
import type { GitRepository } from "../api/git-repository.js";
import type { OverseerApp } from "../api/overseer-app.js";
import type { Clock } from "../base/clock.js";
import { killAt, noFailpoints } from "../base/failpoint.js";
import type { Logger } from "../base/logger.js";
import { Semaphore } from "../base/semaphore.js";
import type { Config } from "../config/config.js";
import { GitRepositoryReconciler } from "../controllers/git-repository/reconciler.js";
import { RevisionIndex } from "../controllers/git-repository/revision-index.js";
import { SharedPolls } from "../controllers/git-repository/shared-polls.js";
import { Claims } from "../controllers/overseer-app/claims.js";
import type { AppMemory } from "../controllers/overseer-app/memory.js";
import { OverseerAppReconciler } from "../controllers/overseer-app/reconciler.js";
import { repositoryKey } from "../controllers/overseer-app/source.js";
import { ResourceCache } from "../controllers/resource-cache.js";
import { SecretCache } from "../controllers/secret-cache.js";
import type { KubernetesContext } from "../destinations/kubernetes/context.js";
import { KubernetesDestination } from "../destinations/kubernetes/kubernetes-destination.js";
import { Tracker } from "../destinations/kubernetes/tracker.js";
import { KindWatches } from "../destinations/kubernetes/watches.js";
import { IsomorphicGitEngine } from "../git/index.js";
import { EventRecorder } from "../kube/event-recorder.js";
import { Reflector } from "../kube/reflector.js";
import { appKey } from "../plan/live.js";
import { Controller } from "../reconcile/controller.js";
import { StatusWriter } from "../reconcile/status-writer.js";
import { PRIORITY } from "../reconcile/work-queue.js";
import { ParseCache } from "../render/parse-cache.js";
import { ParserThread } from "../render/parser-thread.js";
import { PlainRenderer } from "../render/plain.js";
import { SourceRenderer } from "../render/render.js";
import type { Metrics } from "../telemetry/metrics.js";
import { controllerObserver, queueObserver, reflectorObserver } from "../telemetry/observers.js";
import type { Cluster } from "./cluster.js";
import { appObserver, repositoryReady } from "./observers.js";
import { isWork } from "./triggers.js";

/** What an operator is made of. */
export interface OperatorParts {
  readonly config: Config;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Repositories polled or fetched at once: they mostly wait for the network. */
const REPOSITORY_WORKERS = 32;

/** The controllers and what they share, wired together. */
export class Operator {
  readonly #parts: OperatorParts;
  readonly #repositories: ResourceCache<GitRepository>;
  readonly #apps: ResourceCache<OverseerApp>;
  readonly #changes: ResourceCache<Change>;
  readonly #secrets: SecretCache;
  readonly #engine: IsomorphicGitEngine;
  readonly #parser: ParserThread;
  readonly #index = new RevisionIndex();
  readonly #claims = new Claims();
  readonly #memories = new Map<string, AppMemory>();
  readonly #events: EventRecorder;
  readonly #tracker: Tracker;
  readonly #watches: KindWatches;
  readonly #definitions: Reflector<string>;
  readonly #repositoryController: Controller;
  readonly #appController: Controller;
  #ready = false;

  constructor(parts: OperatorParts) {
    this.#parts = parts;
    const { cluster, clock, logger, config } = parts;
    const { client } = cluster;
    this.#engine = new IsomorphicGitEngine({
      cacheDir: join(config.cacheDir, "git"),
      logger,
      clock,
      failpoint: this.#failpoint(),
    });
    this.#parser = new ParserThread({ clock });
    this.#events = new EventRecorder({
      client,
      clock,
      logger,
      controller: "gitops.overseer.io/operator",
      instance: config.identity,
    });
    this.#secrets = new SecretCache({
      client,
      clock,
      logger,
      onChange: (namespace, name) => this.#secretChanged(namespace, name),
    });
    this.#tracker = new Tracker((app, _object, news) => this.#objectChanged(app, news));
    this.#watches = new KindWatches({
      client,
      clock,
      logger,
      instance: cluster.instance,
      tracker: this.#tracker,
      observerFor: (kind) => reflectorObserver(parts.metrics, kind),
      onChange: () => this.#wakeApps(),
    });
    this.#repositories = this.#cache<GitRepository>("repository", (key, current, previous) => {
      if (!isWork(current, previous)) return;
      this.#repositoryController.queue.add(key, PRIORITY.user);
      if (!current || !previous || current.metadata.generation !== previous.metadata.generation)
        this.#enqueueAppsOf(key);
    });
    this.#apps = this.#cache<OverseerApp>("app", (key, current, previous) => this.#appChanged(key, current, previous));
    this.#changes = this.#cache<Change>("change", () => {}, trimChange);
    this.#definitions = this.#watchDefinitions();
    this.#repositoryController = this.#repositoryLoop();
    this.#appController = this.#appLoop();
    parts.metrics.onScrape(() => parts.metrics.reflector.objects.of({ kind: "managed" }).set(this.#tracker.size));
  }

  /** What the operator still waits for; empty when it works. */
  notReady(): string[] {
    const missing = this.#ready ? [] : ["starting"];
    for (const [name, cache] of [
      ["GitRepositories", this.#repositories],
      ["OverseerApps", this.#apps],
      ["Changes", this.#changes],
    ] as const) {
      if (!cache.synced) missing.push(`listing ${name}`);
    }
    return missing;
  }

  /** Loads what there is and begins to work. */
  async start(): Promise<void> {
    await this.#parts.cluster.discovery.all();
    await Promise.all([this.#repositories.start(), this.#apps.start(), this.#changes.start()]);
    this.#definitions.start();
    this.#repositoryController.start();
    this.#appController.start();
    this.#ready = true;
  }

  /** Ends what is under way in an orderly manner: reconciles finish, Events are written, connections close. */
  async stop(): Promise<void> {
    this.#ready = false;
    await Promise.all([this.#appController.stop(), this.#repositoryController.stop()]);
    await this.#events.flush();
    await Promise.all([
      this.#repositories.stop(),
      this.#apps.stop(),
      this.#changes.stop(),
      this.#secrets.stop(),
      this.#watches.stop(),
      this.#definitions.stop(),
      this.#parser.close(),
      this.#engine.close(),
    ]);
    await this.#parts.cluster.client.close();
  }

  #cache<T extends GitRepository | OverseerApp | Change>(
    name: keyof Cluster["resources"],
    onChange: (key: string, current: T | undefined, previous: T | undefined) => void,
    trim?: (object: T) => T,
  ): ResourceCache<T> {
    const { cluster, clock, logger, metrics } = this.#parts;
    const resource = cluster.resources[name];
    return new ResourceCache<T>({
      client: cluster.client,
      clock,
      logger,
      resource,
      onChange,
      observer: reflectorObserver(metrics, `${resource.group}/${resource.kind}`),
      ...(trim ? { trim } : {}),
    });
  }

  #repositoryLoop(): Controller {
    const { cluster, clock, logger, metrics } = this.#parts;
    const reconciler = new GitRepositoryReconciler({
      clock,
      repositories: this.#repositories,
      secrets: this.#secrets,
      engine: this.#engine,
      polls: new SharedPolls(this.#engine, clock, (result) => metrics.git.polls.of({ result }).inc()),
      index: this.#index,
      status: new StatusWriter(cluster.client),
      events: this.#events,
      digestKey: cluster.digestKey,
      wantedRefs: (repository) => this.#wantedRefs(repository),
      commitsInUse: (remoteId) => this.#commitsInUse(remoteId),
      onRevision: (repository) => this.#enqueueAppsOf(repository),
      onReady: repositoryReady(metrics),
      onFetch: (result, seconds, bytes) => {
        metrics.git.fetches.of({ result }).inc();
        metrics.git.fetchSeconds.observe(seconds);
        metrics.git.fetchBytes.inc(bytes);
      },
    });
    return this.#controller(
      "gitrepository",
      REPOSITORY_WORKERS,
      (key, log, signal) => reconciler.reconcile(key, log, signal),
      logger,
    );
  }

  #appLoop(): Controller {
    const { cluster, clock, logger, metrics, config } = this.#parts;
    const parses = new ParseCache({ parseElsewhere: (files, limits) => this.#parser.parse(files, limits) });
    const context: KubernetesContext = {
      client: cluster.client,
      discovery: cluster.discovery,
      tracker: this.#tracker,
      clock,
      logger,
      instance: cluster.instance,
      digestKey: cluster.digestKey,
      requests: new Semaphore(config.applyConcurrency),
      appExists: (namespace, name) => this.#apps.get(`${namespace}/${name}`) !== undefined,
    };
    const reconciler = new OverseerAppReconciler({
      clock,
      client: cluster.client,
      apps: this.#apps,
      changes: this.#changes,
      repositories: this.#repositories,
      index: this.#index,
      engine: this.#engine,
      renderer: new SourceRenderer([new PlainRenderer(parses)]),
      destination: new KubernetesDestination(context, this.#watches),
      status: new StatusWriter(cluster.client),
      events: this.#events,
      observer: appObserver(metrics),
      claims: this.#claims,
      failpoint: this.#failpoint(),
      trustedNamespaces: new Set(config.trustedNamespaces),
      digestKey: cluster.digestKey,
      memories: this.#memories,
      enqueue: (app, priority) => this.#appController.queue.add(app, priority),
    });
    return this.#controller(
      "overseerapp",
      config.concurrency,
      (key, log, signal) => reconciler.reconcile(key, log, signal),
      logger,
    );
  }

  #controller(
    name: string,
    workers: number,
    reconcile: ConstructorParameters<typeof Controller>[0]["reconcile"],
    logger: Logger,
  ): Controller {
    const { clock, metrics } = this.#parts;
    return new Controller({
      name,
      clock,
      logger,
      workers,
      reconcile,
      queueObserver: queueObserver(metrics, name),
      observer: controllerObserver(metrics, name),
    });
  }

  #failpoint() {
    const { failpoint } = this.#parts.config;
    return failpoint ? killAt(failpoint.point, failpoint.occurrence) : noFailpoints;
  }

  /** Kinds come and go with their definitions: what waits for one looks again. */
  #watchDefinitions(): Reflector<string> {
    const { cluster, clock, logger } = this.#parts;
    return new Reflector<string>({
      client: cluster.client,
      clock,
      logger,
      path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
      mode: "metadata",
      reduce: (object) => object.metadata.uid,
      uidOf: (uid) => uid,
      onEvent: (event) => {
        if (event.initial) return;
        cluster.discovery.invalidate();
        this.#wakeApps();
      },
    });
  }

  #appChanged(key: string, current: OverseerApp | undefined, previous: OverseerApp | undefined): void {
    if (!isWork(current, previous)) return;
    this.#appController.queue.add(key, PRIORITY.user);
    const app = current ?? previous;
    const sourceMoved = current?.metadata.generation !== previous?.metadata.generation;
    if (app?.spec.source.ref !== undefined && sourceMoved)
      this.#repositoryController.queue.add(repositoryKey(app), PRIORITY.change);
  }

  #objectChanged(app: string, news: "drift" | "health" | "gone"): void {
    const memory = this.#memories.get(app);
    if (news !== "health" && memory) memory.driftSeenAt ??= this.#parts.clock.monotonic();
    this.#appController.queue.add(app, news === "health" ? PRIORITY.change : PRIORITY.drift);
  }

  #secretChanged(namespace: string, name: string): void {
    for (const repository of this.#repositories.values()) {
      if (repository.metadata.namespace === namespace && repository.spec.secretRef?.name === name) {
        this.#repositoryController.queue.add(appKey(repository.metadata), PRIORITY.change);
      }
    }
  }

  #enqueueAppsOf(repository: string): void {
    for (const app of this.#apps.values()) {
      if (repositoryKey(app) === repository) this.#appController.queue.add(appKey(app.metadata), PRIORITY.change);
    }
  }

  /** Something changed that may be what failed apps wait for: their rest ends. */
  #wakeApps(): void {
    for (const [key, memory] of this.#memories) {
      memory.retry = undefined;
      this.#appController.queue.add(key, PRIORITY.background);
    }
  }

  #commitsInUse(remoteId: string): string[] {
    const commits: string[] = [];
    for (const app of this.#apps.values()) {
      const key = repositoryKey(app);
      const ref = app.spec.source.ref ?? this.#repositories.get(key)?.spec.ref;
      const { applied } = app.status ?? {};
      if (applied && this.#index.get(key, ref)?.resolved?.remote.id === remoteId) commits.push(applied.commit);
    }
    return commits;
  }

  #wantedRefs(repository: string): GitRef[] {
    const refs: GitRef[] = [];
    for (const app of this.#apps.values())
      if (app.spec.source.ref && repositoryKey(app) === repository) refs.push(app.spec.source.ref);
    return refs;
  }
}

/** The plan of a finished Change is for people who read it from the API server: no need to keep it here. */
function trimChange(change: Change): Change {
  if (!isFinal(change.status?.phase)) return change;
  const { plan: _, ...status } = change.status ?? {};
  return { ...change, status };
}
