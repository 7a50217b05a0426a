import type { HostRules } from "../base/host-rules.js";
import { redactUrl } from "../base/redact.js";
import { refuseUnlessAllowed } from "./allowed-hosts.js";
import type { GitRemote } from "./engine.js";
import { GitError } from "./errors.js";
import { gitRemote, remoteAddress } from "./remote.js";
import { isSshUrl } from "./ssh/address.js";

/** Rules for repositories that the content of another one names. */
export interface RelatedRules {
  readonly allowedHosts: HostRules;
  readonly digestKey: string;
}

/**
 * Returns the remote at an absolute URL that the content of `parent` names, for example a submodule. Credential and proxy of the
 * parent are used only on its own server: same scheme, host and port. `place` is where the URL stands, for messages. Throws
 * `GIT_TRANSPORT_UNSUPPORTED`, `GIT_URL_INVALID` or `GIT_HOST_NOT_ALLOWED`.
 */
export function relatedRemote(parent: GitRemote, url: string, place: string, rules: RelatedRules): GitRemote {
  if (!isSshUrl(url) && !/^https?:\/\//i.test(url)) {
    throw new GitError(
      "GIT_TRANSPORT_UNSUPPORTED",
      `the address ${redactUrl(url).slice(0, 200)} has no supported scheme: use https://, ssh:// or a relative URL`,
    );
  }
  const isOwn = isSameServer(parent.url, url);
  if (isSshUrl(url) && !isOwn) {
    throw new GitError(
      "GIT_TRANSPORT_UNSUPPORTED",
      `the address ${redactUrl(url).slice(0, 200)} needs a key for SSH, and that of the repository is not used on another server: use an https:// URL or a relative one`,
    );
  }
  const { credential, proxy } = isOwn ? parent : { credential: undefined, proxy: undefined };
  const remote = gitRemote(url, credential, rules.digestKey, proxy);
  refuseUnlessAllowed(remoteAddress(remote.url), place, rules.allowedHosts);
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
