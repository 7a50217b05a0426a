import type { GitRemote } from "../engine.js";
import { GitError } from "../errors.js";
import { type RelatedRules, relatedRemote } from "../related-remote.js";
import { GITMODULES, type SubmoduleEntry } from "./gitmodules.js";

/**
 * Returns the remote of a submodule of `parent`. Credential and proxy of the parent are used only on its own server: same scheme,
 * host and port. Throws `GIT_SUBMODULE_INVALID`, `GIT_TRANSPORT_UNSUPPORTED`, `GIT_URL_INVALID` or `GIT_HOST_NOT_ALLOWED`.
 */
export function submoduleRemote(parent: GitRemote, entry: SubmoduleEntry, rules: RelatedRules): GitRemote {
  const { url, line } = entry;
  const absolute = /^\.\.?(\/|$)/.test(url) ? resolveRelative(parent.url, entry) : url;
  return relatedRemote(parent, absolute, `${GITMODULES}:${line}`, rules);
}

/** Resolves a relative URL against the address of the repository, like Git: `../` removes the last part of the path. */
function resolveRelative(base: string, { url, line }: SubmoduleEntry): string {
  let path = base;
  let rest = url;
  for (;;) {
    if (rest.startsWith("./")) rest = rest.slice(2);
    else if (rest.startsWith("../") || rest === "..") {
      const shorter = /^(.*[^/:])[/:][^/:]+$/.exec(path)?.[1];
      if (shorter === undefined || !hasServer(shorter))
        throw new GitError(
          "GIT_SUBMODULE_INVALID",
          `${GITMODULES}:${line} has a relative URL that leads out of the server: correct the file`,
        );
      path = shorter;
      rest = rest.slice(3);
    } else break;
  }
  if (rest.split("/").includes(".."))
    throw new GitError(
      "GIT_SUBMODULE_INVALID",
      `${GITMODULES}:${line} has a URL with .. in the middle: correct the file`,
    );
  const isShortForm = !base.includes("://") && !path.includes(":");
  return `${path}${isShortForm ? ":" : "/"}${rest}`;
}

function hasServer(path: string): boolean {
  return !path.includes("://") ? path !== "" : /^[a-z]+:\/\/[^/]+/i.test(path);
}
