import type { OverseerApp } from "../api/overseer-app.js";
import type { ResourceCache } from "../controllers/resource-cache.js";
import {
  type AppSet,
  ClusterConnection,
  type ClusterEventHandler,
  type ClusterParts,
} from "../destinations/kubernetes/cluster-connection.js";
import { RemoteClusters } from "../destinations/kubernetes/remote/remote-clusters.js";
import { reflectorObserver, requestObserver } from "../telemetry/observers.js";
import { VERSION } from "../version.js";
import type { OperatorParts } from "./operator-parts.js";

/** What the clusters have to know of the apps. */
export interface ClustersOptions {
  readonly parts: OperatorParts;
  readonly apps: Pick<ResourceCache<OverseerApp>, "get" | "follows">;
  /** Apps that were reconciled once. */
  readonly known: AppSet;
  readonly events: ClusterEventHandler;
  /** Whether apps wait to be reconciled. */
  readonly busy: () => boolean;
}

/** The clusters that apps go to: the one that the operator runs for, and those of kubeconfigs. */
export class Clusters {
  readonly local: ClusterConnection;
  readonly remote: RemoteClusters;

  constructor({ parts, apps, known, events, busy }: ClustersOptions) {
    const { cluster, clock, logger, metrics, config, gate } = parts;
    const { client, discovery, instance, digestKey } = cluster;
    const shared: ClusterParts = {
      ...{ clock, logger, instance, digestKey, events, busy },
      applyConcurrency: config.applyConcurrency,
      appNamespaces: config.watchNamespaces,
      // Of what is not watched nobody here knows that it is gone.
      appExists: (namespace, name) => !apps.follows(namespace) || apps.get(`${namespace}/${name}`) !== undefined,
      onVerify: (cause) => metrics.drift.resyncObjects.of({ cause }).inc(),
    };
    this.local = new ClusterConnection({
      ...shared,
      client,
      discovery,
      ownUser: config.trustedUser,
      apps: known,
      observerFor: (kind) => reflectorObserver(metrics, kind),
      reader: "the operator",
    });
    this.remote = new RemoteClusters({
      ...shared,
      gate,
      userAgent: `overseer-gitops/${VERSION}`,
      onRequest: requestObserver(metrics),
      // One for all: tenants could make any number of kinds.
      observer: reflectorObserver(metrics, "remote"),
    });
    metrics.onScrape(() => metrics.reflector.objects.of({ kind: "managed" }).set(this.size));
  }

  /** How many live objects are known. */
  get size(): number {
    return this.local.context.tracker.size + this.remote.size;
  }

  /** Begins to follow the own cluster; a remote one is followed from the first app on that goes there. */
  start(): void {
    this.local.start();
  }

  /** Ends all watches and connections. */
  async stop(): Promise<void> {
    await Promise.all([this.local.stop(), this.remote.close()]);
  }
}
