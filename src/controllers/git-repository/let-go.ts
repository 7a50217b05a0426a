import { appKey } from "../../plan/live.js";
import type { GitRepositoryServices } from "./services.js";

/**
 * Lets go of Secrets, polls and stores that no repository needs any more: after one was deleted, or moved to another
 * address or credential. Stores go only while every repository is known, so that a start deletes nothing.
 */
export async function letGo(services: GitRepositoryServices): Promise<void> {
  const { repositories, secrets, polls, index, engine } = services;
  const wanted = new Set<string>();
  let allKnown = true;
  for (const { metadata, spec } of repositories.values()) {
    if (spec.secretRef) wanted.add(`${metadata.namespace}/${spec.secretRef.name}`);
    if (index.get(appKey(metadata), spec.ref)?.resolved === undefined) allKnown = false;
  }
  secrets.retain(wanted);
  const remotes = new Map([...index.revisions()].map(({ remote }) => [remote.id, remote]));
  polls.retain(new Set(remotes.keys()));
  if (allKnown) await engine.prune([...remotes.values()]);
}
