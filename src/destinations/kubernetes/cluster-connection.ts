import type { Clock } from "../../base/clock.js";
import type { Logger } from "../../base/logger.js";
import { Semaphore } from "../../base/semaphore.js";
import type { KubeClient } from "../../kube/client/kube-client.js";
import type { Discovery } from "../../kube/discovery.js";
import { Reflector, type ReflectorObserver } from "../../kube/watch/reflector.js";
import { DeniedWrites } from "./apply/denied-writes.js";
import { type ExpressionsOfApp, HealthJudge } from "./health/expressions.js";
import type { KubernetesContext } from "./kubernetes-context.js";
import type { KnownManagers } from "./ownership/known-managers.js";
import type { ResyncCause } from "./resync/resyncer.js";
import { Resyncs } from "./resync/resyncs.js";
import { KindChanges } from "./watch/kind-changes.js";
import { KindWatches } from "./watch/kind-watches.js";
import { RightsWatch } from "./watch/rights-watch.js";
import { type ObjectEvent, Tracker } from "./watch/tracker.js";

/** Receives the events of a cluster, for its apps. */
export interface ClusterEventHandler {
  /** A live object of an app changed. */
  objectChanged(app: string, event: ObjectEvent): void;
  /** A live object of an app should be verified at low priority. */
  verify(app: string): void;
  /** Something that these apps wait for may be available: a kind, a list, the cluster. */
  retry(apps: Iterable<string>): void;
  /** Permissions changed after this app was refused for a missing one. */
  granted(app: string): void;
  /** Admission rules changed: the API server may now accept what it refused for these apps. */
  rulesChanged(apps: Iterable<string>): void;
}

/** Dependencies of every cluster connection. */
export interface ClusterParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** UID of the control cluster's kube-system namespace. */
  readonly instance: string;
  readonly digestKey: string;
  /** Concurrent writes and dry runs per cluster. */
  readonly applyConcurrency: number;
  readonly managers: KnownManagers;
  /** Expressions by which apps have the health of their objects computed. */
  readonly expressionsOf?: ExpressionsOfApp | undefined;
  /** Namespaces whose apps are managed; undefined for all. Objects of other apps are not watched. */
  readonly appNamespaces?: readonly string[] | undefined;
  /** Namespaces whose apps are not managed, where all others are. */
  readonly exceptNamespaces?: readonly string[] | undefined;
  readonly appExists: (namespace: string, name: string) => boolean;
  /** Whether there is work with a higher priority than the periodic resync. */
  readonly busy: () => boolean;
  readonly onVerify: (cause: ResyncCause) => void;
  readonly events: ClusterEventHandler;
}

/** Apps of a cluster, by `namespace/name`. */
export interface AppSet {
  has(app: string): boolean;
  keys(): Iterable<string>;
}

/** Options of a cluster connection. */
export interface ClusterConnectionOptions extends ClusterParts {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  /** User for apps without a ServiceAccount. Defaults to the user of the client. */
  readonly ownUser?: string | undefined;
  readonly apps: AppSet;
  readonly observerFor: (kind: string) => ReflectorObserver;
  /** Who lists and watches, for messages. */
  readonly reader: string;
}

/**
 * A connection to a cluster with one credential: its live state, watches and resyncs. The control cluster and remote clusters are
 * treated alike.
 */
export class ClusterConnection {
  readonly context: KubernetesContext;
  readonly watches: KindWatches;
  readonly #definitions: Reflector<string>;
  readonly #kinds: KindChanges;
  readonly #resyncs: Resyncs;
  readonly #rights: RightsWatch;

  constructor(options: ClusterConnectionOptions) {
    const { client, discovery, clock, logger, instance, digestKey, ownUser, appExists, apps, events } = options;
    const tracker = new Tracker(
      (app, _object, event) => {
        if (apps.has(app)) events.objectChanged(app, event);
      },
      (object) => this.watches.hasPassed(object),
    );
    const judge = new HealthJudge(options.expressionsOf);
    const requests = new Semaphore(options.applyConcurrency, Math.ceil(options.applyConcurrency / 4));
    const rights = new RightsWatch({ client, clock, logger });
    this.#rights = rights;
    const onForbidden = (app: string): void => rights.awaited(app, () => events.granted(app));
    const denied = new DeniedWrites(clock);
    const onDenied = (): void => rights.awaited("denied writes", () => denied.clear());
    this.context = {
      managers: options.managers,
      ...{ client, discovery, tracker, judge, clock, logger, instance, digestKey, ownUser, requests, appExists },
      ...{ onForbidden, denied, onDenied },
    };
    const { observerFor, reader, appNamespaces, exceptNamespaces } = options;
    const onChange = (): void => events.retry(apps.keys());
    this.watches = new KindWatches({
      ...{ client, discovery, clock, logger, instance, appNamespaces, exceptNamespaces },
      ...{ tracker, judge, observerFor, reader, onChange },
      onForbidden: () => rights.awaited("kinds", () => this.watches.retryRefused()),
    });
    this.#kinds = new KindChanges({ discovery, clock, logger, onChange });
    this.#definitions = this.#watchDefinitions(options);
    this.#resyncs = new Resyncs({
      ...{ client, discovery, tracker, clock, logger },
      busy: options.busy,
      knows: (app) => apps.has(app),
      enqueue: (app) => {
        if (apps.has(app)) events.verify(app);
      },
      onVerify: options.onVerify,
      onRules: () => events.rulesChanged(apps.keys()),
    });
  }

  /** Starts the watches that belong to no app: definitions, webhooks, policies and the server version. */
  start(): void {
    this.#definitions.start();
    this.#resyncs.start();
  }

  /** Stops all watches and closes all connections. */
  async stop(): Promise<void> {
    this.#kinds.stop();
    await Promise.all([this.#resyncs.stop(), this.#definitions.stop(), this.watches.stop(), this.#rights.stop()]);
    await this.context.client.close();
  }

  /** Watches definitions, which add and remove kinds, and enqueues all apps when one changes. */
  #watchDefinitions({ client, clock, logger }: ClusterConnectionOptions): Reflector<string> {
    return new Reflector<string>({
      client,
      clock,
      logger,
      path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
      mode: "metadata",
      reduce: (object) => object.metadata.uid,
      uidOf: (uid) => uid,
      onEvent: (event) => {
        if (!event.initial) this.#kinds.changed();
      },
    });
  }
}
