import type { GitEngine, GitRemote } from "../engine.js";
import { isGitError } from "../errors.js";
import { type GitRefSpec, type ResolvedRef, refPrefixes, resolveRef } from "./refs.js";

/**
 * What `spec` stands for at the remote, by one request. Only when it is not there does a second, wider one follow, so that
 * the error can name what is there instead, unless that is too much to read. Throws as `resolveRef` and `GitEngine.listRefs` do.
 */
export async function resolveRemoteRef(
  engine: Pick<GitEngine, "listRefs">,
  remote: GitRemote,
  spec: GitRefSpec,
  signal: AbortSignal,
): Promise<ResolvedRef> {
  try {
    return resolveRef(spec, await engine.listRefs(remote, refPrefixes([spec]), signal));
  } catch (error) {
    if (!isGitError(error, "GIT_REF_NOT_FOUND", "GIT_EMPTY_REPOSITORY")) throw error;
    const all = await engine.listRefs(remote, refPrefixes([spec], true), signal).catch((wide: unknown) => {
      throw isGitError(wide, "GIT_TOO_LARGE") ? error : wide;
    });
    return resolveRef(spec, all);
  }
}
