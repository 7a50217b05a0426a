import { GitError } from "../errors.js";
import type { PackSet } from "../pack/pack-set.js";
import { TimeSlice } from "../pack/time-slice.js";
import { type ParsedCommit, parseCommit } from "./commit.js";
import { notACommit, peelTag } from "./not-a-commit.js";
import { parseTree } from "./tree.js";

/** Result of a walk below a commit. */
export interface Walked {
  /** Ids of the visited trees. */
  readonly trees: ReadonlySet<string>;
}

/**
 * Walks a commit and all trees below it, and calls `found` with the id of each object, once for each occurrence in a tree.
 * Trees for which `isKnown` returns true are skipped. Throws `GIT_INCOMPLETE` for an object that `packs` does not contain, so a
 * successful walk proves that the commit is complete: object ids are computed from the content when a pack is indexed.
 */
export async function walkCommit(
  commit: string,
  packs: PackSet,
  options: {
    readonly signal?: AbortSignal;
    readonly isKnown?: (tree: string) => boolean;
    readonly found?: (id: string) => void;
  } = {},
): Promise<Walked> {
  const { signal, isKnown, found } = options;
  const parsed = await readCommit(commit, packs);
  found?.(commit);
  const trees = new Set<string>();
  const toVisit = [parsed.tree];
  const slice = new TimeSlice();
  for (let tree = toVisit.pop(); tree !== undefined; tree = toVisit.pop()) {
    if (trees.has(tree) || isKnown?.(tree) === true) continue;
    trees.add(tree);
    found?.(tree);
    for (const { id, kind } of parseTree(await readTree(tree, packs), tree).rows) {
      if (kind === "tree") toVisit.push(id);
      else if (kind !== "submodule") {
        if (!packs.contains(id)) throw incomplete(`the file ${id}`);
        found?.(id);
      }
    }
    if (slice.due) {
      await slice.pause();
      signal?.throwIfAborted();
    }
  }
  return { trees };
}

/** Reads the commit `id`. Throws `GIT_INCOMPLETE` if it is missing, `GIT_NOT_A_COMMIT` if it is another kind of object. */
export async function readCommit(id: string, packs: PackSet): Promise<ParsedCommit> {
  const object = await packs.read(id);
  if (object === undefined) throw incomplete(`the commit ${id}`);
  if (object.type === "tag") throw notACommit({ id, type: "tag" }, await peelTag(id, (tag) => packs.read(tag)));
  if (object.type !== "commit") throw notACommit({ id, type: object.type });
  return parseCommit(object.content, id);
}

async function readTree(id: string, packs: PackSet): Promise<Buffer> {
  const object = await packs.read(id);
  if (object === undefined) throw incomplete(`the directory ${id}`);
  if (object.type !== "tree") throw new GitError("GIT_TREE_INVALID", `${id} is a ${object.type}, not a tree`);
  return object.content;
}

function incomplete(what: string): GitError {
  return new GitError("GIT_INCOMPLETE", `the server did not send ${what}; the pack was discarded and is fetched again`);
}
