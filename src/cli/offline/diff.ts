import { existsSync } from "node:fs";
import { messageOf, OverseerError } from "../../base/errors.js";
import type { Document } from "../../manifest/document.js";
import { allDocuments } from "../../render/request.js";
import { CommandError, EXIT, type ExitCode } from "../exit-codes.js";
import type { ClusterFlags } from "../flags.js";
import { formatValue } from "../output/objects.js";
import { renderSource } from "../render/render.js";
import { WorkingTree } from "../render/working-tree.js";
import { print, say } from "../terminal.js";
import { diffDocuments } from "./diff-documents.js";
import { formatDiff, formatMarkdown, type SourceDiff } from "./format-diff.js";
import { type OfflineOptions, type OfflineSource, type OfflineSources, openTree, sourcesOf } from "./sources.js";

/** Flags of `overseer diff`. */
export interface DiffFlags extends OfflineOptions, ClusterFlags {
  readonly output?: "json" | "yaml" | "name" | "markdown";
  readonly base?: string;
  readonly wait: boolean;
}

/**
 * Runs `overseer diff --base`: compares what the sources of a directory render to now and at another commit. Exit code 0 if nothing
 * differs, 1 if something does, 2 if a difference could not be made.
 */
export async function diffTrees(path: string, base: string, flags: DiffFlags): Promise<ExitCode> {
  const now = await openTree(() => WorkingTree.open(path), path);
  const then = await WorkingTree.openCommit(path, base).catch((error: unknown) => {
    throw new CommandError(`--base ${base}: ${messageOf(error)}`, EXIT.usage);
  });
  const [after, before] = [await sourcesOf(now, path, flags), await sourcesOf(then, path, flags)];
  const names = [...new Set([...after.sources, ...before.sources].map(({ name }) => name))];
  const diffs: SourceDiff[] = [];
  for (const name of names)
    diffs.push(await diffSource(name, { tree: then, of: before }, { tree: now, of: after }, flags));
  // What cannot be compared is as loud as a difference: silence would be read as "no change".
  const errors = [
    ...after.problems.map((problem) => ({ name: path, error: problem })),
    ...after.gaps.map((gap) => ({ name: gap.split(":")[0] ?? "", error: gap })),
  ];
  const all: readonly SourceDiff[] = [...diffs, ...errors.map(({ name, error }) => ({ name, changes: [], error }))];
  const { output } = flags;
  if (output === "json" || output === "yaml")
    print(await formatValue(JSON.parse(JSON.stringify({ base, sources: all })), output));
  else if (output === "markdown") print(formatMarkdown(all, base));
  else if (output === "name") print(all.flatMap(({ changes }) => changes.map(({ object }) => `${object}\n`)).join(""));
  else print(formatDiff(all));
  for (const { error } of all) if (error !== undefined) say(`NO DIFFERENCE COULD BE MADE: ${error}`);
  if (all.some(({ error }) => error !== undefined)) return EXIT.usage;
  return all.some(({ changes }) => changes.length > 0) ? EXIT.failed : EXIT.done;
}

interface Side {
  readonly tree: WorkingTree;
  readonly of: OfflineSources;
}

async function diffSource(name: string, before: Side, after: Side, flags: DiffFlags): Promise<SourceDiff> {
  const find = ({ of }: Side): OfflineSource | undefined => of.sources.find((source) => source.name === name);
  try {
    // A source that the base does not have yet is new; one that cannot be rendered there is compared with nothing, with a note.
    const [old, oldError] = await renderBase(before.tree, find(before), flags);
    const source = find(after);
    const fresh = source === undefined ? [] : allDocuments(await renderSource(after.tree, source.request, flags));
    return { name, changes: diffDocuments(old, fresh), ...(oldError === undefined ? {} : { note: oldError }) };
  } catch (error) {
    if (!(error instanceof OverseerError)) throw error;
    return { name, changes: [], error: `${name}: ${messageOf(error)}` };
  }
}

async function renderBase(
  tree: WorkingTree,
  source: OfflineSource | undefined,
  flags: DiffFlags,
): Promise<readonly [readonly Document[], string | undefined]> {
  if (source === undefined) return [[], undefined];
  try {
    return [allDocuments(await renderSource(tree, source.request, flags)), undefined];
  } catch (error) {
    if (!(error instanceof OverseerError)) throw error;
    return [[], `the base cannot be rendered, so that everything is shown as new: ${messageOf(error)}`];
  }
}

/** Refuses what looks like a mistake: a directory where an app of the cluster is expected. */
export function ensureNoPath(name: string): void {
  if (existsSync(name) && /[/.]/.test(name))
    throw new CommandError(
      `${JSON.stringify(name)} is a path: to compare it with a commit, set --base, for example --base origin/main`,
      EXIT.usage,
    );
}
