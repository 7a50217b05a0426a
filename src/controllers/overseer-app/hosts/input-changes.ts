import { type AppSource, hasSameSource, type InputKeys, lastingKey } from "../../../api/inputs.js";
import { MESSAGE_DIGITS } from "../../../api/short-revision.js";
import { canonicalJson, sha256 } from "../../../base/hash.js";
import { changedCommits, type KeyedCommit } from "../../../gates/hosts/changed-commits.js";
import { UnfinishedError } from "../../../gates/hosts/host-facts.js";
import { findPlace } from "../../../render/locate.js";
import { PathNotFoundError } from "../../../render/render-error.js";
import { locateAt } from "../promotion/locate-at.js";
import type { AppRun } from "../run.js";
import { isProblem, type LocatedInputs, locateInputs } from "../source/locate-inputs.js";

/** Time for one comparison in milliseconds, less than gates have. What was found out by then is remembered. */
const COMPARE_MS = 6_000;
/** Maximum number of commits whose inputs are compared if nothing was applied before. */
const MAX_FIRST = 100;

/** What leads from the applied inputs of an app to those of a Change. */
export interface InputChanges {
  /** Commits that changed the inputs, oldest first, without those whose effect was undone. */
  readonly commits: readonly string[];
  /** Whether the inputs at the applied commit are not the applied ones: something besides commits has changed them. */
  readonly isOtherwiseChanged: boolean;
}

/** Reports whether `spec.source` was edited since the applied inputs, in any field but `ref`. False if nothing was applied. */
export function isSourceEdited({ status }: AppRun, source: AppSource): boolean {
  return status.applied !== undefined && withoutRef(status.applied.source) !== withoutRef(source);
}

function withoutRef({ ref: _, ...source }: AppSource): string {
  return canonicalJson(source);
}

/**
 * Finds the commits on the first-parent line of a commit that changed the inputs since they were as they are applied: the line is read
 * backwards, up to a commit with the applied inputs. Throws an Error with the cause and a way out, UnfinishedError to be called again.
 */
export async function inputChanges(run: AppRun, commit: string): Promise<InputChanges> {
  const head = await locateInputs(run);
  if (isProblem(head)) throw new Error(head.message);
  const { applied } = run.status;
  const base = applied?.commit;
  const { commits, isWhole } = await run.services.lines.of(head.remote, commit, base, run.signal);
  if (applied === undefined || base === undefined)
    return { commits: await firstChange(run, head, commits, isWhole), isOtherwiseChanged: true };
  const before = await keysAt(run, head, base);
  const start = before ?? (isSourceEdited(run, head.inputs.source) ? undefined : applied);
  const { clock } = run.services;
  const deadline = clock.monotonic() + COMPARE_MS;
  const later: KeyedCommit[] = [];
  for (const one of commits) {
    const keys = one === base ? start : await keysAt(run, head, one);
    const key = keys && lastingKey(keys);
    if (one === base || hasSameSource(keys, start)) {
      const line = [{ commit: one, key }, ...later.reverse()];
      return { commits: changedCommits(line), isOtherwiseChanged: !hasSameSource(start, applied) };
    }
    later.push({ commit: one, key });
    if (clock.monotonic() > deadline) throw unfinished(later.length, commits);
  }
  throw new Error(
    `none of the last ${commits.length} first parents of ${short(commit)} has the applied inputs, nor is one the applied commit ${short(base)}: what changed since is not known; set spec.source.ref.commit to an earlier commit until that is applied, or let a user with the verb break-glass open the gate`,
  );
}

function unfinished(count: number, commits: readonly string[]): UnfinishedError {
  return new UnfinishedError(`${count} of at most ${commits.length} commits were compared so far, the others follow`);
}

function short(commit: string): string {
  return commit.slice(0, MESSAGE_DIGITS);
}

/** Returns the last commit that changed the inputs: nothing was applied before, and its whole history need not be examined. */
async function firstChange(
  run: AppRun,
  head: LocatedInputs,
  commits: readonly string[],
  isWhole: boolean,
): Promise<readonly string[]> {
  const [newest = ""] = commits;
  const key = await keyAt(run, head, newest);
  for (const [index, commit] of commits.slice(0, MAX_FIRST).entries()) {
    const parent = commits[index + 1];
    if (parent === undefined) return isWhole ? [commit] : [newest];
    if ((await keyAt(run, head, parent)) !== key) return [commit];
  }
  return [newest];
}

/** What led to the inputs of an app that has applied nothing yet. */
export interface WholeHistory {
  /** Commits that changed the inputs, oldest first, without those whose effect was undone. */
  readonly commits: readonly string[];
  /** Whether they lead from a commit without the files of the app. */
  readonly isComplete: boolean;
}

/**
 * Finds all commits that lead to the inputs at a commit, from one in which `source.path` did not exist, on the last 128 first parents. Throws an
 * Error with the cause, UnfinishedError to be called again.
 */
export async function wholeHistory(run: AppRun, commit: string): Promise<WholeHistory> {
  const head = await locateInputs(run);
  if (isProblem(head)) throw new Error(head.message);
  const { commits } = await run.services.lines.of(head.remote, commit, undefined, run.signal);
  const { clock } = run.services;
  const deadline = clock.monotonic() + COMPARE_MS;
  const line: KeyedCommit[] = [];
  for (const one of commits) {
    line.unshift({ commit: one, key: await keyAt(run, head, one) });
    if (clock.monotonic() > deadline) throw unfinished(line.length, commits);
  }
  return { commits: changedCommits(line), isComplete: await isEmptyAt(run, head, commits.at(-1) ?? commit) };
}

/** Reports whether a commit has nothing at the path of the source. False if it cannot be read. */
async function isEmptyAt(run: AppRun, head: LocatedInputs, commit: string): Promise<boolean> {
  const located = await locateAt(run, head, commit);
  if (isProblem(located)) return false;
  try {
    await findPlace(located.snapshot, head.inputs.source.path ?? ".");
    return false;
  } catch (error) {
    if (error instanceof PathNotFoundError) return true;
    throw error;
  }
}

/** Returns the key of the inputs at a commit, which no upgrade changes; undefined if the commit cannot be read. */
export async function keyAt(run: AppRun, head: LocatedInputs, commit: string): Promise<string | undefined> {
  const keys = await keysAt(run, head, commit);
  return keys && lastingKey(keys);
}

async function keysAt(run: AppRun, head: LocatedInputs, commit: string): Promise<InputKeys | undefined> {
  const { source, ignoreDifferences, createNamespace } = head.inputs;
  const id = `${commit} ${sha256(canonicalJson([source, ignoreDifferences, createNamespace]), 32)}`;
  const known = run.memory.keys.get(id);
  if (known !== undefined) return known;
  const located = await locateAt(run, head, commit);
  if (isProblem(located)) return undefined;
  const { key, sourceKey } = located.inputs;
  run.memory.keys.set(id, { key, sourceKey });
  return { key, sourceKey };
}
