import { GitError } from "../errors.js";

/** Returns the error for an object above the size limit; `id` if known. */
export function objectTooLarge(bytes: number, max: number, id?: string): GitError {
  return new GitError(
    "GIT_TOO_LARGE",
    `a file in the repository${id === undefined ? "" : ` (object ${id})`} has ${bytes} bytes; at most ${max} are allowed: remove the file, or raise the operator flag --git-max-object-bytes`,
  );
}
