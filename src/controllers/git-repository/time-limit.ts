import type { GitRepository } from "../../api/git-repository.js";
import type { TimeLimit } from "../../base/deadline.js";
import { formatDuration, parseDuration } from "../../base/duration.js";
import { GitError, type GitRemote } from "../../git/index.js";

const DEFAULT_TIMEOUT_MS = 60_000;

/** Returns the time limit of one list of refs or one fetch, from the repository's spec.timeout. */
export function timeLimit({ spec }: GitRepository, remote: GitRemote): TimeLimit {
  const ms = parseDuration(spec.timeout) ?? DEFAULT_TIMEOUT_MS;
  const expired = (): Error =>
    new GitError(
      "GIT_TIMEOUT",
      `${remote.url} did not finish responding within spec.timeout (${formatDuration(ms)}): check the server and the network path to it, or raise spec.timeout`,
    );
  return { ms, expired };
}
