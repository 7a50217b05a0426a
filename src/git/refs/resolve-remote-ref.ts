import type { GitEngine, GitRemote } from "../engine.js";
import { isGitError } from "../errors.js";
import { type GitRefSpec, type ResolvedRef, refPrefixes, resolveRef } from "./refs.js";

/**
 * Resolves `spec` at the remote with one request. If the ref does not exist, a second, wider request lets the error name similar
 * refs, unless the response is too large. Throws the errors of `resolveRef` and `GitEngine.listRefs`.
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
