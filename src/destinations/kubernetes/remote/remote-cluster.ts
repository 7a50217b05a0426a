import { messageOf, OverseerError } from "../../../base/errors.js";
import type { WriteGate } from "../../../base/write-gate.js";
import type { RequestObserver } from "../../../kube/client/kube-client.js";
import type { ServerLimits } from "../../../kube/client/server-limits.js";
import { ServerMemory } from "../../../kube/client/server-memory.js";
import { Discovery } from "../../../kube/discovery.js";
import { KubeConnectionError } from "../../../kube/errors.js";
import type { ReflectorObserver } from "../../../kube/watch/reflector.js";
import type { Unavailability } from "../../destination.js";
import { ClusterConnection, type ClusterParts } from "../cluster-connection.js";
import { KubernetesDestination } from "../kubernetes-destination.js";
import { Reach } from "./connectivity.js";
import type { MemoryUse } from "./memory-limits.js";
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
const LIMITS: Omit<ServerLimits, "memory"> = {
  responseBytes: 16 * 1024 * 1024,
  values: 1_000_000,
  page: 100,
  objects: 100_000,
};
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
export class RemoteCluster implements MemoryUse {
  /** Apps that use it, by `namespace/name`. */
  readonly apps = new Set<string>();
  readonly destination: KubernetesDestination;
  /** Short digest of address and certificate authority, as in the log. */
  readonly cluster: string;
  /** Monotonic time of its creation. */
  readonly since: number;
  readonly #reach: Reach;
  readonly #memory: ServerMemory;
  readonly #parts: RemoteClusterParts;
  /** Undefined once it was closed for what it used of the memory: its parts refer to the live state. */
  #connection: ClusterConnection | undefined;
  #closed: Promise<void> | undefined;
  /** Why it was closed for what it uses of the memory. */
  #excess: Unavailability | undefined;

  /** `onGrowth` is called every now and then while it uses more memory. */
  constructor(access: RemoteAccess, parts: RemoteClusterParts, onGrowth: () => void) {
    const { apps } = this;
    this.#parts = parts;
    this.since = parts.clock.monotonic();
    const memory = new ServerMemory(onGrowth);
    this.#memory = memory;
    this.cluster = access.cluster.slice(0, 8);
    const logger = parts.logger.child({ cluster: this.cluster });
    const client = new RemoteClient({
      ...{ access, clock: parts.clock, gate: parts.gate, userAgent: parts.userAgent, onRequest: parts.onRequest },
      connections: CONNECTIONS,
      limits: { ...LIMITS, memory },
      onConnectionFailure: () => this.#reach.suspect(),
    });
    const discovery = new Discovery(client, parts.clock);
    const observerFor = (): ReflectorObserver => parts.observer;
    const reader = "the user of the kubeconfig";
    const connection = new ClusterConnection({ ...parts, logger, client, discovery, apps, observerFor, reader });
    this.#connection = connection;
    this.#reach = new Reach({
      clock: parts.clock,
      logger,
      probe: () => discoverKinds(discovery),
      onChange: () => parts.events.retry(apps),
      onDown: () => client.breakOff(),
      onFirst: () => this.#connection?.start(),
    });
    this.destination = new KubernetesDestination(connection, `cluster ${access.cluster}`, this, access.server);
    this.#reach.start();
  }

  /** Whether the first response is still awaited. */
  get connecting(): boolean {
    return this.#excess === undefined && this.#reach.connecting;
  }

  /** Why the cluster is unavailable. */
  get problem(): Unavailability | undefined {
    return this.#excess ?? this.#reach.problem;
  }

  get kept(): number {
    return this.#memory.kept;
  }

  get total(): number {
    return this.#memory.total;
  }

  get namespaces(): ReadonlySet<string> {
    return new Set([...this.apps].map((app) => app.slice(0, app.indexOf("/"))));
  }

  /** Number of tracked objects. */
  get size(): number {
    return this.#connection?.context.tracker.size ?? 0;
  }

  /** The collection with the largest objects, as the path of its API. */
  get largestPart(): string | undefined {
    return this.#memory.largest()?.path;
  }

  /** Whether it was closed for what it uses of the memory. */
  get isRefused(): boolean {
    return this.#excess !== undefined;
  }

  /** Closes the connection and forgets its live state. Its apps report the message. */
  refuse(message: string): void {
    this.#excess = { reason: "ClusterTooLarge", message };
    this.#memory.refuse(new KubeConnectionError(message, undefined));
    this.#parts.events.retry(this.apps);
    const connection = this.#connection;
    const closed = this.close();
    this.#connection = undefined;
    closed.then(
      () => connection?.forget(),
      (error: unknown) => this.#parts.logger.warn("cannot close the connection", { error: messageOf(error) }),
    );
  }

  /** Whether the cluster answers, as far as is known. */
  get reachable(): boolean {
    return this.problem === undefined;
  }

  /** Ends all watches and connections. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#reach.stop();
    await this.#connection?.stop();
  }
}
