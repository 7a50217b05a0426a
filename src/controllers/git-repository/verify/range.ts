import {
  type CommitRange,
  commitRange,
  type GitEngine,
  GitError,
  type GitHistory,
  type GitRemote,
  parentsIn,
} from "../../../git/index.js";

/** Generations that are read, one after another until the range is known. Most new commits need only the first. */
const DEPTHS = [8, 64, 512, 4096];
/** Maximum number of commits that one range may have. */
const MAX_COMMITS = 2_000;

/** A range to read. */
export interface RangeRequest {
  readonly remote: GitRemote;
  readonly newer: string;
  readonly older: string;
  /** Names `older` in messages: "the last verified commit". */
  readonly role: string;
  /** Names the ref in messages. */
  readonly ref: string;
}

/** Commits of a range with their content. */
export interface ReadRange {
  readonly commits: readonly string[];
  readonly history: GitHistory;
}

/**
 * Reads the commits between two revisions from the remote, without their files. Throws `GIT_NOT_A_DESCENDANT` if the older one is
 * not an ancestor of the newer one, `GIT_RANGE_TOO_LONG`, and the errors of `GitEngine.history`.
 */
export async function readRange(
  engine: Pick<GitEngine, "history">,
  request: RangeRequest,
  within: <T>(work: (signal: AbortSignal) => Promise<T>) => Promise<T>,
): Promise<ReadRange> {
  const { remote, newer, older } = request;
  for (const depth of DEPTHS) {
    const history = await within((signal) => engine.history(remote, { wants: [newer], depth }, signal));
    const range = await commitRange(newer, older, async (id) => parentsIn(await history.read(id)));
    if (range.kind !== "cut") return { commits: checked(range, request), history };
  }
  throw new GitError(
    "GIT_RANGE_TOO_LONG",
    `${nameOf(request)}, is not among the last ${DEPTHS.at(-1)} generations of ${short(newer)}: set spec.verify.since to a newer commit that you trust`,
  );
}

function checked(range: Exclude<CommitRange, { kind: "cut" }>, request: RangeRequest): readonly string[] {
  const { newer, ref } = request;
  if (range.kind === "unrelated") {
    throw new GitError(
      "GIT_NOT_A_DESCENDANT",
      `commit ${short(newer)} of ${ref} does not descend from ${nameOf(request)}: the history was rewritten or moved back; push a commit on top of it, or, if you accept the new history, set spec.verify.since to the commit in it after which all commits are to be verified`,
    );
  }
  if (range.commits.length <= MAX_COMMITS) return range.commits;
  throw new GitError(
    "GIT_RANGE_TOO_LONG",
    `${short(newer)} of ${ref} has ${range.commits.length} commits after ${nameOf(request)}; at most ${MAX_COMMITS} are verified at once: set spec.verify.since to a newer commit that you trust`,
  );
}

function nameOf({ older, role }: RangeRequest): string {
  return `${short(older)}, ${role}`;
}

/** Returns an id for messages. */
export function short(id: string): string {
  return id.slice(0, 12);
}
