import { GitError } from "../errors.js";
import type { GitObject } from "../pack/entry.js";
import { indexPack, type PackLimits } from "../pack/index-pack.js";
import { PackSet } from "../pack/pack-set.js";

/** Bytes of one response: a history of tens of thousands of commits, or the trees of a commit with half a million files. */
export const MAX_PACK_BYTES = 32 * 2 ** 20;

/** Remedy for a history above the limit. */
export const HISTORY_REMEDY =
  "use a server that supports partial clones (uploadpack.allowFilter), or set verify.mode to HEAD";

/** Commits and tags of a repository, in memory. Ids are computed from the content. */
export interface GitHistory {
  /** Returns a commit or annotated tag; undefined if the server did not send it. */
  read(id: string): Promise<GitObject | undefined>;
}

/** Verifies a pack and returns its commits and tags. Throws `GIT_PACK_CORRUPT` or `GIT_TOO_LARGE`. */
export async function historyOf(pack: Buffer, limits: PackLimits, signal: AbortSignal): Promise<GitHistory> {
  const packs = new PackSet([]).with(await indexPack(pack, limits, signal));
  return {
    read: async (id) => {
      const object = await packs.read(id);
      return object?.type === "commit" || object?.type === "tag" ? object : undefined;
    },
  };
}

/** Returns the error for a server that cannot omit objects. */
export function filtersUnsupported(url: string): GitError {
  return new GitError(
    "GIT_HISTORY_UNSUPPORTED",
    `the server of ${url} does not support partial clones: set uploadpack.allowFilter on the server`,
  );
}

/** Returns the error for a server that only speaks an old protocol. */
export function historyUnsupported(url: string): GitError {
  return new GitError(
    "GIT_HISTORY_UNSUPPORTED",
    `the server of ${url} does not support version 2 of the Git protocol, which verify.mode Tag and Range require: upgrade the server, or set verify.mode to HEAD`,
  );
}
