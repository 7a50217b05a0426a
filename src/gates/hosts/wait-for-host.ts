import { messageOf } from "../../base/errors.js";
import { GitError } from "../../git/errors.js";
import type { GateVerdict } from "../gate.js";
import { UnfinishedError } from "./host-facts.js";

/** Delay until a host is asked again, in milliseconds. Hosts do not tell by themselves that a review or check has arrived. */
const AGAIN_MS = 60_000;
/** Delay until an unfinished comparison is continued, in milliseconds. */
const CONTINUE_MS = 1_000;

/** Returns the time at which to judge again what a host was asked for. */
export function judgeAgainAt(now: number): number {
  return now + AGAIN_MS;
}

/**
 * Returns the verdict of `judge`. A host that cannot be asked, or a history that cannot be read, is a reason to wait: with the message of the
 * error, or with `brief`.
 */
export async function waitForHost(
  now: number,
  judge: () => Promise<GateVerdict>,
  brief?: string,
): Promise<GateVerdict> {
  try {
    return await judge();
  } catch (error) {
    if (error instanceof UnfinishedError) {
      const opens = "the operator, once it has compared all commits";
      return { state: "Wait", message: error.message, opens, until: now + CONTINUE_MS };
    }
    const delay = error instanceof GitError ? (error.retryAfterMs ?? 0) : 0;
    const opens = "the Git host, or break-glass";
    return { state: "Wait", message: brief ?? messageOf(error), opens, until: now + Math.max(AGAIN_MS, delay) };
  }
}
