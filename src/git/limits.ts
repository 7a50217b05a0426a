/** Limits and timeouts of an engine. Repositories are untrusted, so everything that they can make grow has a limit. */
export interface GitLimits {
  /** Bytes of one list of all refs, branches or tags. */
  readonly maxRefBytes: number;
  /** Bytes of one response if refs are requested by name. */
  readonly maxNamedRefBytes: number;
  /** Refs kept of one list. */
  readonly maxRefs: number;
  /** Ref lists parsed concurrently, across all repositories. */
  readonly concurrentLists: number;
  /** Bytes of one pack on the wire. */
  readonly maxPackBytes: number;
  /** Bytes of one inflated object: a pack of 1 MB can contain an object of 1 GB. */
  readonly maxObjectBytes: number;
  /** Objects of one pack. */
  readonly maxObjects: number;
  /** Concurrent fetches, across all repositories. */
  readonly concurrentFetches: number;
  /** Concurrent fetches from one server. */
  readonly fetchesPerServer: number;
  /** Connections to one server. */
  readonly connectionsPerServer: number;
  /** Total time of one ref poll. */
  readonly pollTimeoutMs: number;
  /** Total time of one fetch. */
  readonly fetchTimeoutMs: number;
  /** Time to connect. */
  readonly connectTimeoutMs: number;
  /** Time without data from the server, before or within a response. */
  readonly silenceTimeoutMs: number;
  /** A store with more packs than this is repacked into one. */
  readonly maxPacks: number;
  /** Bytes below which saving traffic or disk space is not worth the work. */
  readonly trivialBytes: number;
  /** Bytes of pack files cached in memory, across all stores. */
  readonly cacheBytes: number;
  /** Total bytes of packs on disk above which no more is fetched; 0 means no limit. */
  readonly maxCacheBytes: number;
  /** Time without reads after which memory is freed. */
  readonly idleMs: number;
}

const MIB = 2 ** 20;

/** Defaults for an operator with 200 MB of memory. */
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
