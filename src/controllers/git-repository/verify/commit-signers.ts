import type { GitRepository } from "../../../api/git-repository.js";
import { type GitEngine, type GitRemote, isGitError, readSignedCommit } from "../../../git/index.js";
import type { SecretCache } from "../../secret-cache.js";
import { verificationKeys } from "./keys.js";
import type { RevisionVerifier } from "./revision-verifier.js";

/** Tells which key has signed a commit. */
export interface CommitSigners {
  /**
   * Returns the key of a verified signature of a commit with one parent, for example `ED25519 SHA256:…`. Undefined if `spec.verify` of the
   * repository is not set, or the commit is not signed, or its key is not accepted. Throws GitError if that cannot be found out.
   */
  keyOf(repository: GitRepository, remote: GitRemote, commit: string, signal: AbortSignal): Promise<string | undefined>;
}

/** Verifies signatures of commits with the keys of their repositories. */
export class VerifiedCommitSigners implements CommitSigners {
  readonly #engine: GitEngine;
  readonly #secrets: SecretCache;
  readonly #verifier: RevisionVerifier;

  constructor(engine: GitEngine, secrets: SecretCache, verifier: RevisionVerifier) {
    this.#engine = engine;
    this.#secrets = secrets;
    this.#verifier = verifier;
  }

  async keyOf(
    repository: GitRepository,
    remote: GitRemote,
    commit: string,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const keys = await verificationKeys({ secrets: this.#secrets }, repository);
    if (keys === undefined) return undefined;
    const content = (await this.#engine.open(remote, commit))?.raw;
    if (content === undefined) return undefined;
    try {
      // Who merges others' commits has not made them.
      if (readSignedCommit(content, `commit ${commit}`).parents.length > 1) return undefined;
      return (await this.#verifier.signerOf(this.#engine, { remote, signal }, keys, commit))?.key;
    } catch (error) {
      if (isGitError(error, "GIT_UNSIGNED", "GIT_SIGNATURE_INVALID", "GIT_KEY_UNTRUSTED")) return undefined;
      throw error;
    }
  }
}
