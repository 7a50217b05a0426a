/** Caps and times of an engine. Repositories are written by strangers: everything that they can make grow has a cap. */
export interface GitLimits {
  /** Bytes of one list of all refs, or of all branches or tags. */
  readonly maxRefBytes: number;
  /** Bytes of one answer when refs were asked for by their names. */
  readonly maxNamedRefBytes: number;
  /** Refs of one list that are kept. */
  readonly maxRefs: number;
  /** Lists of refs of which a part is read at the same moment, over all repositories. */
  readonly concurrentLists: number;
  /** Bytes of one pack on the wire. */
  readonly maxPackBytes: number;
  /** Bytes of one object once inflated: a pack of 1 MB can hold an object of 1 GB. */
  readonly maxObjectBytes: number;
  /** Objects of one pack. */
  readonly maxObjects: number;
  /** Fetches under way at once, over all repositories. */
  readonly concurrentFetches: number;
  /** Of these, from one server. */
  readonly fetchesPerServer: number;
  /** Connections to one server. */
  readonly connectionsPerServer: number;
  /** Whole time of one ref poll. */
  readonly pollTimeoutMs: number;
  /** Whole time of one fetch. */
  readonly fetchTimeoutMs: number;
  /** Time to connect. */
  readonly connectTimeoutMs: number;
  /** Silence of the server before an answer, or within one. */
  readonly silenceTimeoutMs: number;
  /** A store with more packs than this is packed anew into one. */
  readonly maxPacks: number;
  /** Bytes that are never worth the work of saving them, on the wire or on the disk. */
  readonly trivialBytes: number;
  /** Bytes of pack files kept in memory for reading, over all stores. */
  readonly cacheBytes: number;
  /** Bytes of the packs of all stores on disk, as far as nothing more is fetched above it; 0 means no limit. */
  readonly maxCacheBytes: number;
  /** Time without a read after which memory is let go. */
  readonly idleMs: number;
}

const MIB = 2 ** 20;

/** Limits that fit an operator with 200 MB of memory. */
export const DEFAULT_GIT_LIMITS: GitLimits = {
  maxRefBytes: 8 * MIB,
  maxNamedRefBytes: MIB,
  maxRefs: 100_000,
  concurrentLists: 4,
  maxPackBytes: 256 * MIB,
  maxObjectBytes: 64 * MIB,
  maxObjects: 1_000_000,
  concurrentFetches: 4,
  fetchesPerServer: 2,
  connectionsPerServer: 8,
  pollTimeoutMs: 30_000,
  fetchTimeoutMs: 600_000,
  connectTimeoutMs: 10_000,
  silenceTimeoutMs: 60_000,
  maxPacks: 50,
  trivialBytes: MIB,
  cacheBytes: 16 * MIB,
  maxCacheBytes: 0,
  idleMs: 60_000,
};
