import type { OverseerApp } from "../api/overseer-app.js";
import type { ResourceCache } from "../controllers/resource-cache.js";
import {
  type AppSet,
  ClusterConnection,
  type ClusterEventHandler,
  type ClusterParts,
} from "../destinations/kubernetes/cluster-connection.js";
import { KnownManagers } from "../destinations/kubernetes/ownership/known-managers.js";
import { RemoteClusters } from "../destinations/kubernetes/remote/remote-clusters.js";
import { reflectorObserver, requestObserver } from "../telemetry/observers.js";
import { VERSION } from "../version.js";
import type { OperatorParts } from "./operator-parts.js";

/** Options of the clusters. */
export interface ClustersOptions {
  readonly parts: OperatorParts;
  readonly apps: Pick<ResourceCache<OverseerApp>, "get" | "follows" | "isUnreadable">;
  /** Apps that have been reconciled at least once. */
  readonly known: AppSet;
  readonly events: ClusterEventHandler;
  /** Reports whether apps are waiting in the queue. */
  readonly busy: () => boolean;
}

/** Destination clusters of apps: the local cluster and the remote clusters of kubeconfigs. */
export class Clusters {
  readonly local: ClusterConnection;
  readonly remote: RemoteClusters;

  constructor({ parts, apps, known, events, busy }: ClustersOptions) {
    const { cluster, clock, logger, metrics, config, gate } = parts;
    const { client, discovery, instance, digestKey } = cluster;
    const shared: ClusterParts = {
      ...{ clock, logger, instance, digestKey, events, busy },
      applyConcurrency: config.applyConcurrency,
      managers: new KnownManagers(config.fieldManagers),
      expressionsOf: (app) => apps.get(app)?.spec.health?.expressions,
      appNamespaces: config.watchNamespaces,
      exceptNamespaces: config.exceptNamespaces,
      // In a namespace that is not watched, a deleted app cannot be detected.
      appExists: (namespace, name) => {
        const key = `${namespace}/${name}`;
        return !apps.follows(namespace) || apps.get(key) !== undefined || apps.isUnreadable(key);
      },
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
      // One label value for all kinds, since tenants could create any number of kinds.
      observer: reflectorObserver(metrics, "remote"),
    });
    metrics.onScrape(() => metrics.reflector.objects.of({ kind: "managed" }).set(this.size));
  }

  /** Number of tracked live objects. */
  get size(): number {
    return this.local.context.tracker.size + this.remote.size;
  }

  /** Starts watching the local cluster. A remote cluster is watched from its first app on. */
  start(): void {
    this.local.start();
  }

  /** Stops all watches and closes all connections. */
  async stop(): Promise<void> {
    await Promise.all([this.local.stop(), this.remote.close()]);
  }
}
