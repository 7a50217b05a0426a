import type { GitRemote } from "../engine.js";
import { GitError } from "../errors.js";

/** Returns the error for a verified object that the cache no longer holds. A fetch restores it. */
export function damaged(what: string, cause?: unknown): GitError {
  const message = `${what} is damaged in the Git cache; the next attempt fetches the missing objects again`;
  return new GitError("GIT_STORE_DAMAGED", message, { cause });
}

/** Runs `work` on the cache directory. File system errors become `GIT_STORE_UNWRITABLE`. */
export async function guardDisk<T>(remote: GitRemote, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) throw error;
    throw new GitError(
      "GIT_STORE_UNWRITABLE",
      `cannot write objects of ${remote.url} to the cache directory (${String(error.code)}): check its free space and permissions`,
      { cause: error },
    );
  }
}
