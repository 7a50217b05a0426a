import { LRUCache } from "lru-cache";
import type { GitRef } from "../../../api/git-ref.js";
import type { Clock } from "../../../base/clock.js";
import { withDeadline } from "../../../base/deadline.js";
import { OverseerError } from "../../../base/errors.js";
import {
  type DetachedSignature,
  type GitEngine,
  GitError,
  isGitError,
  type ResolvedRef,
  readSignedCommit,
  readSignedTag,
  type SignatureVerifier,
  type Signer,
  type TrustedKeys,
  VERIFICATION_ERRORS,
  type Verify,
} from "../../../git/index.js";
import type { RepositoryPoll } from "../repository-poll.js";
import type { VerifiedRecord } from "../revision-index.js";
import { readRange, short } from "./range.js";
import { hasPlace, MAX_RECORDS, recordedRevision, refName } from "./records.js";

/** Remembered signers of commits, by commit and keys: a range that fails is read again by each poll. */
const MAX_REMEMBERED = 20_000;
/** Signatures verified concurrently for one repository. */
const AT_ONCE = 4;

/** A revision to verify. */
export interface Candidate {
  readonly ref: GitRef | undefined;
  readonly target: ResolvedRef;
  /** Id of the annotated tag that the ref names. */
  readonly tag: string | undefined;
  /** Record of the revision of this ref in use. */
  readonly before: VerifiedRecord | undefined;
}

/** A revision that is not used, because its signatures do not satisfy spec.verify. */
export class UnverifiedRevision extends OverseerError {
  /** The rejected revision; undefined if the keys could not be read. */
  readonly revision: string | undefined;

  constructor(error: GitError, revision?: string) {
    const { code, reason, message } = error;
    super(message, { code, reason, class: error.class, cause: error });
    this.revision = revision;
  }
}

/** Returns whether an error means that signatures are missing, or cannot be verified. */
export function isVerification(error: unknown): boolean {
  return error instanceof UnverifiedRevision || isGitError(error, ...VERIFICATION_ERRORS);
}

/** Returns the revision that an error rejects, if any. */
export function rejectedRevision(error: unknown): string | undefined {
  return error instanceof UnverifiedRevision ? error.revision : undefined;
}

/** What verifying needs of the services of the reconciler. */
interface Services {
  readonly engine: GitEngine;
  readonly clock: Clock;
}

/** Verifies the revisions of repositories with `spec.verify`. */
export class RevisionVerifier {
  readonly #signatures: SignatureVerifier;
  readonly #signers = new LRUCache<string, Signer>({ max: MAX_REMEMBERED });

  constructor(signatures: SignatureVerifier) {
    this.#signatures = signatures;
  }

