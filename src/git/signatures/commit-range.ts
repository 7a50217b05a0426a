import type { GitObject } from "../pack/entry.js";

/** Commits by id, with their parents; undefined for a commit that was not received. */
export type ParentsOf = (id: string) => Promise<readonly string[] | undefined>;

/** Commits between two revisions. */
export type CommitRange =
  /** All commits that are reachable from the newer one and not from the older one, the newer one first. */
  | { readonly kind: "commits"; readonly commits: readonly string[] }
  /** The answer depends on commits that were not received. */
  | { readonly kind: "cut" }
  /** The whole history was received, and the older commit is not an ancestor of the newer one. */
  | { readonly kind: "unrelated" };

/**
 * Returns the commits that `newer` adds to `older`: along first parents and merged-in commits alike. It decides by the ids in the
 * commits alone, never by what a server says or leaves out: a commit that cannot be read makes the range `cut` unless it is an ancestor of `older`.
 */
export async function commitRange(newer: string, older: string, parentsOf: ParentsOf): Promise<CommitRange> {
  const known = await ancestors([older], parentsOf, new Set());
  const all = await ancestors([newer], parentsOf, known.ids);
  if (all.isCut) return { kind: "cut" };
  if (!all.reached.has(older)) return { kind: "unrelated" };
  // A first commit may also be an ancestor of the older one that was not received.
  if (all.hasRoot && known.isCut) return { kind: "cut" };
  return { kind: "commits", commits: [...all.ids] };
}

interface Ancestors {
  /** In breadth-first order. */
  readonly ids: ReadonlySet<string>;
  /** Commits of `stop` that were reached. */
  readonly reached: ReadonlySet<string>;
  /** Whether a commit was not received. */
  readonly isCut: boolean;
  /** Whether a commit has no parents. */
  readonly hasRoot: boolean;
}

async function ancestors(from: readonly string[], parentsOf: ParentsOf, stop: ReadonlySet<string>): Promise<Ancestors> {
  const ids = new Set<string>();
  const reached = new Set<string>();
  let isCut = false;
  let hasRoot = false;
  const queue = [...from];
  for (let at = 0; at < queue.length; at++) {
    const id = queue[at] as string;
    if (stop.has(id)) {
      reached.add(id);
      continue;
    }
    if (ids.has(id)) continue;
    const parents = await parentsOf(id);
    if (parents === undefined) {
      isCut = true;
      // An unread ancestor of the older commit is still one of its ancestors.
      if (stop.size === 0) ids.add(id);
      continue;
    }
    ids.add(id);
    hasRoot ||= parents.length === 0;
    queue.push(...parents);
  }
  return { ids, reached, isCut, hasRoot };
}

/** Returns the parents of a commit as Git reads them: the lines after its tree. Undefined for anything else. */
export function parentsIn(object: GitObject | undefined): readonly string[] | undefined {
  if (object?.type !== "commit") return undefined;
  const parents: string[] = [];
  for (const line of object.content.toString("latin1").split("\n").slice(1)) {
    const parent = /^parent ([0-9a-f]{40})$/.exec(line)?.[1];
    if (parent === undefined) break;
    parents.push(parent);
  }
  return parents;
}
