import { MESSAGE_DIGITS } from "../../../api/short-revision.js";
import { canonicalJson, sha256 } from "../../../base/hash.js";
import { changedCommits, type KeyedCommit } from "../../../gates/hosts/changed-commits.js";
import type { HostFacts } from "../../../gates/hosts/host-facts.js";
import { locateAt } from "../promotion/locate-at.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { isProblem, type LocatedInputs, locateInputs, repositoryKey } from "../source/locate-inputs.js";

/** Maximum number of commits since the applied one whose inputs are compared. */
const MAX_COMMITS = 100;

/** Returns what gates may ask the Git host of an app's repository; undefined if the repository does not exist. Sends no request by itself. */
export function hostFactsOf(run: AppRun, { inputs }: Pick<Rendered, "inputs">): HostFacts | undefined {
  const { services, app, signal } = run;
  const repository = services.repositories.get(repositoryKey(app));
  if (repository === undefined) return undefined;
  const ref = app.spec.source.ref ?? repository.spec.ref;
  const followsHead = Object.keys(ref ?? {}).length === 0;
  const branch = ref?.branch ?? (followsHead ? inputs.revision.split("@sha1:")[0] : undefined);
  return {
    branch,
    changesSinceApplied: () => changesSinceApplied(run, inputs.commit),
    pullRequestsOf: (commit) => services.hosts.pullRequestsOf(repository, commit, signal),
    checksOf: (commit) => services.hosts.checksOf(repository, commit, signal),
  };
}

async function changesSinceApplied(run: AppRun, commit: string): Promise<readonly string[]> {
  const head = await locateInputs(run);
  if (isProblem(head)) throw new Error(head.message);
  const base = run.status.applied?.commit;
  const { commits, isWhole } = await run.services.lines.of(head.remote, commit, base, run.signal);
  const end = base === undefined ? Math.min(commits.length, MAX_COMMITS) - 1 : commits.indexOf(base);
  if (end < 0)
    throw new Error(
      `the applied commit ${base?.slice(0, MESSAGE_DIGITS)} is not among the last ${commits.length} first parents of ${commit.slice(0, MESSAGE_DIGITS)}: what changed since cannot be reviewed`,
    );
  if (end > MAX_COMMITS)
    throw new Error(
      `there are ${end} commits since the applied one, and at most ${MAX_COMMITS} are compared: apply an earlier commit first`,
    );
  if (base === undefined) return firstChange(run, head, commits, isWhole);
  const line: KeyedCommit[] = [{ commit: base, key: await keyAt(run, head, base) }];
  for (const one of commits.slice(0, end).reverse()) line.push({ commit: one, key: await keyAt(run, head, one) });
  return changedCommits(line);
}

/** Returns the last commit that changed the inputs: nothing was applied before, and its whole history need not be reviewed. */
async function firstChange(
  run: AppRun,
  head: LocatedInputs,
  commits: readonly string[],
  isWhole: boolean,
): Promise<readonly string[]> {
  const [newest = ""] = commits;
  const key = await keyAt(run, head, newest);
  for (const [index, commit] of commits.slice(0, MAX_COMMITS).entries()) {
    const parent = commits[index + 1];
    if (parent === undefined) return isWhole ? [commit] : [newest];
    if ((await keyAt(run, head, parent)) !== key) return [commit];
  }
  return [newest];
}

/** Returns the key of the inputs at a commit; undefined if the commit cannot be read. */
async function keyAt(run: AppRun, head: LocatedInputs, commit: string): Promise<string | undefined> {
  const { source, ignoreDifferences } = head.inputs;
  const id = `${commit} ${sha256(canonicalJson([source, ignoreDifferences ?? []]), 32)}`;
  const known = run.memory.keys.get(id);
  if (known !== undefined) return known;
  const located = await locateAt(run, head, commit);
  if (isProblem(located)) return undefined;
  run.memory.keys.set(id, located.inputs.key);
  return located.inputs.key;
}
