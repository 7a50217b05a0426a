import { isIP } from "node:net";
import type { HttpProxy } from "../../base/proxy.js";
import type { GitRemote } from "../engine.js";
import { GitError } from "../errors.js";
import { remoteAddress } from "../remote.js";

const CREDENTIAL_KEYS = "username and password, or token, or bearerToken";

/** Node and undici codes for an unreachable or unresponsive server, with their descriptions. */
const UNREACHABLE: Readonly<Record<string, string>> = {
  ENOTFOUND: "the server's host name does not resolve",
  EAI_AGAIN: "the server's host name temporarily does not resolve",
  ECONNREFUSED: "the server refused the connection",
  ECONNRESET: "the server closed the connection",
  EPIPE: "the server closed the connection",
  EHOSTUNREACH: "there is no route to the server",
  ENETUNREACH: "there is no route to the server",
  ETIMEDOUT: "the server does not respond",
  UND_ERR_CONNECT_TIMEOUT: "the server does not respond",
  UND_ERR_HEADERS_TIMEOUT: "the server stopped responding",
  UND_ERR_BODY_TIMEOUT: "the server stopped responding",
  UND_ERR_SOCKET: "the server closed the connection",
};

/** Prefixes of the OpenSSL and Node codes for a rejected certificate or handshake. */
const TLS_CODES =
  /^(ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|EPROTO)/;

/** Alerts with which a server rejects the client's certificate, or asks for one. */
const CLIENT_CERTIFICATE =
  /ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_(EXPIRED|REVOKED|UNKNOWN)|UNSUPPORTED_CERTIFICATE)$/;

const BROKEN: readonly string[] = ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"];

/** Returns whether an established connection was closed before any of the response arrived. */
export function isBrokenConnection(error: unknown): boolean {
  return BROKEN.includes(codeOf(error) ?? "");
}

/** Returns the error for a request without a complete response, sent through `proxy` if set. Unknown errors are returned unchanged. */
export function transportError(remote: GitRemote, error: unknown, proxy?: HttpProxy): unknown {
  const code = codeOf(error);
  if (error instanceof GitError) return error;
  const refused = proxy === undefined ? undefined : tunnelStatus(error);
  if (proxy !== undefined && refused !== undefined) return proxyRefused(remote, proxy, refused, error);
  if (code === undefined) return error;
  const address = remoteAddress(remote.url) + (proxy === undefined ? "" : ` through ${shownProxy(proxy)}`);
  if (CLIENT_CERTIFICATE.test(code)) {
    const message =
      remote.credential?.clientCert === undefined
        ? `${address} requires a client certificate (${code}): add tls.crt and tls.key to the Secret named in secretRef`
        : `${address} rejects the client certificate (${code}): check tls.crt in the Secret named in secretRef, and which authority the server trusts`;
    return new GitError("GIT_TLS", message, { cause: error });
  }
  if (TLS_CODES.test(code)) {
    const hint =
      remote.credential?.ca === undefined
        ? "if the server uses a private certificate authority, add its certificate as ca.crt to the Secret named in secretRef"
        : "check that ca.crt in the Secret named in secretRef is the authority that signed the server's certificate";
    return new GitError("GIT_TLS", `cannot establish a trusted TLS connection to ${address} (${code}): ${hint}`, {
      cause: error,
    });
  }
  const why = UNREACHABLE[code];
  if (why === undefined && !code.startsWith("UND_ERR_") && !code.startsWith("HPE_")) return error;
  const direct =
    code === "ENOTFOUND" && isIP(address) === 0
      ? "check the host in url"
      : `check url, the network policies and the server${whetherCertificate(remote, code)}`;
  const hint =
    proxy === undefined
      ? direct
      : `check the proxy${isFromSecret(proxy) ? "" : `, and whether ${NO_PROXY} should include the host`}`;
  return new GitError("GIT_UNREACHABLE", `cannot reach ${address}: ${whatFailed(why, proxy)} (${code}); ${hint}`, {
    cause: error,
  });
}

const NO_PROXY = "NO_PROXY";

/** A server that rejects a client without a certificate often only closes the connection. */
function whetherCertificate({ url, credential }: GitRemote, code: string): string {
  if (!url.startsWith("https:") || !BROKEN.includes(code)) return "";
  return credential?.clientCert === undefined
    ? ", and whether it requires a client certificate (tls.crt and tls.key in the Secret named in secretRef)"
    : ", and whether it accepts the client certificate in tls.crt";
}

