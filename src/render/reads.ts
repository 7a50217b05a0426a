import { canonicalJson, sha256 } from "../base/hash.js";
import type { GitSnapshot } from "../git/engine.js";
import { isGitError } from "../git/errors.js";
import type { RepositoryPath } from "./repository-path.js";

/** What was read of a commit: paths with the ids of what stands there; `""` where nothing does. */
export type Reads = ReadonlyMap<RepositoryPath, string>;

/** The id of what stands at a path, symbolic links not followed; `""` where nothing does. */
export async function idAt(snapshot: GitSnapshot, path: RepositoryPath): Promise<string> {
  try {
    return (await snapshot.treeAt(path))?.id ?? "";
  } catch (error) {
    if (isGitError(error, "GIT_PATH_UNSAFE")) return "";
    throw error;
  }
}

/** Whether all that was read of one commit is the same in another: trees are compared, and no file is read. */
export async function sameReads(reads: Reads, snapshot: GitSnapshot): Promise<boolean> {
  for (const [path, id] of reads) if ((await idAt(snapshot, path)) !== id) return false;
  return true;
}

/** Digest of reads. */
export function digestOfReads(reads: Reads): string {
  return sha256(canonicalJson([...reads].sort(([a], [b]) => (a < b ? -1 : 1))), 32);
}
