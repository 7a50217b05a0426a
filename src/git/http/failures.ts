import { isIP } from "node:net";
import type { HttpProxy } from "../../base/proxy.js";
import type { GitRemote } from "../engine.js";
import { GitError } from "../errors.js";
import { remoteAddress } from "../remote.js";

const CREDENTIAL_KEYS = "username and password, or token, or bearerToken";

/** Codes of Node and undici for a server that cannot be reached or falls silent, and how to say it. */
const UNREACHABLE: Readonly<Record<string, string>> = {
  ENOTFOUND: "its name does not resolve",
  EAI_AGAIN: "its name cannot be resolved right now",
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "it broke the connection",
  EPIPE: "it broke the connection",
  EHOSTUNREACH: "there is no route to it",
  ENETUNREACH: "there is no route to it",
  ETIMEDOUT: "it does not answer",
  UND_ERR_CONNECT_TIMEOUT: "it does not answer",
  UND_ERR_HEADERS_TIMEOUT: "it fell silent",
  UND_ERR_BODY_TIMEOUT: "it fell silent",
  UND_ERR_SOCKET: "it broke the connection",
};

/** Begins the codes that OpenSSL and Node give when a certificate or a handshake is refused. */
const TLS_CODES =
  /^(ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|EPROTO)/;

/** Whether the connection was there and broke, before any of the answer came. */
export function isBrokenConnection(error: unknown): boolean {
  return ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes(codeOf(error) ?? "");
}

/**
 * The error for a request that got no whole answer; `proxy` is what it went through. What this room does not know comes back
 * as it is.
 */
export function transportError(remote: GitRemote, error: unknown, proxy?: HttpProxy): unknown {
  const code = codeOf(error);
  if (error instanceof GitError) return error;
  const refused = proxy === undefined ? undefined : tunnelStatus(error);
  if (proxy !== undefined && refused !== undefined) return proxyRefused(remote, proxy, refused, error);
  if (code === undefined) return error;
  const address = remoteAddress(remote.url) + (proxy === undefined ? "" : ` through ${shownProxy(proxy)}`);
  if (TLS_CODES.test(code)) {
    const hint =
      remote.credential?.ca === undefined
        ? "if it uses a private authority, put that authority's certificate under ca.crt into the Secret of secretRef"
        : "check that ca.crt in the Secret of secretRef is the authority that signed the server's certificate";
    return new GitError("GIT_TLS", `no trusted connection to ${address} (${code}): ${hint}`, { cause: error });
  }
  const why = UNREACHABLE[code];
  if (why === undefined && !code.startsWith("UND_ERR_") && !code.startsWith("HPE_")) return error;
  const direct =
    code === "ENOTFOUND" && isIP(address) === 0
      ? "check the host in url"
      : "check url, the network policies and the server";
  const hint = proxy === undefined ? direct : `check the proxy, and whether ${NO_PROXY} should name the host`;
  return new GitError("GIT_UNREACHABLE", `cannot reach ${address}: ${whatFailed(why, proxy)} (${code}); ${hint}`, {
    cause: error,
  });
}

const NO_PROXY = "NO_PROXY";

/** With a proxy, nobody can tell which of the two ends it was. */
function whatFailed(why: string | undefined, proxy: HttpProxy | undefined): string {
  if (why === undefined) return "the answer is broken";
  return proxy === undefined ? why : why.replace(/^(it|its|nothing|there)\b/, (word) => PROXY_WORDS[word] ?? word);
}

const PROXY_WORDS: Readonly<Record<string, string>> = { it: "the proxy", its: "the proxy's" };

function shownProxy({ address, variable }: HttpProxy): string {
  return `the proxy ${address} (${variable})`;
}

/** The status with which a proxy refused to open a tunnel, in the words of undici and of curl. */
function tunnelStatus(error: unknown): number | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const status = /Proxy (?:response|Authentication Required) \((\d{3})\)/.exec(at.message)?.[1];
    if (status !== undefined) return Number(status);
  }
  return undefined;
}

