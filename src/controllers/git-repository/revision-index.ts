import type { GitRef } from "../../api/git-ref.js";
import type { OverseerError } from "../../base/errors.js";
import { canonicalJson } from "../../base/hash.js";
import type { GitRemote } from "../../git/engine.js";

/** A ref at a commit that is in the local store, verified. */
export interface ResolvedRevision {
  readonly remote: GitRemote;
  readonly commit: string;
  /** For people: `main@sha1:…`. */
  readonly revision: string;
}

/** What is known of one ref of a repository. A ref that cannot be resolved now may still have its last good revision. */
export interface RefState {
  readonly resolved: ResolvedRevision | undefined;
  readonly error: OverseerError | undefined;
}

/** Which commit each ref of each repository is at, as last polled: what apps read instead of asking Git. */
export class RevisionIndex {
  readonly #repositories = new Map<string, Map<string, RefState>>();

  /** The state of a ref; undefined before the first poll of it. */
  get(repository: string, ref: GitRef | undefined): RefState | undefined {
    return this.#repositories.get(repository)?.get(refKey(ref));
  }

  /** Records a ref. True when its commit is another one than before, or its error came or went. */
  set(repository: string, ref: GitRef | undefined, state: RefState): boolean {
    const refs = this.#repositories.get(repository) ?? new Map<string, RefState>();
    this.#repositories.set(repository, refs);
    const before = refs.get(refKey(ref));
    refs.set(refKey(ref), state);
    return (
      before === undefined ||
      before.resolved?.commit !== state.resolved?.commit ||
      before.resolved?.remote.id !== state.resolved?.remote.id ||
      before.error?.message !== state.error?.message
    );
  }

  /** All verified revisions in use. */
  *revisions(): Iterable<ResolvedRevision> {
    for (const refs of this.#repositories.values())
      for (const { resolved } of refs.values()) if (resolved) yield resolved;
  }

  forget(repository: string): void {
    this.#repositories.delete(repository);
  }
}

/** Equal refs have equal keys. */
export function refKey(ref: GitRef | undefined): string {
  return canonicalJson(ref ?? {});
}
