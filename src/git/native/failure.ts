import type { HttpProxy } from "../../base/proxy.js";
import type { GitRemote } from "../engine.js";
import { GitError, type GitErrorCode } from "../errors.js";
import { redirected, statusError, transportError } from "../http/failures.js";
import { remoteFailed } from "../protocol/advertisement.js";

/** Network failures as Node codes, so that both engines describe them alike. */
const TRANSPORT: readonly (readonly [pattern: RegExp, code: string])[] = [
  [/could not resolve (host|proxy)/i, "ENOTFOUND"],
  [/no route to host/i, "EHOSTUNREACH"],
  [/network is unreachable/i, "ENETUNREACH"],
  [/SOCKS/, "ECONNREFUSED"],
  [/operation too slow/i, "UND_ERR_BODY_TIMEOUT"],
  [/timed out|timeout/i, "ETIMEDOUT"],
  [/failed to connect|couldn't connect|connection refused/i, "ECONNREFUSED"],
  [
    /certificate is required|fatal alert has been received|alert (certificate required|bad certificate|unknown ca)/i,
    "ERR_SSL_ALERT_CERTIFICATE_REQUIRED",
  ],
  [/gnutls|certificate|\b(SSL|TLS)\b|curl (35|51|53|54|58|59|60|66|77|80|82|83|90|91) /i, "ERR_TLS_HANDSHAKE"],
  [/RPC failed; curl|empty reply|(recv|send) failure|connection reset|connection was reset/i, "ECONNRESET"],
  [/unable to access/i, "UND_ERR_SOCKET"],
];

/** All other failures, from the most to the least specific pattern. */
const OTHERS: readonly (readonly [pattern: RegExp, code: GitErrorCode, what: string])[] = [
  [/over limit \d|pack exceeds maximum/, "GIT_TOO_LARGE", "an object is larger than allowed"],
  [
    /no space left|disk quota|read-only file system|permission denied|unable to (create|write)|not a git repository|no such file/i,
    "GIT_STORE_UNWRITABLE",
    "the cache directory is not writable; check its free space and permissions",
  ],
  [
    /too-short tree|malformed mode|empty filename in tree|truncated tree/i,
    "GIT_TREE_INVALID",
    "a directory is not a valid Git tree",
  ],
  [
    /inflate|corrupt|bad object|mismatch|unresolved delta|pack has|collision|delta/i,
    "GIT_PACK_CORRUPT",
    "the received pack is corrupt and was discarded",
  ],
  [
    /early EOF|still expected|unexpected disconnect|hung up|not send all|missing|bad tree|not a tree|unable to read|bad revision|traverse/i,
    "GIT_INCOMPLETE",
    "the received pack is incomplete and was discarded",
  ],
  [/index-pack/i, "GIT_PACK_CORRUPT", "the received pack is corrupt and was discarded"],
  [
    /dumb http|not valid: is this|bad line length|protocol|expected|content-type/i,
    "GIT_PROTOCOL",
    "the response is not the Git protocol; check that url is the address of a Git repository",
  ],
];

/** Messages of git about a server that does not serve the requested commit or ref. */
const REFUSED = /not our ref|unadvertised object|couldn.t find remote ref|no such remote ref|expected commit type/i;

/**
 * Returns the error for a failed `git` process, judged by its stderr in the C locale. The codes match those of the isomorphic
 * engine for the same failure. `stderr` must not contain secrets; `now` is in milliseconds since the epoch; `proxy` is the
 * proxy that the process used.
 */
export function gitFailure(remote: GitRemote, stderr: string, now: number, proxy?: HttpProxy): GitError {
  const { url } = remote;
  const own = ownLines(stderr);
  if (REFUSED.test(own)) return new GitError("GIT_COMMIT_NOT_FOUND", lastLine(own));
  const tunnel = /HTTP code (\d{3}) from proxy|CONNECT tunnel failed, response (\d{3})/.exec(own);
  if (proxy !== undefined && tunnel !== null) {
    const refused = transportError(remote, new Error(`Proxy response (${tunnel[1] ?? tunnel[2]})`), proxy);
    if (refused instanceof GitError) return refused;
  }
  const status = httpStatus(own);
  if (status !== undefined) {
    return status >= 300 && status < 400
      ? redirected(remote, undefined)
      : statusError(remote, status, undefined, now, proxy);
  }
  const remoteError = /^remote: fatal: (.*)$/m.exec(stderr)?.[1] ?? /remote error: (.*)/.exec(own)?.[1];
  if (remoteError !== undefined) return remoteFailed(url, remoteError);
  const code = TRANSPORT.find(([pattern]) => pattern.test(own))?.[1];
  const broken =
    code === undefined ? undefined : transportError(remote, Object.assign(new Error(lastLine(own)), { code }), proxy);
  if (broken instanceof GitError) return broken;
  const other = OTHERS.find(([pattern]) => pattern.test(own));
  if (other === undefined) return remoteFailed(url, lastLine(own));
  return new GitError(other[1], `cannot fetch from ${url}: ${other[2]} (${lastLine(own)})`);
}

/** Returns the lines of `git` itself. Lines of the server (`remote:`) and quoted names must not decide on the error. */
function ownLines(stderr: string): string {
  return stderr
    .split("\n")
    .filter((line) => !/^(remote:|hint:|warning:|\s*$)/.test(line))
    .map((line) => line.replace(/'[^']*'/g, "''"))
    .join("\n");
}

function httpStatus(own: string): number | undefined {
  if (/could not read (Username|Password) for|Authentication failed for/.test(own)) return 401;
  if (/^fatal: repository '.*' not found/m.test(own)) return 404;
  const status = /returned error: (\d{3})|RPC failed; HTTP (\d{3})/.exec(own);
  return status === null ? undefined : Number(status[1] ?? status[2]);
}

/** Returns the last line, for messages. */
function lastLine(own: string): string {
  const line = own.trim().split("\n").at(-1) ?? "";
  return (
    line
      .replace(/^(fatal|error): /, "")
      .replace(/\p{Cc}+/gu, " ")
      .slice(0, 200) || "no reason given"
  );
}
