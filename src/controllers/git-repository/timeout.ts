import type { GitRepository } from "../../api/git-repository.js";
import type { Clock } from "../../base/clock.js";
import { formatDuration, parseDuration } from "../../base/duration.js";
import { GitError, type GitRemote, withDeadline } from "../../git/index.js";

const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * Runs `work` with a signal that fires when `stopping` does, or with `GIT_TIMEOUT` when the time of the repository's
 * spec.timeout has run out: a server that hangs is told of, and tried again later.
 */
export function withinTimeout<T>(
  clock: Clock,
  { spec }: GitRepository,
  remote: GitRemote,
  stopping: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ms = parseDuration(spec.timeout) ?? DEFAULT_TIMEOUT_MS;
  const expired = (): Error =>
    new GitError(
      "GIT_TIMEOUT",
      `${remote.url} was not done within the ${formatDuration(ms)} of spec.timeout: look at the server and the way to it, or raise spec.timeout`,
    );
  return withDeadline({ clock, signal: stopping, ms, expired }, work);
}
