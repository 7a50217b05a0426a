import type { GitRemote } from "../engine.js";
import { GitError } from "../errors.js";

/** The error for what was verified once and is there no more: a fetch mends it. */
export function damaged(what: string, cause?: unknown): GitError {
  const message = `${what} is not whole in the cache any more; it will be fetched again`;
  return new GitError("GIT_STORE_DAMAGED", message, { cause });
}

/** Does `work` on the cache directory; what the file system refuses becomes `GIT_STORE_UNWRITABLE`. */
export async function guardDisk<T>(remote: GitRemote, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) throw error;
    throw new GitError(
      "GIT_STORE_UNWRITABLE",
      `what was fetched from ${remote.url} cannot be written to the cache directory (${String(error.code)}): check its space and rights`,
      { cause: error },
    );
  }
}
