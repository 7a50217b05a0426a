import type { HostRules } from "../base/host-rules.js";
import type { GitRemote } from "./engine.js";
import { GitError } from "./errors.js";
import { remoteAddress } from "./remote.js";

/**
 * Throws `GIT_HOST_NOT_ALLOWED` if the operator must not connect to `remote`, or to the API or the proxy that it names itself. The proxy in
 * the environment is the administrator's own.
 */
export function checkAllowedHost(remote: GitRemote, rules: HostRules): void {
  refuseUnlessAllowed(remoteAddress(remote.url), "spec.url", rules);
  const app = remote.credential?.githubApp;
  if (app?.isOwnApi) refuseUnlessAllowed(remoteAddress(app.api), "githubAppBaseURL", rules);
  if (remote.proxy !== undefined) refuseUnlessAllowed(remote.proxy.address, "the proxy in spec.proxySecretRef", rules);
}

/** Throws `GIT_HOST_NOT_ALLOWED` if the operator must not connect to `address` (`host:port`). `what` names its field. */
export function refuseUnlessAllowed(address: string, what: string, rules: HostRules): void {
  const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(address) ?? [];
  if (rules.allows(host, Number(port))) return;
  throw new GitError(
    "GIT_HOST_NOT_ALLOWED",
    `the host ${address} of ${what} is not in --allowed-git-hosts of the operator: use another host, or ask the administrator to allow this one`,
  );
}
