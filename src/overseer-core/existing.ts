import { ProblemError } from "../http/problem.js";

/** Returns `found`. Throws NOT_FOUND if it is undefined. */
export function existing<T>(found: T | undefined, what: string, id: string): T {
  if (found === undefined) throw new ProblemError("NOT_FOUND", `${what} ${JSON.stringify(id)} not found`);
  return found;
}
