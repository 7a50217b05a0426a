import type { GitRepository } from "../../api/git-repository.js";
import { OverseerError } from "../../base/errors.js";
import type { GitRemote } from "../../git/engine.js";
import { appKey } from "../../plan/live.js";
import { remoteOf } from "./repository-remote.js";
import type { GitRepositoryServices } from "./services.js";

/**
 * Lets go of Secrets, polls and stores that no repository needs any more: after one was deleted, or moved to another
 * address or credential, and when the cache is full. Stores go only while it is known of every repository which one is its own.
 */
export async function releaseRepository(services: GitRepositoryServices): Promise<void> {
  const { repositories, secrets, polls, index, engine } = services;
  const wanted = new Set<string>();
  for (const { metadata, spec } of repositories.values()) {
    if (spec.secretRef) wanted.add(`${metadata.namespace}/${spec.secretRef.name}`);
  }
  secrets.retain(wanted);
  polls.retain(new Set([...index.revisions()].map(({ remote }) => remote.id)));
  const own = new Map<string, GitRemote | "none" | "unknown">();
  for (const repository of unreachedRepositories(services))
    own.set(editionOf(repository), await remoteToKeep(services, repository));
  // Another one may have come, or been edited, in the meantime.
  const remotes = new Map([...index.revisions()].map(({ remote }) => [remote.id, remote]));
  for (const repository of unreachedRepositories(services)) {
    const remote = own.get(editionOf(repository)) ?? "unknown";
    if (remote === "unknown") return;
    if (remote !== "none") remotes.set(remote.id, remote);
  }
  await engine.prune([...remotes.values()]);
}

/** Tells a repository from what it was before an edit, and from another one of its name. */
function editionOf({ metadata: { uid, generation } }: GitRepository): string {
  return `${uid} ${generation}`;
}

/** Repositories without a revision yet. */
function unreachedRepositories({ repositories, index }: GitRepositoryServices): GitRepository[] {
  return [...repositories.values()].filter(
    ({ metadata, spec }) => index.get(appKey(metadata), spec.ref)?.resolved === undefined,
  );
}

/** The remote of a repository that was not reached yet. One with an address that cannot be used has no store. */
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
