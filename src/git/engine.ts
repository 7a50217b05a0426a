import type { TimeLimit } from "./deadline.js";

/**
 * The seam between the product and whatever speaks Git. Two rules hold for every engine:
 * - a commit exists here only after its pack, trees and blobs were verified; a ref on disk proves nothing;
 * - no credential is ever in a URL, an argument, an error text or a log line.
 */
export interface GitEngine {
  /** What the remote's refs point at, by one small request where the protocol allows. */
  listRefs(remote: GitRemote, prefixes: readonly string[], signal: AbortSignal): Promise<RemoteRefs>;
  /**
   * Brings `commit` into the local store of `remote` and verifies it whole: pack checksum, object count, commit, every
   * tree and every blob. Does nothing when it is there already. `ref` is the full ref name it was found under, for servers that do not serve bare ids.
   * `limit` is for the fetch itself, and once more for the wait until other fetches let it begin; an engine has one of its own.
   */
  fetch(remote: GitRemote, target: FetchTarget, signal: AbortSignal, limit?: TimeLimit): Promise<FetchResult>;
  /** The verified snapshot of a commit; undefined when this store does not hold it (fetch it first). */
  open(remote: GitRemote, commit: string): Promise<GitSnapshot | undefined>;
  /**
   * Says which commits of a remote are still needed. The others may be dropped now, but for those fetched within the last
   * minutes. An engine never drops a commit on its own; dropping frees space only where it is worth the work.
   */
  retain(remote: GitRemote, commits: readonly string[]): Promise<void>;
  /** Drops stores that no remote in `keep` names, and lets go of memory. */
  prune(keep: readonly GitRemote[]): Promise<void>;
  /** Ends idle connections and lets go of memory. The engine can be used again. */
  close(): Promise<void>;
}

/** A repository as one credential sees it. Two tenants with different credentials never share a store. */
export interface GitRemote {
  /** Normalised, without user name and password. */
  readonly url: string;
  readonly credential: GitCredential | undefined;
  /** Digest of URL and credential: the name of the store and of the poll. No secret can be read from it. */
  readonly id: string;
}

/** How to show who we are. `ca` is PEM and comes on top of the system's. */
export interface GitCredential {
  readonly username?: string;
  readonly password?: string;
  readonly bearerToken?: string;
  readonly ca?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
}

/** Refs of a remote: full name → commit id (annotated tags peeled to their commit); with `HEAD` where it was asked for. */
export interface RemoteRefs {
  readonly refs: ReadonlyMap<string, string>;
  /** Full name of the branch that HEAD points at; undefined in an empty repository, and when HEAD is no branch. */
  readonly head: string | undefined;
}

/** A commit to fetch. */
export interface FetchTarget {
  readonly commit: string;
  readonly ref: string | undefined;
}

/** What a fetch brought. */
export interface FetchResult {
  /** False when the store had the commit already. */
  readonly fetched: boolean;
  readonly bytes: number;
  readonly objects: number;
}

/** Author, message and times of a commit. */
export interface CommitInfo {
  readonly id: string;
  readonly author: string;
  readonly email: string;
  /** Seconds since the epoch. */
  readonly time: number;
  /** The whole message. */
  readonly message: string;
}

/** One file of a tree. */
export interface TreeFile {
  /** Relative to the subtree that was asked for, with `/`. */
  readonly path: string;
  readonly blob: string;
  readonly kind: "file" | "executable" | "symlink" | "submodule";
  /** Why nobody may use the file, in a few words: a name in its path is none that every system takes. */
  readonly fault?: string;
}

/** Read access to one verified commit. */
export interface GitSnapshot {
  readonly commit: CommitInfo;
  /** Object id of the tree at `path` (`""` = root). Undefined when nothing is there; a file there is an error of the caller's to report. */
  treeAt(path: string): Promise<TreeEntry | undefined>;
  /** All files below a tree, sorted by path in byte order; those with a name that cannot be used say so. */
  listFiles(tree: string, limits: TreeLimits): Promise<readonly TreeFile[]>;
  /** The names in a tree itself, files and folders, for hints. */
  listNames(tree: string): Promise<readonly string[]>;
  /** The content of a file, or where a symlink points to. Do not write into it: others may be given the same bytes. */
  readBlob(blob: string): Promise<Uint8Array>;
}

/** What stands at a path. */
export interface TreeEntry {
  readonly id: string;
  readonly kind: "tree" | "file" | "symlink" | "submodule";
}

/** Caps that keep a hostile tree from eating the process. */
export interface TreeLimits {
  readonly maxFiles: number;
  readonly maxDepth: number;
}
