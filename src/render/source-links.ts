import { canonicalJson, sha256 } from "../base/hash.js";
import type { GitSnapshot, TreeFile, TreeLimits } from "../git/engine.js";
import { followLinks } from "./links.js";
import type { RepositoryPath } from "./repository-path.js";
import type { SourceSelection } from "./request.js";
import { leavesOut } from "./select.js";

/** The symbolic links below a tree. Kept between two looks, so that a tree that stays the same is not listed again. */
export interface TreeLinks {
  readonly tree: string;
  readonly links: readonly TreeFile[];
}

/** The symbolic links below a tree of a snapshot; `known` is what was found there before. */
export async function linksBelow(
  snapshot: GitSnapshot,
  tree: string,
  limits: TreeLimits,
  known?: TreeLinks,
): Promise<TreeLinks> {
  if (known?.tree === tree) return known;
  const files = await snapshot.listFiles(tree, limits);
  return { tree, links: files.filter(({ kind }) => kind === "symlink") };
}

/**
 * Digest of all that is read through the links of a folder: the input key's part for what lies outside of its tree.
 * Undefined when there is none.
 */
export async function linkedContent(
  snapshot: GitSnapshot,
  folder: RepositoryPath,
  { links }: TreeLinks,
  source: SourceSelection,
  limits: TreeLimits,
): Promise<string | undefined> {
  const isLeftOut = leavesOut(source);
  if (links.every(({ path }) => isLeftOut(path))) return undefined;
  const files = await followLinks(folder, links, { snapshot, limits, isLeftOut });
  return sha256(canonicalJson(files.map(({ path, blob, kind, fault = "" }) => [path, blob, kind, fault])), 32);
}