  /**
   * Verifies a fetched revision with the keys of the poll; does nothing if it was verified with them before. Throws
   * `UnverifiedRevision`, and the errors of reading the history.
   */
  async verify(services: Services, poll: RepositoryPoll, candidate: Candidate): Promise<VerifiedRecord | undefined> {
    const { keys, repository } = poll;
    const { verify } = repository.spec;
    if (verify === undefined || keys === undefined) return undefined;
    const { before, target, tag } = candidate;
    const isKnown =
      before?.commit === target.commit &&
      before.keys === keys.digest &&
      before.mode === verify.mode &&
      before.since === verify.since &&
      (verify.mode !== "Tag" || before.tag === `${target.ref} ${tag}`);
    if (isKnown) return before;
    try {
      return await this.#signatures.use(keys, poll.signal, (check) =>
        this.#check(services, { ...poll, keys, mode: verify.mode }, candidate, check),
      );
    } catch (error) {
      if (isGitError(error, ...VERIFICATION_ERRORS)) throw new UnverifiedRevision(error, target.revision);
      throw error;
    }
  }

  /** Returns whether the commit itself has a signature that the keys accept. */
  async isSigned(
    engine: GitEngine,
    poll: Pick<RepositoryPoll, "remote" | "signal">,
    keys: TrustedKeys,
    commit: string,
  ) {
    try {
      return (await this.signerOf(engine, poll, keys, commit)) !== undefined;
    } catch (error) {
      if (isGitError(error, ...VERIFICATION_ERRORS)) return false;
      throw error;
    }
  }

  /** Returns who has signed a commit; undefined if it was not fetched. Throws GitError if the keys do not accept its signature. */
  async signerOf(
    engine: GitEngine,
    { remote, signal }: Pick<RepositoryPoll, "remote" | "signal">,
    keys: TrustedKeys,
    commit: string,
  ): Promise<Signer | undefined> {
    const content = (await engine.open(remote, commit))?.raw;
    if (content === undefined) return undefined;
    return this.#signatures.use(keys, signal, (verify) => this.#commit(verify, keys, commit, content));
  }

  async #check(services: Services, poll: Checked, candidate: Candidate, verify: Verify): Promise<VerifiedRecord> {
    const { keys, mode, repository } = poll;
    const { commit } = candidate.target;
    const since = repository.spec.verify?.since;
    const fields = { commit, mode, keys: keys.digest, ...(since === undefined ? {} : { since }) };
    if (mode === "Tag") {
      const signer = await this.#tag(services, poll, candidate, verify);
      const message = `the tag ${tagName(candidate.target) ?? ""} is signed by ${shown(signer)}`;
      return { ...fields, ...signed(signer), tag: `${candidate.target.ref} ${candidate.tag}`, message };
    }
    const content = (await services.engine.open(poll.remote, commit))?.raw;
    if (content === undefined) throw new GitError("GIT_STORE_DAMAGED", `commit ${commit} is missing in the Git cache`);
    const signer = await this.#commit(verify, keys, commit, content);
    const message = `commit ${short(commit)} is signed by ${shown(signer)}`;
    if (mode === "HEAD") return { ...fields, ...signed(signer), message };
    const older = anchorOf(candidate, poll);
    if (older === undefined && !hasPlace(repository, candidate.ref))
      throw new GitError(
        "GIT_UNSIGNED",
        `status.verified has no place for ${refName(candidate.ref)}, so that it could be moved back: with spec.verify.mode Range, apps can use ${MAX_RECORDS} refs of a repository. Use fewer, another GitRepository, or the mode HEAD`,
      );
    const count =
      older === undefined || older.commit === commit ? 0 : await this.#range(services, poll, candidate, older, verify);
    const others = count > 1 && older ? `, and so are all ${count} commits since ${short(older.commit)}` : "";
    return { ...fields, ...signed(signer), message: message + others };
  }

  /** Verifies all commits since `older`. Returns their number. */
  async #range(
    services: Services,
    poll: Checked,
    { target }: Candidate,
    older: Anchor,
    verify: Verify,
  ): Promise<number> {
    const { engine, clock } = services;
    const { remote, signal, limit, keys } = poll;
    const request = {
      remote,
      newer: target.commit,
      older: older.commit,
      role: older.role,
      ref: target.ref ?? "the ref",
    };
    const { commits, history } = await readRange(engine, request, (work) =>
      withDeadline({ ...limit, clock, signal }, work),
    );
    const check = async (id: string): Promise<void> => {
      const object = await history.read(id);
      if (object !== undefined) await this.#commit(verify, keys, id, object.content);
    };
    try {
      for (let at = 0; at < commits.length; at += AT_ONCE)
        await Promise.all(commits.slice(at, at + AT_ONCE).map(check));
    } catch (error) {
      if (!isGitError(error, "GIT_UNSIGNED", "GIT_SIGNATURE_INVALID", "GIT_KEY_UNTRUSTED")) throw error;
      const hint = `${target.commit === older.commit ? "" : `; to accept what ${short(target.commit)} contains without that, set spec.verify.since to ${target.commit}`}`;
      throw new GitError(error.code, error.message + hint);
    }
    return commits.length;
  }

  async #commit(verify: Verify, keys: TrustedKeys, id: string, content: Uint8Array): Promise<Signer> {
    const memory = `${id} ${keys.digest}`;
    const known = this.#signers.get(memory);
    if (known !== undefined) return known;
    const { author, signature } = readSignedCommit(content, `commit ${short(id)}`);
    const signer = await verify(signature, `commit ${short(id)} by ${author}`);
    this.#signers.set(memory, signer);
    return signer;
  }

  async #tag(services: Services, poll: Checked, { target, tag }: Candidate, verify: Verify): Promise<Signer> {
    const { engine, clock } = services;
    const { remote, signal, limit } = poll;
    const name = tagName(target);
    if (name === undefined)
      throw new GitError(
        "GIT_UNSIGNED",
        `${target.ref ?? target.commit} is not a tag, which spec.verify.mode Tag requires: set ref.tag or ref.semver, or use the mode HEAD`,
      );
    if (tag === undefined)
      throw new GitError(
        "GIT_UNSIGNED",
        `the tag ${name} is not annotated and so has no signature: create it again with git tag -s`,
      );
    const history = await withDeadline({ ...limit, clock, signal }, (within) =>
      engine.history(remote, { wants: [tag], depth: 1 }, within),
    );
    const object = await history.read(tag);
    if (object?.type !== "tag") throw new GitError("GIT_INCOMPLETE", `the server did not send the tag ${name}`);
    return verify(...signedTag(object.content, name, target.commit));
  }
}

/** A poll of a repository with keys. */
interface Checked extends RepositoryPoll {
  readonly keys: TrustedKeys;
  readonly mode: VerifiedRecord["mode"];
}

/** The commit after which all are verified. */
interface Anchor {
  readonly commit: string;
  readonly role: string;
}

/** A new value of `since` is used once: after that, the last verified commit counts, so that the ref cannot be moved back. */
function anchorOf({ ref, before }: Candidate, { repository }: RepositoryPoll): Anchor | undefined {
  const record = before ?? recordedRevision(repository, ref);
  const since = repository.spec.verify?.since;
  if (since !== undefined && record?.since !== since) return { commit: since, role: "which spec.verify.since names" };
  return record && { commit: record.commit, role: "the last verified commit" };
}

/** Checks that a signed tag is the one that the ref names: an old signed tag could be pushed under a new name. */
function signedTag(content: Uint8Array, name: string, commit: string): [DetachedSignature | undefined, string] {
  const tag = readSignedTag(content, `the tag ${name}`);
  const refuse = (why: string): GitError =>
    new GitError("GIT_SIGNATURE_INVALID", `the tag ${name} ${why}: create it again with git tag -s`);
  if (tag.name !== name) throw refuse("contains the tag object of another name");
  if (tag.type !== "commit") throw refuse(`points to a ${tag.type} instead of a commit`);
  if (tag.target !== commit) throw refuse(`points to another commit than ${short(commit)}`);
  return [tag.signature, `the tag ${name} by ${tag.tagger}`];
}

function tagName({ ref }: ResolvedRef): string | undefined {
  return ref?.startsWith("refs/tags/") === true ? ref.slice("refs/tags/".length) : undefined;
}

function signed({ name, key }: Signer): { readonly signer: string; readonly key: string } {
  return { signer: name, key };
}

function shown({ name, key }: Signer): string {
  return `${name} (${key})`;
}
