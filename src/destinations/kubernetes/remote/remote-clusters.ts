import { type BackoffPolicy, backoffDelay, jitter } from "../../../base/backoff.js";
import type { Timer } from "../../../base/clock.js";
import { type MemoryExcess, memoryExcess, type RemoteMemoryLimits } from "./memory-limits.js";
import type { RemoteAccess } from "./remote-access.js";
import { RemoteCluster, type RemoteClusterParts } from "./remote-cluster.js";

const MIB = 1024 * 1024;
/** Until a cluster that exceeded a memory limit is observed again: each attempt may receive as much as the limit. */
const EXCESS_BACKOFF: BackoffPolicy = { baseMs: 60_000, factor: 2, maxMs: 1_800_000 };
/** A cluster that was observed for this long is tried again after the shortest delay. */
const STABLE_MS = 1_800_000;

/** Options of the connections. */
export interface RemoteClustersOptions extends RemoteClusterParts {
  readonly memory: RemoteMemoryLimits;
}

/** One connection. `excesses`: how often in a row it exceeded a memory limit. */
interface Entry {
  readonly access: RemoteAccess;
  readonly cluster: RemoteCluster;
  excesses: number;
  /** Opens it again after an excess. */
  timer: Timer | undefined;
}

/**
 * The connections to remote clusters, one per credential. A connection that no app uses is closed. One that exceeds a limit of the memory
 * is closed too, and opened again after a delay. See docs/adr/0063-memory-of-remote-clusters.md.
 */
export class RemoteClusters {
  readonly #options: RemoteClustersOptions;
  readonly #byId = new Map<string, Entry>();
  readonly #idByApp = new Map<string, string>();

  constructor(options: RemoteClustersOptions) {
    this.#options = options;
  }

  /** Number of tracked objects in all remote clusters. */
  get size(): number {
    let size = 0;
    for (const cluster of this.all()) size += cluster.size;
    return size;
  }

  /** Yields the clusters, of which several may be the same one with other credentials. */
  *all(): Iterable<RemoteCluster> {
    for (const { cluster } of this.#byId.values()) yield cluster;
  }

  /** Assigns an app to the cluster of its kubeconfig. */
  use(app: string, access: RemoteAccess): RemoteCluster {
    const { id } = access;
    if (this.#idByApp.get(app) !== id) this.release(app);
    const { cluster } = this.#byId.get(id) ?? this.#open(access, 0);
    this.#idByApp.set(app, id);
    cluster.apps.add(app);
    return cluster;
  }

  /** Releases the cluster of an app. */
  release(app: string): void {
    const id = this.#idByApp.get(app);
    const entry = id === undefined ? undefined : this.#byId.get(id);
    this.#idByApp.delete(app);
    if (id === undefined || entry === undefined) return;
    const { cluster } = entry;
    cluster.apps.delete(app);
    if (cluster.apps.size > 0) return;
    entry.timer?.cancel();
    this.#byId.delete(id);
    void cluster.close();
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    const entries = [...this.#byId.values()];
    this.#byId.clear();
    this.#idByApp.clear();
    for (const { timer } of entries) timer?.cancel();
    await Promise.all(entries.map(({ cluster }) => cluster.close()));
  }

  #open(access: RemoteAccess, excesses: number): Entry {
    const cluster = new RemoteCluster(access, this.#options, () => this.#checkMemory());
    const entry: Entry = { access, cluster, excesses, timer: undefined };
    this.#byId.set(access.id, entry);
    return entry;
  }

  #checkMemory(): void {
    for (;;) {
      const open = [...this.all()].filter(({ isRefused }) => !isRefused);
      const excess = memoryExcess(open, this.#options.memory);
      const entry = excess && [...this.#byId.values()].find(({ cluster }) => cluster === excess.connection);
      if (!excess || !entry) return;
      this.#refuse(entry, excess);
    }
  }

  #refuse(entry: Entry, { connection, limit }: MemoryExcess<RemoteCluster>): void {
    const { clock, logger, memory } = this.#options;
    if (clock.monotonic() - connection.since > STABLE_MS) entry.excesses = 0;
    const delay = jitter(backoffDelay(EXCESS_BACKOFF, ++entry.excesses), 0.2, Math.random());
    logger.warn("a remote cluster exceeds a memory limit: it is not observed for now", {
      cluster: connection.cluster,
      limit,
      limitBytes: memory[limit],
      bytes: connection.total,
      retryInMs: Math.round(delay),
    });
    connection.refuse(describeExcess(connection, limit, memory[limit]));
    entry.timer = clock.after(delay, () => this.#reopen(entry));
  }

  /** Replaces a closed connection, for the same apps. */
  #reopen({ access, cluster, excesses }: Entry): void {
    const entry = this.#open(access, excesses);
    for (const app of cluster.apps) entry.cluster.apps.add(app);
    this.#options.events.retry(entry.cluster.apps);
  }
}

function describeExcess({ largestPart }: RemoteCluster, limit: keyof RemoteMemoryLimits, bytes: number): string {
  const [what, remedy] = EXCESSES[limit];
  const where = largestPart === undefined ? "" : ` (most of it for ${largestPart})`;
  return `${what} ${Math.ceil(bytes / MIB)} MiB of memory${where}: manage fewer objects there, or raise ${remedy}`;
}

const EXCESSES: Readonly<Record<keyof RemoteMemoryLimits, readonly [what: string, remedy: string]>> = {
  cluster: ["its objects need more than", "--max-remote-cluster-bytes of the operator"],
  namespace: ["all clusters of the namespace need more than", "--max-remote-namespace-bytes of the operator"],
  total: ["all remote clusters need more than", "the memory limit of the operator"],
};
