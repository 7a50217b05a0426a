import type { GitRepository } from "../../../api/git-repository.js";
import { type GitRemote, type GitSnapshot, RecursiveSnapshot, submoduleRemote } from "../../../git/index.js";
import { timeLimit } from "../../git-repository/time-limit.js";
import type { AppRun } from "../run.js";
import type { RelatedRepository } from "./related-repositories.js";

/** Returns a snapshot that reads submodules as directories if the repository has `recurseSubmodules`; otherwise the same one. */
export function withSubmodules(
  { services, signal }: Pick<AppRun, "services" | "signal">,
  repository: GitRepository | undefined,
  remote: GitRemote,
  snapshot: GitSnapshot,
  onOpen?: (repository: RelatedRepository) => void,
): GitSnapshot {
  if (repository?.spec.recurseSubmodules !== true) return snapshot;
  const { engine, index, relatedRules } = services;
  const { namespace, name } = repository.metadata;
  return new RecursiveSnapshot({ remote, snapshot }, async (parent, entry, commit) => {
    const own = submoduleRemote(parent, entry, relatedRules);
    onOpen?.({ url: own.url, kind: "submodule", place: `.gitmodules:${entry.line}` });
    index.useRelated(`${namespace}/${name}`, own);
    const known = await engine.open(own, commit);
    if (known !== undefined) return { remote: own, snapshot: known };
    await engine.fetch(own, { commit, ref: undefined, tenant: namespace }, signal, timeLimit(repository, own));
    const fetched = await engine.open(own, commit);
    if (fetched === undefined) throw new Error(`the submodule at ${commit} disappeared from the cache`);
    return { remote: own, snapshot: fetched };
  });
}
