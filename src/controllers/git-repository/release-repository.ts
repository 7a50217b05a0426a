import type { GitRepository } from "../../api/git-repository.js";
import { OverseerError } from "../../base/errors.js";
import type { GitRemote } from "../../git/engine.js";
import { appKey } from "../../plan/live.js";
import { remoteOf } from "./repository-remote.js";
import type { GitRepositoryServices } from "./services.js";

/**
 * Releases Secrets, polls and stores that no repository needs: after a repository was deleted or got another address or
 * credential, and when the cache is full. Stores are deleted only while the store of every repository is known.
 */
export async function releaseRepository(services: GitRepositoryServices): Promise<void> {
  const { repositories, secrets, polls, index, engine } = services;
  const secretKeys = new Set<string>();
  for (const { metadata, spec } of repositories.values()) {
    for (const ref of [spec.secretRef, spec.proxySecretRef, spec.provider?.secretRef, spec.verify?.secretRef])
      if (ref) secretKeys.add(`${metadata.namespace}/${ref.name}`);
  }
  secrets.retain(secretKeys);
  polls.retain(new Set([...index.revisions()].map(({ remote }) => remote.id)));
  const own = new Map<string, GitRemote | "none" | "unknown">();
  for (const repository of unresolvedRepositories(services))
    own.set(editionOf(repository), await remoteToKeep(services, repository));
  // A repository may have been created or edited in the meantime.
  const used = [...index.relatedRemotes(), ...[...index.revisions()].map(({ remote }) => remote)];
  const remotes = new Map(used.map((remote) => [remote.id, remote]));
  for (const repository of unresolvedRepositories(services)) {
    const remote = own.get(editionOf(repository)) ?? "unknown";
    if (remote === "unknown") return;
    if (remote !== "none") remotes.set(remote.id, remote);
  }
  await engine.prune([...remotes.values()]);
}

/** Identifies a repository at one generation. */
function editionOf({ metadata: { uid, generation } }: GitRepository): string {
  return `${uid} ${generation}`;
}

/** Returns the repositories without a revision. */
function unresolvedRepositories({ repositories, index }: GitRepositoryServices): GitRepository[] {
  return [...repositories.values()].filter(
    ({ metadata, spec }) => index.get(appKey(metadata), spec.ref)?.resolved === undefined,
  );
}

/** Returns the remote of a repository without a revision. One with an invalid address has no store. */
async function remoteToKeep(
  services: GitRepositoryServices,
  repository: GitRepository,
): Promise<GitRemote | "none" | "unknown"> {
  try {
    return await remoteOf(services, repository);
  } catch (error) {
    return error instanceof OverseerError && error.class === "terminal" ? "none" : "unknown";
  }
}
