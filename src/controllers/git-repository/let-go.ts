import type { GitRepository } from "../../api/git-repository.js";
import { OverseerError } from "../../base/errors.js";
import type { GitRemote } from "../../git/engine.js";
import { appKey } from "../../plan/live.js";
import { remoteOf } from "./remote.js";
import type { GitRepositoryServices } from "./services.js";

/**
 * Lets go of Secrets, polls and stores that no repository needs any more: after one was deleted, or moved to another
 * address or credential. Stores go only while it is known of every repository which one is its own.
 */
export async function letGo(services: GitRepositoryServices): Promise<void> {
  const { repositories, secrets, polls, index, engine } = services;
  const wanted = new Set<string>();
  const unreached: GitRepository[] = [];
  for (const repository of repositories.values()) {
    const { metadata, spec } = repository;
    if (spec.secretRef) wanted.add(`${metadata.namespace}/${spec.secretRef.name}`);
    if (index.get(appKey(metadata), spec.ref)?.resolved === undefined) unreached.push(repository);
  }
  secrets.retain(wanted);
  const remotes = new Map([...index.revisions()].map(({ remote }) => [remote.id, remote]));
  polls.retain(new Set(remotes.keys()));
  for (const repository of unreached) {
    const remote = await remoteToKeep(services, repository);
    if (remote === "unknown") return;
    if (remote !== "none") remotes.set(remote.id, remote);
  }
  await engine.prune([...remotes.values()]);
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