function proxyRefused(remote: GitRemote, proxy: HttpProxy, status: number, cause?: unknown): GitError {
  const address = remoteAddress(remote.url);
  const message =
    status === 407
      ? `${shownProxy(proxy)} asks for a user name and password (HTTP 407): check those in the address of ${proxy.variable}`
      : `${shownProxy(proxy)} does not let requests through to ${address} (HTTP ${status}): allow the host there, or name it in ${NO_PROXY}`;
  return new GitError("GIT_UNREACHABLE", message, { cause });
}

/** The error for a whole poll or fetch that took longer than it may. */
export function tooSlow(remote: GitRemote, what: string, ms: number): GitError {
  return new GitError(
    "GIT_UNREACHABLE",
    `${remoteAddress(remote.url)} did not finish ${what} within ${Math.round(ms / 1000)} s`,
  );
}

/** The error for an answer with a status other than 200. `retryAfter` is the header of that name, `proxy` what it came through. */
export function statusError(
  remote: GitRemote,
  status: number,
  retryAfter: string | undefined,
  now: number,
  proxy?: HttpProxy,
): GitError {
  const { url } = remote;
  if (proxy !== undefined && status === 407) return proxyRefused(remote, proxy, status);
  const wait = retryAfterMs(retryAfter, now);
  const options = wait === undefined ? {} : { retryAfterMs: wait };
  // Some servers say 403 to those who ask too often; only then do they say when to come back.
  if (status === 429 || (status === 403 && wait !== undefined)) {
    return new GitError("GIT_RATE_LIMITED", `${url} limits how often it may be asked (HTTP ${status})`, options);
  }
  if (status === 401 || status === 403) return new GitError("GIT_AUTH_FAILED", authFailed(remote, status));
  if (status === 404 || status === 410) {
    return new GitError(
      "GIT_REPOSITORY_NOT_FOUND",
      `there is no repository at ${url} (HTTP ${status}), or ${whoWeAre(remote)} may not see it: check url and the rights of the credential`,
    );
  }
  if (status >= 500) return new GitError("GIT_SERVER_ERROR", `the server of ${url} failed (HTTP ${status})`, options);
  return new GitError(
    "GIT_PROTOCOL",
    `${url} answers HTTP ${status}: is this the address of a Git repository?`,
    options,
  );
}

/** The error for a redirect that is not followed: a credential stays with the server that it was given for. */
export function redirected(remote: GitRemote, target: URL | undefined): GitError {
  const to = target === undefined ? "nowhere" : `${target.origin}${target.pathname}`;
  return new GitError(
    "GIT_REDIRECTED",
    `${remote.url} redirects to ${to}, which is not followed: if that is the repository's new address, put it into url`,
  );
}

function authFailed(remote: GitRemote, status: number): string {
  if (remote.credential?.password === undefined && remote.credential?.bearerToken === undefined) {
    return `${remote.url} asks for a credential (HTTP ${status}): name a Secret in secretRef that has ${CREDENTIAL_KEYS}`;
  }
  const keys = remote.credential.bearerToken === undefined ? "username and password (or token)" : "bearerToken";
  return `${remote.url} refuses the credential (HTTP ${status}): check ${keys} in the Secret of secretRef, and that it may read this repository`;
}

function whoWeAre(remote: GitRemote): string {
  return remote.credential === undefined ? "somebody without a credential" : "this credential";
}

/** No server makes us wait longer than this: its date may be read by a clock, its own or ours, that is wrong. */
const LONGEST_WAIT_MS = 3_600_000;

/** Milliseconds of a Retry-After header, which holds seconds or a date (RFC 9110). */
function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.min(LONGEST_WAIT_MS, Math.max(0, ms)) : undefined;
}

/** The code of an error or of what caused it; several addresses tried in vain are told by the first. */
function codeOf(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; depth++) {
    const { code } = at as { code?: unknown };
    if (typeof code === "string") return code;
    at = at instanceof AggregateError ? at.errors[0] : at.cause;
  }
  return undefined;
}