/** With a proxy, the connection that failed is the one to the proxy. */
function whatFailed(why: string | undefined, proxy: HttpProxy | undefined): string {
  if (why === undefined) return "the response is malformed";
  return proxy === undefined ? why : why.replace("the server", "the proxy");
}

function isFromSecret({ variable }: HttpProxy): boolean {
  return !/^\w+_proxy$/i.test(variable);
}

function shownProxy({ address, variable }: HttpProxy): string {
  return `the proxy ${address} (${variable})`;
}

/** Returns the status with which a proxy refused to open a tunnel, as undici and curl report it. */
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
      ? `${shownProxy(proxy)} requires a user name and password (HTTP 407): check the ones in ${proxy.variable}`
      : `${shownProxy(proxy)} rejects requests to ${address} (HTTP ${status}): allow the host in the proxy${isFromSecret(proxy) ? "" : `, or add it to ${NO_PROXY}`}`;
  return new GitError("GIT_UNREACHABLE", message, { cause });
}

/** Returns the error for a poll or fetch that exceeded its timeout. */
export function tooSlow(remote: GitRemote, what: string, ms: number): GitError {
  return new GitError(
    "GIT_UNREACHABLE",
    `${remoteAddress(remote.url)} did not finish ${what} within ${Math.round(ms / 1000)} s`,
  );
}

/** Returns the error for a response with a status other than 200. `retryAfter` is the Retry-After header. */
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
  // Some servers rate-limit with 403, which then has a Retry-After header.
  if (status === 429 || (status === 403 && wait !== undefined)) {
    return new GitError("GIT_RATE_LIMITED", `the server of ${url} limits the request rate (HTTP ${status})`, options);
  }
  if (status === 401 || status === 403) return new GitError("GIT_AUTH_FAILED", authFailed(remote, status));
  if (status === 404 || status === 410) {
    return new GitError(
      "GIT_REPOSITORY_NOT_FOUND",
      `the repository ${url} does not exist (HTTP ${status}), or is not visible ${accessOf(remote)}: check url and the permissions of the credential`,
    );
  }
  if (status >= 500) return new GitError("GIT_SERVER_ERROR", `the server of ${url} failed (HTTP ${status})`, options);
  return new GitError(
    "GIT_PROTOCOL",
    `${url} returned HTTP ${status}: check that url is the address of a Git repository`,
    options,
  );
}

/** Returns the error for a redirect that is not followed: a credential is only sent to the server that it was created for. */
export function redirected(remote: GitRemote, target: URL | undefined): GitError {
  const to = target === undefined ? "an unknown address" : `${target.origin}${target.pathname}`;
  return new GitError(
    "GIT_REDIRECTED",
    `${remote.url} redirects to ${to}, and redirects to other servers or repositories are not followed: if the repository moved, set url to its new address`,
  );
}

function authFailed(remote: GitRemote, status: number): string {
  if (remote.credential?.githubApp !== undefined)
    return `${remote.url} rejects the token of the GitHub App (HTTP ${status}): check that the app is installed on the repository, with read access to its contents`;
  if (remote.credential?.password === undefined && remote.credential?.bearerToken === undefined) {
    return `${remote.url} requires a credential (HTTP ${status}): set secretRef to a Secret with ${CREDENTIAL_KEYS}`;
  }
  const keys = remote.credential.bearerToken === undefined ? "username and password (or token)" : "bearerToken";
  return `${remote.url} rejects the credential (HTTP ${status}): check ${keys} in the Secret named in secretRef, and that it grants read access to the repository`;
}

function accessOf(remote: GitRemote): string {
  return remote.credential === undefined ? "without a credential" : "to this credential";
}

/** Upper bound of a Retry-After delay: with a date, the server's clock or this machine's may be wrong. */
const LONGEST_WAIT_MS = 3_600_000;

/** Parses a Retry-After header, which holds seconds or a date (RFC 9110), into milliseconds. */
function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.min(LONGEST_WAIT_MS, Math.max(0, ms)) : undefined;
}

/** Returns the code of an error or of its cause. If several addresses were tried, the first one counts. */
function codeOf(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; depth++) {
    const { code } = at as { code?: unknown };
    if (typeof code === "string") return code;
    at = at instanceof AggregateError ? at.errors[0] : at.cause;
  }
  return undefined;
}
