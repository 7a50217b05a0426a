import type { Clock } from "../../base/clock.js";
import type { Logger } from "../../base/logger.js";
import { Semaphore } from "../../base/semaphore.js";
import type { KubeClient } from "../../kube/client/kube-client.js";
import type { Discovery } from "../../kube/discovery.js";
import { Reflector, type ReflectorObserver } from "../../kube/watch/reflector.js";
import { DeniedWrites } from "./apply/denied-writes.js";
import type { KubernetesContext } from "./kubernetes-context.js";
import type { ResyncCause } from "./resync/resyncer.js";
import { Resyncs } from "./resync/resyncs.js";
import { KindWatches } from "./watch/kind-watches.js";
import { RightsWatch } from "./watch/rights-watch.js";
import { type ObjectEvent, Tracker } from "./watch/tracker.js";

/** Told what goes on in a cluster, for the apps that go there. */
export interface ClusterEventHandler {
  /** Something happened to a live object of an app. */
  objectChanged(app: string, events: ObjectEvent): void;
  /** A live object of an app is to be looked at when there is nothing better to do. */
  verify(app: string): void;
  /** What these apps wait for may be there: a kind, a list, the cluster. */
  retry(apps: Iterable<string>): void;
  /** Rights have changed, for want of which this app was refused. */
  granted(app: string): void;
  /** The API server may take now what it refused of these apps: other rules hold. */
  rulesChanged(apps: Iterable<string>): void;
}

/** What every cluster is worked with. */
export interface ClusterParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** UID of the control cluster's kube-system namespace. */
  readonly instance: string;
  readonly digestKey: string;
  /** Writes and dry runs that one cluster is sent at once. */
  readonly applyConcurrency: number;
  /** Namespaces whose apps are looked after; undefined: all. Objects of other apps are not watched. */
  readonly appNamespaces?: readonly string[] | undefined;
  readonly appExists: (namespace: string, name: string) => boolean;
  /** Whether there is work that comes before looks that nobody waits for. */
  readonly busy: () => boolean;
  readonly onVerify: (cause: ResyncCause) => void;
  readonly events: ClusterEventHandler;
}

/** Apps that go to a cluster, by `namespace/name`. */
export interface AppSet {
  has(app: string): boolean;
  keys(): Iterable<string>;
}

/** One cluster, and the apps that go there. */
export interface ClusterConnectionOptions extends ClusterParts {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  /** The user that apps write as that name no ServiceAccount; left out: whoever the client signs in as. */
  readonly ownUser?: string | undefined;
  readonly apps: AppSet;
  readonly observerFor: (kind: string) => ReflectorObserver;
  /** Who lists and watches, for people. */
  readonly reader: string;
}

/**
 * A cluster as one credential sees it: what is live there, the watches that tell of changes, the looks at what changes without
 * a trace. The cluster that the operator runs for and remote ones are the same here.
 */
export class ClusterConnection {
  readonly context: KubernetesContext;
  readonly watches: KindWatches;
  readonly #definitions: Reflector<string>;
  readonly #resyncs: Resyncs;
  readonly #rights: RightsWatch;

  constructor(options: ClusterConnectionOptions) {
    const { client, discovery, clock, logger, instance, digestKey, ownUser, appExists, apps, events } = options;
    const tracker = new Tracker(
      (app, _object, what) => {
        if (apps.has(app)) events.objectChanged(app, what);
      },
      (object) => this.watches.hasPassed(object),
    );
    const requests = new Semaphore(options.applyConcurrency, Math.ceil(options.applyConcurrency / 4));
    const rights = new RightsWatch({ client, clock, logger });
    this.#rights = rights;
    const onForbidden = (app: string): void => rights.awaited(app, () => events.granted(app));
    const denied = new DeniedWrites(clock);
    const onDenied = (): void => rights.awaited("denied writes", () => denied.clear());
    this.context = {
      ...{ client, discovery, tracker, clock, logger, instance, digestKey, ownUser, requests, appExists },
      ...{ onForbidden, denied, onDenied },
    };
    const { observerFor, reader, appNamespaces } = options;
    const onChange = (): void => events.retry(apps.keys());
    this.watches = new KindWatches({
      ...{ client, discovery, clock, logger, instance, appNamespaces, tracker, observerFor, reader, onChange },
      onForbidden: () => rights.awaited("kinds", () => this.watches.retryRefused()),
    });
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

  /** Begins to follow what is not watched for an app: definitions, webhooks, policies, the version. */
  start(): void {
    this.#definitions.start();
    this.#resyncs.start();
  }

  /** Ends all watches and connections. */
  async stop(): Promise<void> {
    await Promise.all([this.#resyncs.stop(), this.#definitions.stop(), this.watches.stop(), this.#rights.stop()]);
    await this.context.client.close();
  }

  /** Kinds come and go with their definitions: what waits for one looks again. */
  #watchDefinitions({ client, discovery, clock, logger, events, apps }: ClusterConnectionOptions): Reflector<string> {
    return new Reflector<string>({
      client,
      clock,
      logger,
      path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
      mode: "metadata",
      reduce: (object) => object.metadata.uid,
      uidOf: (uid) => uid,
      onEvent: (event) => {
        if (event.initial) return;
        discovery.invalidate();
        events.retry(apps.keys());
      },
    });
  }
}
