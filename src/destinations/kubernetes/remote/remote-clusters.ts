import type { RemoteAccess } from "./remote-access.js";
import { RemoteCluster, type RemoteClusterParts } from "./remote-cluster.js";

/**
 * The connections to remote clusters, one per credential. A connection that no app uses is closed.
 */
export class RemoteClusters {
  readonly #parts: RemoteClusterParts;
  readonly #byId = new Map<string, RemoteCluster>();
  readonly #idByApp = new Map<string, string>();

  constructor(parts: RemoteClusterParts) {
    this.#parts = parts;
  }

  /** Number of tracked objects in all remote clusters. */
  get size(): number {
    let size = 0;
    for (const { connection } of this.#byId.values()) size += connection.context.tracker.size;
    return size;
  }

  /** Yields the clusters, of which several may be the same one with other credentials. */
  all(): Iterable<RemoteCluster> {
    return this.#byId.values();
  }

  /** Assigns an app to the cluster of its kubeconfig. */
  use(app: string, access: RemoteAccess): RemoteCluster {
    const { id } = access;
    if (this.#idByApp.get(app) !== id) this.release(app);
    const cluster = this.#byId.get(id) ?? new RemoteCluster(access, this.#parts);
    this.#byId.set(id, cluster);
    this.#idByApp.set(app, id);
    cluster.apps.add(app);
    return cluster;
  }

  /** Releases the cluster of an app. */
  release(app: string): void {
    const id = this.#idByApp.get(app);
    const cluster = id === undefined ? undefined : this.#byId.get(id);
    this.#idByApp.delete(app);
    if (id === undefined || cluster === undefined) return;
    cluster.apps.delete(app);
    if (cluster.apps.size > 0) return;
    this.#byId.delete(id);
    void cluster.close();
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    const clusters = [...this.#byId.values()];
    this.#byId.clear();
    this.#idByApp.clear();
    await Promise.all(clusters.map((cluster) => cluster.close()));
  }
}
