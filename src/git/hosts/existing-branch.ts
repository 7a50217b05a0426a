import type { HostTarget } from "./api/target.js";
import type { ProposedChange } from "./git-host.js";
import { otherBranch } from "./proposal-errors.js";

/** A branch that exists, compared with the base of a change. */
export interface ExistingBranch {
  /** Number of parents of each commit that the base does not have. */
  readonly commits: readonly { readonly parents: number }[];
  /** Paths that differ from where the branch begins. */
  readonly changed: readonly string[];
  /** Returns the content of a file of the branch as Base64; undefined if it does not exist. */
  readonly contentOf: (path: string) => Promise<string | undefined>;
}

/**
 * Ensures that a branch is what the change would create, so that a repetition after a crash continues with it, and another
 * branch is not taken for it: one commit on the base, with exactly the files of the change.
 *
 * @throws GitError `GIT_HOST_REFUSED` if it is not.
 */
export async function ensureSameChange(
  target: HostTarget,
  change: ProposedChange,
  { commits, changed, contentOf }: ExistingBranch,
): Promise<void> {
  const paths = new Set(changed);
  const isOne = commits.length === 1 && commits[0]?.parents === 1;
  if (!isOne || [...paths].some((path) => !Object.hasOwn(change.files, path))) throw otherBranch(target, change);
  for (const [path, content] of Object.entries(change.files)) {
    const found = await contentOf(path);
    const wanted = content === null ? undefined : Buffer.from(content).toString("base64");
    // Some hosts break lines of Base64.
    if (found?.replaceAll(/\s/g, "") !== wanted) throw otherBranch(target, change);
  }
}
