import { OverseerError } from "../../../base/errors.js";
import type { WriteGate } from "../../../base/write-gate.js";
import type { RequestObserver } from "../../../kube/client/kube-client.js";
import type { ServerLimits } from "../../../kube/client/server-limits.js";
import { Discovery } from "../../../kube/discovery.js";
import type { ReflectorObserver } from "../../../kube/watch/reflector.js";
import { ClusterConnection, type ClusterParts } from "../cluster-connection.js";
import { KubernetesDestination } from "../kubernetes-destination.js";
import { Reach } from "./connectivity.js";
import type { RemoteAccess } from "./remote-access.js";
import { RemoteClient } from "./remote-client.js";

/** Dependencies of all remote clusters. */
export interface RemoteClusterParts extends ClusterParts {
  readonly userAgent: string;
  readonly onRequest: RequestObserver;
  readonly gate: WriteGate;
  readonly observer: ReflectorObserver;
}

/** Limits that no well-behaved API server exceeds: lists are paged, and etcd accepts objects of at most 1.5 MiB. */
const LIMITS: ServerLimits = { responseBytes: 16 * 1024 * 1024, values: 1_000_000, page: 100, objects: 100_000 };
const CONNECTIONS = 8;

/** Runs discovery without the cache: a cluster may serve other kinds after an outage. */
async function discoverKinds(discovery: Discovery): Promise<void> {
  discovery.invalidate();
  if ((await discovery.all()).length > 0) return;
  throw new OverseerError("the server serves no API resources: it is not a Kubernetes API server", {
    code: "CLUSTER_FAILED",
    reason: "ClusterFailed",
    class: "retryable",
  });
}

/** A connection to a remote cluster with one credential, shared by all apps with that credential. */
export class RemoteCluster {
  /** Apps that use it, by `namespace/name`. */
  readonly apps = new Set<string>();
  readonly destination: KubernetesDestination;
  readonly connection: ClusterConnection;
  /** Short digest of address and certificate authority, as in the log. */
  readonly cluster: string;
  readonly #reach: Reach;

  constructor(access: RemoteAccess, parts: RemoteClusterParts) {
    const { apps } = this;
    this.cluster = access.cluster.slice(0, 8);
    const logger = parts.logger.child({ cluster: this.cluster });
    const client = new RemoteClient({
      ...{ access, clock: parts.clock, gate: parts.gate, userAgent: parts.userAgent, onRequest: parts.onRequest },
      connections: CONNECTIONS,
      limits: LIMITS,
      onConnectionFailure: () => this.#reach.suspect(),
    });
    const discovery = new Discovery(client, parts.clock);
    const observerFor = (): ReflectorObserver => parts.observer;
    const reader = "the user of the kubeconfig";
    this.connection = new ClusterConnection({ ...parts, logger, client, discovery, apps, observerFor, reader });
    this.#reach = new Reach({
      clock: parts.clock,
      logger,
      probe: () => discoverKinds(discovery),
      onChange: () => parts.events.retry(apps),
      onDown: () => client.breakOff(),
      onFirst: () => this.connection.start(),
    });
    this.destination = new KubernetesDestination(
      this.connection,
      `cluster ${access.cluster}`,
      this.#reach,
      access.server,
    );
    this.#reach.start();
  }

  /** Whether the cluster answers, as far as is known. */
  get reachable(): boolean {
    return this.#reach.problem === undefined;
  }

  /** Ends all watches and connections. */
  async close(): Promise<void> {
    this.#reach.stop();
    await this.connection.stop();
  }
}
