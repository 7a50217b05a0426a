import type { Clock } from "../../base/clock.js";
import type { FailpointHook } from "../../base/failpoint.js";
import type { HttpProxy, ProxyRules } from "../../base/proxy.js";
import type { FetchResult, FetchTarget, GitRemote } from "../engine.js";
import { GitError, isGitError } from "../errors.js";
import type { InstallationTokens } from "../github/installation-tokens.js";
import type { GitLimits } from "../limits.js";
import { notACommit, type TypedObject } from "../objects/not-a-commit.js";
import { isPlainRef } from "../refs/ref-filter.js";
import { gitAccess, withoutSecrets } from "./access.js";
import { damaged } from "./damage.js";
import { gitFailure } from "./failure.js";
import type { Generation } from "./manifest.js";
import type { GitProgram } from "./program.js";
import { sshFailure, withoutChatter } from "./ssh/failure.js";
import type { SshForGit, SshProgram } from "./ssh/program.js";
import type { NativeStore } from "./store.js";
import { verify } from "./verify.js";
import { watchSize } from "./watch-size.js";
import type { Workspace } from "./workspace.js";

/** One fetch. */
export interface FetchJob {
  readonly remote: GitRemote;
  /** The repository's current address, after redirects. */
  readonly base: string;
  readonly target: FetchTarget;
  readonly signal: AbortSignal;
}

/** Options of a fetcher. */
export interface FetcherOptions {
  readonly git: GitProgram;
  readonly limits: GitLimits;
  readonly clock: Clock;
  readonly failpoint: FailpointHook;
  readonly proxies: ProxyRules;
  readonly ssh: SshProgram;
  readonly tokens: InstallationTokens;
}

/** How a fetch reaches the server. */
interface Transport {
  readonly ssh?: SshForGit;
  readonly config?: Readonly<Record<string, string>>;
  /** Values to redact from the output. */
  readonly secrets?: readonly string[];
  readonly proxy?: HttpProxy | undefined;
}

/** Maximum number of `have` commits sent: the newest ones share most objects with a new one. */
const MAX_HAVES = 16;

/** One attempt with its wants and haves. */
interface Attempt {
  /** Commit id or ref name. */
  readonly want: string;
  readonly haves: readonly string[];
  readonly generation: Generation;
}

/** Fetches a commit into a store: receives it into a workspace, verifies it there, and only then publishes it. */
export class NativeFetcher {
  readonly #options: FetcherOptions;

  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  /**
   * Fetches one commit without its history, as a difference to the commits of the store. If the result is incomplete, the whole
   * commit is fetched. The commit is requested by id or, from a server that does not serve ids, by its ref.
   */
  async fetch(store: NativeStore, job: FetchJob): Promise<FetchResult> {
    const { commit, ref } = job.target;
    const generation = await store.current();
    const haves = newest(generation, ref);
    try {
      return await this.#attempt(store, job, { want: commit, haves, generation });
    } catch (error) {
      if (isGitError(error, "GIT_COMMIT_NOT_FOUND")) return this.#byRef(store, job, generation, error);
      if (haves.length === 0 || !isGitError(error, "GIT_INCOMPLETE")) throw error;
      return this.#attempt(store, job, { want: commit, haves: [], generation });
    }
  }

