import type { HostRules } from "../../base/host-rules.js";
import { redactUrl } from "../../base/redact.js";
import { refuseUnlessAllowed } from "../allowed-hosts.js";
import type { GitRemote } from "../engine.js";
import { GitError } from "../errors.js";
import { gitRemote, remoteAddress } from "../remote.js";
import { isSshUrl } from "../ssh/address.js";
import { GITMODULES, type SubmoduleEntry } from "./gitmodules.js";

/** Rules for the remotes of submodules. */
export interface SubmoduleRules {
  readonly allowedHosts: HostRules;
  readonly digestKey: string;
}

/**
 * Returns the remote of a submodule of `parent`. Credential and proxy of the parent are used only on its own server: same scheme,
 * host and port. Throws `GIT_SUBMODULE_INVALID`, `GIT_TRANSPORT_UNSUPPORTED`, `GIT_URL_INVALID` or `GIT_HOST_NOT_ALLOWED`.
 */
export function submoduleRemote(parent: GitRemote, entry: SubmoduleEntry, rules: SubmoduleRules): GitRemote {
  const { url, line } = entry;
  const absolute = /^\.\.?(\/|$)/.test(url) ? resolveRelative(parent.url, entry) : url;
  if (!isSshUrl(absolute) && !/^https?:\/\//i.test(absolute)) {
    throw new GitError(
      "GIT_TRANSPORT_UNSUPPORTED",
      `the address ${redactUrl(absolute).slice(0, 200)} has no supported scheme: use https://, ssh:// or a relative URL`,
    );
  }
  const isOwn = isSameServer(parent.url, absolute);
  if (isSshUrl(absolute) && !isOwn) {
    throw new GitError(
      "GIT_TRANSPORT_UNSUPPORTED",
      `the address ${redactUrl(absolute).slice(0, 200)} needs a key for SSH, and that of the repository is not used on another server: use an https:// URL or a relative one`,
    );
  }
  const { credential, proxy } = isOwn ? parent : { credential: undefined, proxy: undefined };
  const remote = gitRemote(absolute, credential, rules.digestKey, proxy);
  refuseUnlessAllowed(remoteAddress(remote.url), `${GITMODULES}:${line}`, rules.allowedHosts);
  return remote;
}

/** Returns whether two addresses have the same transport, host and port. */
function isSameServer(one: string, other: string): boolean {
  if (isSshUrl(one) !== isSshUrl(other)) return false;
  try {
    if (!isSshUrl(one)) return new URL(one).origin === new URL(other).origin;
    return remoteAddress(one) === remoteAddress(other);
  } catch {
    return false;
  }
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
