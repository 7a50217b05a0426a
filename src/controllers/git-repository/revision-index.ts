import type { GitRef } from "../../api/git-ref.js";
import type { VerifiedRevision } from "../../api/git-repository.js";
import type { OverseerError } from "../../base/errors.js";
import { canonicalJson } from "../../base/hash.js";
import type { GitRemote } from "../../git/engine.js";

/** A ref at a commit that is verified and in the local store. */
export interface ResolvedRevision {
  readonly remote: GitRemote;
  readonly commit: string;
  /** Display form: `main@sha1:…`. */
  readonly revision: string;
  /** Whether apps read its submodules. */
  readonly recurseSubmodules?: boolean;
  /** Whether files are fetched when they are read, because the repository is too large. */
  readonly onDemand?: boolean;
  /** How it was verified, with spec.verify. */
  readonly verified?: VerifiedRecord;
}

/** State of one ref of a repository. A ref that cannot be resolved now may keep its last good revision. */
export interface RefState {
  readonly resolved: ResolvedRevision | undefined;
  readonly error: OverseerError | undefined;
  /** Where to read what is applied, if no revision may be used. */
  readonly remote?: GitRemote;
}

/** Index of the last polled commit of each ref of each repository, which apps read instead of contacting Git. */
export class RevisionIndex {
  readonly #related = new Map<string, Map<string, GitRemote>>();
  readonly #repositories = new Map<string, Map<string, RefState>>();

  /** Returns the state of a ref; undefined before its first poll. */
  get(repository: string, ref: GitRef | undefined): RefState | undefined {
    return this.#repositories.get(repository)?.get(refKey(ref));
  }

  /** Returns the remote of a ref, also while none of its revisions may be used. */
  remoteOf(repository: string, ref: GitRef | undefined): GitRemote | undefined {
    const state = this.get(repository, ref);
    return state?.resolved?.remote ?? state?.remote;
  }

  /** Records the state of a ref. Returns whether its commit, remote or error changed. */
  set(repository: string, ref: GitRef | undefined, state: RefState): boolean {
    const refs = this.#repositories.get(repository) ?? new Map<string, RefState>();
    this.#repositories.set(repository, refs);
    const before = refs.get(refKey(ref));
    refs.set(refKey(ref), state);
    return (
      before === undefined ||
      before.resolved?.commit !== state.resolved?.commit ||
      before.resolved?.recurseSubmodules !== state.resolved?.recurseSubmodules ||
      before.resolved?.remote.id !== state.resolved?.remote.id ||
      before.error?.message !== state.error?.message
    );
  }

  /** Yields all verified revisions in use. */
  *revisions(): Iterable<ResolvedRevision> {
    for (const refs of this.#repositories.values())
      for (const { resolved } of refs.values()) if (resolved) yield resolved;
  }

  /**
   * Notes that a submodule or remote base that a repository names is read from `remote`. With a new credential, it replaces the one of the same
   * URL, whose clone is not needed any more.
   */
  useRelated(repository: string, remote: GitRemote): void {
    const remotes = this.#related.get(repository) ?? new Map<string, GitRemote>();
    this.#related.set(repository, remotes.set(`${remote.url} ${remote.credential !== undefined}`, remote));
  }

  /** Yields the remotes of submodules and remote bases that were read. */
  *relatedRemotes(): Iterable<GitRemote> {
    for (const remotes of this.#related.values()) yield* remotes.values();
  }

  forget(repository: string): void {
    this.#related.delete(repository);
    this.#repositories.delete(repository);
  }
}

/** Returns a key that is equal for equal refs. */
export function refKey(ref: GitRef | undefined): string {
  return canonicalJson(ref ?? {});
}

/** How a commit was verified. The fields of the status, and the message of the condition. */
export interface VerifiedRecord extends Omit<VerifiedRevision, "ref"> {
  /** Name and id of the tag, in mode Tag: the same object may be pushed under another name. */
  readonly tag?: string;
  readonly message: string;
}
