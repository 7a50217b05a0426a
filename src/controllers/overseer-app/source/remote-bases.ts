import type { GitRepository } from "../../../api/git-repository.js";
import type { HostRules } from "../../../base/host-rules.js";
import { GitError, type GitRemote, relatedRemote, remoteAddress } from "../../../git/index.js";
import type { OpenedBase, OpenRemoteBase, RemoteBaseAddress } from "../../../render/remote-base.js";
import { timeLimit } from "../../git-repository/time-limit.js";
import type { AppServices } from "../app-services.js";
import type { RelatedRepository } from "./related-repositories.js";

const COMMIT = /^[0-9a-f]{40}$/;

/** How the remote bases of an app are opened. */
export interface RemoteBaseOptions {
  /** Whether a base must name a full commit ID, so that who signs the commit that names it has signed its content. */
  readonly requireCommits: boolean;
  /** Called with each repository that is opened. */
  readonly onOpen?: ((repository: RelatedRepository) => void) | undefined;
}

/** What remote bases are opened with. */
export interface RemoteBaseRun {
  readonly services: Pick<AppServices, "engine" | "index" | "relatedRules" | "remoteBases">;
  readonly signal: AbortSignal;
}

/**
 * Returns what opens the remote bases of an app. They are fetched from the hosts of --allowed-remote-base-hosts, with the credential
 * of the app's repository if they are on its server. A tag is resolved once: it changes nothing when it is moved.
 */
export function remoteBaseOpener(
  run: RemoteBaseRun,
  repository: GitRepository,
  parent: GitRemote,
  { requireCommits, onOpen }: RemoteBaseOptions,
): OpenRemoteBase {
  const { index, relatedRules, remoteBases, engine } = run.services;
  return async (base, place) => {
    const shown = `${base.repository}?ref=${base.ref}`.slice(0, 300);
    try {
      const remote = relatedRemote(parent, base.repository, place, relatedRules);
      const address = remoteAddress(remote.url);
      if (!allows(remoteBases.hosts, address))
        return {
          refused: `the host ${address} is not in --allowed-remote-base-hosts of the operator: ask the administrator to allow it, or commit a copy of the base`,
        };
      if (requireCommits && !COMMIT.test(base.ref ?? ""))
        return {
          refused: `GitRepository ${repository.metadata.namespace}/${repository.metadata.name} has spec.verify, and the ref ${JSON.stringify(base.ref)} is no full commit ID, so the signature of the commit that names it does not cover the base: add ?ref= with the 40 digits of a commit ID`,
        };
      onOpen?.({ url: remote.url, kind: "remote base", place });
      index.useRelated(`${repository.metadata.namespace}/${repository.metadata.name}`, remote);
      const { commit, ref } = await resolve(run, remote, base);
      const label = `${remote.url.replace(/^[a-z]+:\/\//, "")}@${COMMIT.test(base.ref ?? "") ? commit.slice(0, 12) : base.ref}`;
      const known = await engine.open(remote, commit);
      if (known !== undefined) return { snapshot: known, commit, label } satisfies OpenedBase;
      await engine.fetch(
        remote,
        { commit, ref, tenant: repository.metadata.namespace },
        run.signal,
        timeLimit(repository, remote),
      );
      const snapshot = await engine.open(remote, commit);
      if (snapshot === undefined) throw new Error(`the remote base at ${commit} disappeared from the cache`);
      return { snapshot, commit, label };
    } catch (error) {
      if (!(error instanceof GitError)) throw error;
      if (error.class === "terminal") return { refused: error.message };
      throw new GitError(error.code, `${place}: the remote base ${shown} cannot be read: ${error.message}`, {
        cause: error,
      });
    }
  };
}

async function resolve(
  { services, signal }: RemoteBaseRun,
  remote: GitRemote,
  { ref = "" }: RemoteBaseAddress,
): Promise<{ commit: string; ref: string | undefined }> {
  if (COMMIT.test(ref)) return { commit: ref, ref: undefined };
  const { engine, remoteBases } = services;
  const tag = ref.replace(/^refs\/tags\//, "");
  const name = `refs/tags/${tag}`;
  const known = await remoteBases.tags.get(remote.url, tag);
  if (known !== undefined) return { commit: known, ref: name };
  const { refs } = await engine.listRefs(remote, [name, `refs/heads/${tag}`], signal);
  const commit = refs.get(name);
  if (commit === undefined) {
    const shown = `the ref ${JSON.stringify(tag)}`;
    const head = refs.get(`refs/heads/${tag}`);
    throw new GitError(
      "GIT_REF_NOT_FOUND",
      head === undefined
        ? `${shown} is neither a tag nor a full commit ID there: name a tag, or all 40 digits of a commit ID`
        : `${shown} is a branch, which would change apps without a commit to their repository: name a tag, or the commit that the branch points to now, ?ref=${head}`,
    );
  }
  await remoteBases.tags.put(remote.url, tag, commit);
  return { commit, ref: name };
}

function allows(hosts: HostRules, address: string): boolean {
  const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(address) ?? [];
  return hosts.allows(host, Number(port));
}
