import type { RemoteAccess } from "./remote-access.js";
import { RemoteCluster, type RemoteClusterParts } from "./remote-cluster.js";

/**
 * Remote clusters, one for each credential. An app is given the one that its kubeconfig names; one that no app uses any more
 * is closed.
 */
export class RemoteClusters {
  readonly #parts: RemoteClusterParts;
  readonly #byId = new Map<string, RemoteCluster>();
  readonly #idByApp = new Map<string, string>();

  constructor(parts: RemoteClusterParts) {
    this.#parts = parts;
  }

  /** How many live objects are known in all of them. */
  get size(): number {
    let size = 0;
    for (const { connection } of this.#byId.values()) size += connection.context.tracker.size;
    return size;
  }

  /** The cluster for an app from now on. */
  use(app: string, access: RemoteAccess): RemoteCluster {
    const { id } = access;
    if (this.#idByApp.get(app) !== id) this.release(app);
    const cluster = this.#byId.get(id) ?? new RemoteCluster(access, this.#parts);
    this.#byId.set(id, cluster);
    this.#idByApp.set(app, id);
    cluster.apps.add(app);
    return cluster;
  }

  /** Says that an app needs no remote cluster any more. */
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

  /** Closes all of them. */
  async close(): Promise<void> {
    const clusters = [...this.#byId.values()];
    this.#byId.clear();
    this.#idByApp.clear();
    await Promise.all(clusters.map((cluster) => cluster.close()));
  }
}
