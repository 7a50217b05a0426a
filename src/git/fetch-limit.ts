import type { TimeLimit } from "../base/deadline.js";
import type { GitRemote } from "./engine.js";
import { tooSlow } from "./http/failures.js";
import type { GitLimits } from "./limits.js";

/** Returns the time limit of a fetch. The engine's own limit is the upper bound of a requested one. */
export function fetchLimit(limits: GitLimits, remote: GitRemote, requested: TimeLimit | undefined): TimeLimit {
  const ms = limits.fetchTimeoutMs;
  return requested && requested.ms < ms ? requested : { ms, expired: () => tooSlow(remote, "the fetch", ms) };
}