  async #byRef(store: NativeStore, job: FetchJob, generation: Generation, refusal: GitError): Promise<FetchResult> {
    const { commit, ref } = job.target;
    const { url } = job.remote;
    if (ref === undefined || !isPlainRef(ref)) {
      throw new GitError(
        "GIT_COMMIT_NOT_FOUND",
        `${url} does not serve commit ${commit} (${refusal.message}): check that the commit exists and is reachable from a branch or tag`,
        { cause: refusal },
      );
    }
    try {
      return await this.#attempt(store, job, { want: ref, haves: [], generation });
    } catch (error) {
      if (!isGitError(error, "GIT_INCOMPLETE", "GIT_COMMIT_NOT_FOUND")) throw error;
      const message = `${ref} of ${url} no longer points to commit ${commit}; the next poll resolves the ref again`;
      throw new GitError("GIT_COMMIT_NOT_FOUND", message, { cause: error });
    }
  }

  async #attempt(store: NativeStore, job: FetchJob, attempt: Attempt): Promise<FetchResult> {
    const workspace = await store.workspace(attempt.generation, attempt.haves);
    try {
      await this.#receive(workspace, job, attempt.want);
      this.#options.failpoint("git:after-fetch");
      const result = await this.#verify(workspace, job, attempt.haves);
      await publish(store, workspace, job, attempt, this.#options.clock.now());
      this.#options.failpoint("git:after-verified");
      return result;
    } finally {
      await workspace.remove();
    }
  }

  async #receive(workspace: Workspace, job: FetchJob, want: string): Promise<void> {
    const { remote } = job;
    if (remote.ssh !== undefined) {
      await this.#options.ssh.use(remote, ({ forGit }) => this.#run(workspace, job, want, { ssh: forGit }));
      return;
    }
    const proxy = remote.proxy ?? this.#options.proxies.proxyFor(remote.url);
    const credential = await this.#options.tokens.credentialOf(remote, job.signal);
    const access = await gitAccess({ ...remote, credential }, workspace.path, proxy);
    try {
      await this.#run(workspace, job, want, { config: access.config, secrets: access.secrets, proxy });
    } catch (error) {
      if (isGitError(error, "GIT_AUTH_FAILED", "GIT_REPOSITORY_NOT_FOUND")) this.#options.tokens.forget(remote);
      throw error;
    } finally {
      await access.forget();
    }
  }

  async #run(workspace: Workspace, job: FetchJob, want: string, transport: Transport): Promise<void> {
    const { git, limits, clock } = this.#options;
    const { remote, base, signal } = job;
    const { ssh, config, secrets = [], proxy } = transport;
    const watched = watchSize({ clock, signal, limit: limits.maxPackBytes, size: () => workspace.fresh.size() });
    try {
      const { code, stderr } = await git.run({
        args: [...FETCH, base, want],
        directory: workspace.path,
        objects: workspace.fresh.path,
        alternate: workspace.known.path,
        ...(config === undefined ? {} : { config }),
        ...(ssh === undefined ? {} : { ssh }),
        signal: watched.signal,
      });
      if (code !== 0) throw fetchFailure(remote, withoutSecrets(stderr, secrets), clock.now(), proxy);
      await watched.check();
    } finally {
      watched.stop();
    }
  }

  async #verify(workspace: Workspace, job: FetchJob, verified: readonly string[]): Promise<FetchResult> {
    const { git, limits, clock } = this.#options;
    const { objects, outcome, notCommits } = await verify(git, {
      directory: workspace.path,
      objects: workspace.fresh.path,
      alternate: workspace.known.path,
      commits: [job.target.commit],
      verified,
      maxObjects: limits.maxObjects,
      signal: job.signal,
    });
    if (notCommits.length > 0 || /expected commit type/.test(outcome.stderr)) {
      throw await this.#notACommit(workspace, job);
    }
    if (outcome.code !== 0) throw gitFailure(job.remote, outcome.stderr, clock.now());
    const [pack] = await workspace.fresh.list();
    return { fetched: true, bytes: pack?.bytes ?? 0, objects };
  }

  /** Returns the error for a target that is not a commit, with its type and final target. */
  async #notACommit(workspace: Workspace, { target, signal }: FetchJob): Promise<GitError> {
    let response = "";
    await this.#options.git.run({
      args: ["cat-file", "--batch-check=%(objectname) %(objecttype)"],
      input: `${target.commit}\n${target.commit}^{}\n`,
      directory: workspace.path,
      objects: workspace.fresh.path,
      alternate: workspace.known.path,
      onOutput: (chunk) => {
        response += chunk.toString("latin1");
      },
      signal,
    });
    const [wrong, peeled] = response.split("\n").map(typedObject);
    const { commit, ref } = target;
    return notACommit(wrong ?? { id: commit, type: "tag" }, wrong?.type === "tag" ? peeled : undefined, ref);
  }
}

/** Shallow but without a filter: all files are needed, so a partial clone would only cost a second request. */
const FETCH = [
  "fetch",
  "--quiet",
  "--depth=1",
  "--no-tags",
  "--no-write-fetch-head",
  "--no-auto-maintenance",
  "--no-recurse-submodules",
  "--end-of-options",
] as const;

/** Checks for concurrent changes by another process: the commits that the pack depends on must still exist. */
async function publish(
  store: NativeStore,
  workspace: Workspace,
  { target, remote }: FetchJob,
  { haves }: Attempt,
  now: number,
): Promise<void> {
  const [pack, ...others] = await workspace.fresh.list();
  if (others.length > 0) throw damaged(`what was fetched from ${remote.url}`);
  if (pack !== undefined) await store.take(pack, workspace.fresh);
  await store.update((manifest) => {
    if (!haves.every((have) => Object.hasOwn(manifest.commits, have))) throw damaged(`the store of ${remote.url}`);
    const isNew = pack !== undefined && manifest.packs.every(({ name }) => name !== pack.name);
    const record = { ...(target.ref === undefined ? {} : { ref: target.ref }), time: now };
    return {
      ...manifest,
      packs: isNew ? [...manifest.packs, pack] : manifest.packs,
      commits: { ...manifest.commits, [target.commit]: record },
      compactBytes: haves.length === 0 && pack !== undefined ? pack.bytes : manifest.compactBytes,
    };
  });
}

/** Errors about the `have` objects are caused by the store, not by the server. */
function fetchFailure(remote: GitRemote, stderr: string, now: number, proxy: HttpProxy | undefined): GitError {
  const ssh = remote.ssh === undefined ? undefined : sshFailure(remote, stderr);
  const failure = ssh ?? gitFailure(remote, withoutChatter(stderr), now, proxy);
  const isStore = /object [0-9a-f]{40} is a (commit|tag|tree|blob), not a|bad object refs\/have\//.test(stderr);
  return isStore ? damaged(`the store of ${remote.url}`, failure) : failure;
}

/** Parses a line of `cat-file --batch-check`; undefined for a missing object. */
function typedObject(line: string): TypedObject | undefined {
  const found = /^([0-9a-f]{40}) (commit|tag|tree|blob)$/.exec(line);
  return found?.[1] === undefined ? undefined : { id: found[1], type: found[2] as TypedObject["type"] };
}

/** Returns the newest commits, those of `ref` first. */
function newest({ manifest }: Generation, ref: string | undefined): string[] {
  return Object.entries(manifest.commits)
    .sort(([, a], [, b]) => Number(b.ref === ref) - Number(a.ref === ref) || b.time - a.time)
    .slice(0, MAX_HAVES)
    .map(([commit]) => commit);
}
