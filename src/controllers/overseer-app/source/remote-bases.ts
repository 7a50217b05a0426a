import type { GitRepository } from "../../../api/git-repository.js";
import type { HostRules } from "../../../base/host-rules.js";
import { GitError, type GitRemote, relatedRemote, remoteAddress } from "../../../git/index.js";
import type { OpenedBase, OpenRemoteBase, RemoteBaseAddress } from "../../../render/remote-base.js";
import { timeLimit } from "../../git-repository/time-limit.js";
import type { AppRun } from "../run.js";

const COMMIT = /^[0-9a-f]{40}$/;

/**
 * Returns what opens the remote bases of an app. They are fetched from the hosts of --allowed-remote-base-hosts, with the credential
 * of the app's repository if they are on its server. A tag is resolved once: it changes nothing when it is moved.
 */
export function remoteBaseOpener(
  run: Pick<AppRun, "services" | "signal">,
  repository: GitRepository,
  parent: GitRemote,
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
      index.useRelated(`${repository.metadata.namespace}/${repository.metadata.name}`, remote);
      const { commit, ref } = await resolve(run, remote, base);
      const label = `${remote.url.replace(/^[a-z]+:\/\//, "")}@${COMMIT.test(base.ref ?? "") ? commit.slice(0, 12) : base.ref}`;
      const known = await engine.open(remote, commit);
      if (known !== undefined) return { snapshot: known, commit, label } satisfies OpenedBase;
      await engine.fetch(remote, { commit, ref }, run.signal, timeLimit(repository, remote));
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
  { services, signal }: Pick<AppRun, "services" | "signal">,
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
    const what = refs.has(`refs/heads/${tag}`)
      ? "is a branch, which would change apps without a commit to their repository"
      : "is neither a tag nor a full commit ID there";
    throw new GitError("GIT_REF_NOT_FOUND", `the ref ${JSON.stringify(tag)} ${what}: name a tag or a full commit ID`);
  }
  await remoteBases.tags.put(remote.url, tag, commit);
  return { commit, ref: name };
}

function allows(hosts: HostRules, address: string): boolean {
  const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(address) ?? [];
  return hosts.allows(host, Number(port));
}
