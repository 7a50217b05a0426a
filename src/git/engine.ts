import type { TimeLimit } from "../base/deadline.js";
import type { HttpProxy } from "../base/proxy.js";
import type { GitHistory } from "./history/history.js";
import type { HistoryRequest } from "./history/request.js";
import type { SshAddress } from "./ssh/address.js";

/**
 * Interface of Git implementations. Two rules apply to every engine:
 * - a commit exists only after its pack, trees and blobs have been verified; a ref on disk proves nothing;
 * - a credential never appears in a URL, an argument, an error message or a log line.
 */
export interface GitEngine {
  /** Lists the remote's refs and their targets, with one small request if the protocol allows it. */
  listRefs(remote: GitRemote, prefixes: readonly string[], signal: AbortSignal): Promise<RemoteRefs>;
  /**
   * Fetches `commit` into the local store of `remote` and verifies it completely: pack checksum, object count, commit, every tree
   * and every blob. Does nothing if the store already has it. `target.ref` is the full name of the ref that the commit was
   * resolved from, for servers that do not serve commits by id. `limit` applies to the fetch and, separately, to waiting for
   * other fetches; an engine also has its own limit.
   */
  fetch(remote: GitRemote, target: FetchTarget, signal: AbortSignal, limit?: TimeLimit): Promise<FetchResult>;
  /**
   * Reads commits and annotated tags with their ancestors, without files and without storing them: a few hundred bytes each if the
   * server supports filters. Throws `GIT_HISTORY_UNSUPPORTED`.
   */
  history(remote: GitRemote, request: HistoryRequest, signal: AbortSignal): Promise<GitHistory>;
  /** Opens the verified snapshot of a commit; undefined if the store does not have it (fetch it first). */
  open(remote: GitRemote, commit: string): Promise<CommitSnapshot | undefined>;
  /**
   * Declares which commits of a remote are still needed. The others may be dropped, except those fetched within the last
   * minutes. An engine never drops a commit otherwise, and frees space only if it is worth the work.
   */
  retain(remote: GitRemote, commits: readonly string[]): Promise<void>;
  /** Removes the stores of all remotes not in `keep`, and frees memory. */
  prune(keep: readonly GitRemote[]): Promise<void>;
  /** Closes idle connections and frees memory. The engine can be used again. */
  close(): Promise<void>;
}

/** A repository accessed with one credential. Tenants with different credentials never share a store. */
export interface GitRemote {
  /** Normalized, without password; without user name too, except for SSH. */
  readonly url: string;
  /** Set if the repository is read over SSH. */
  readonly ssh?: SshAddress;
  readonly credential: GitCredential | undefined;
  /** Proxy of this remote, instead of those in the environment. */
  readonly proxy?: HttpProxy;
  /** Digest of URL, credential and proxy, which identifies the store and the poll. Reveals no secret. */
  readonly id: string;
}

/** Credential of a remote. `ca` is PEM and extends the system's certificate authorities. */
export interface GitCredential {
  readonly username?: string;
  readonly password?: string;
  readonly bearerToken?: string;
  readonly ca?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
  readonly ssh?: SshCredential;
  readonly githubApp?: GithubApp;
}

/** A GitHub App, which gets short-lived tokens. */
export interface GithubApp {
  /** App ID or client ID. */
  readonly id: string;
  /** Installation ID; if unset, that of the repository is looked up. */
  readonly installation?: string;
  /** RSA key in PEM format. */
  readonly privateKey: string;
  /** URL of the API, without a slash at the end. */
  readonly api: string;
  /** Whether the Secret names the API; otherwise it is that of the repository's host. */
  readonly isOwnApi: boolean;
}

/** Key for SSH, and the host keys to expect. */
export interface SshCredential {
  /** PEM text. */
  readonly privateKey: string;
  /** Set if the private key is encrypted. */
  readonly passphrase?: string;
  /** Content of a `known_hosts` file; no other host key is accepted. */
  readonly knownHosts: string;
}

/** Refs of a remote: full name → commit id (annotated tags peeled to their commit); includes `HEAD` if requested. */
export interface RemoteRefs {
  readonly refs: ReadonlyMap<string, string>;
  /** Annotated tags: full name → id of the tag object. */
  readonly tags?: ReadonlyMap<string, string>;
  /** Full name of the branch that HEAD points to; undefined in an empty repository or if HEAD is detached. */
  readonly head: string | undefined;
}

/** A commit to fetch. */
export interface FetchTarget {
  readonly commit: string;
  readonly ref: string | undefined;
  /** Namespace on whose behalf is fetched: one tenant leaves a slot to others, and tenants take turns. Defaults to the server. */
  readonly tenant?: string | undefined;
}

/** Result of a fetch. */
export interface FetchResult {
  /** False if the store already had the commit. */
  readonly fetched: boolean;
  readonly bytes: number;
  readonly objects: number;
  /** Whether only the commit was fetched, because the repository is too large: files are fetched when they are read. */
  readonly onDemand?: boolean;
}

/** Author, message and times of a commit. */
export interface CommitInfo {
  readonly id: string;
  readonly author: string;
  readonly email: string;
  /** Seconds since the epoch. */
  readonly time: number;
  /** Full commit message. */
  readonly message: string;
}

/** One file of a tree. */
export interface TreeFile {
  /** Relative to the requested tree, with `/`. */
  readonly path: string;
  readonly blob: string;
  readonly kind: "file" | "executable" | "symlink" | "submodule";
  /** Why the file cannot be used: a name in its path is not valid on every system. */
  readonly fault?: string;
}

/** Read access to one verified commit. */
export interface GitSnapshot {
  readonly commit: CommitInfo;
  /** Returns the entry at `path` (`""` = root); undefined if there is none. The caller reports an error if it is a file. */
  treeAt(path: string): Promise<TreeEntry | undefined>;
  /** Returns the ID that Git has for the folder at `path`, if `treeAt` returns another one. */
  treeId?(path: string): Promise<string>;
  /** Lists all files below a tree, sorted by path in byte order; unusable names have a `fault`. */
  listFiles(tree: string, limits: TreeLimits): Promise<readonly TreeFile[]>;
  /** Lists the names of files and folders directly in a tree, for hints. */
  listNames(tree: string): Promise<readonly string[]>;
  /** Returns the content of a file or the target of a symlink. Do not modify it: the bytes may be shared. */
  readBlob(blob: string): Promise<Uint8Array>;
  /** Announces files that are read next, so that missing ones are fetched together. Optional: reading works without it. */
  prepare?(blobs: readonly string[]): Promise<void>;
}

/** Read access to one verified commit of a repository. */
export interface CommitSnapshot extends GitSnapshot {
  /** Content of the commit object. Do not modify it. */
  readonly raw: Uint8Array;
  /** Whether files are fetched when they are read, because the repository is too large. */
  readonly onDemand?: boolean;
}

/** Entry at a path. */
export interface TreeEntry {
  readonly id: string;
  readonly kind: "tree" | "file" | "symlink" | "submodule";
}

/** Limits that protect against hostile trees. */
export interface TreeLimits {
  readonly maxFiles: number;
  readonly maxDepth: number;
}
