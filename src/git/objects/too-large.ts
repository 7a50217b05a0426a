import { GitError } from "../errors.js";

/** The error for an object that is larger than what is read of one; `id` where it is known. */
export function objectTooLarge(bytes: number, most: number, id?: string): GitError {
  return new GitError(
    "GIT_TOO_LARGE",
    `a file in the repository${id === undefined ? "" : ` (object ${id})`} has ${bytes} bytes; ${most} are allowed: remove it, or raise --git-max-object-bytes of the operator`,
  );
}
