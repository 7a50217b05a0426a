import type { HttpProxy } from "../../base/proxy.js";
import type { GitRemote } from "../engine.js";
import { GitError, type GitErrorCode } from "../errors.js";
import { redirected, statusError, transportError } from "../http/failures.js";
import { remoteFailed } from "../protocol/advertisement.js";

/** What the network did, as Node would call it, so that both engines word it alike. */
const TRANSPORT: readonly (readonly [said: RegExp, code: string])[] = [
  [/could not resolve (host|proxy)/i, "ENOTFOUND"],
  [/no route to host/i, "EHOSTUNREACH"],
  [/network is unreachable/i, "ENETUNREACH"],
  [/operation too slow/i, "UND_ERR_BODY_TIMEOUT"],
  [/timed out|timeout/i, "ETIMEDOUT"],
  [/failed to connect|couldn't connect|connection refused/i, "ECONNREFUSED"],
  [/gnutls|certificate|\b(SSL|TLS)\b|curl (35|51|53|54|58|59|60|66|77|80|82|83|90|91) /i, "ERR_TLS_HANDSHAKE"],
  [/RPC failed; curl|empty reply|(recv|send) failure|connection reset|connection was reset/i, "ECONNRESET"],
  [/unable to access/i, "UND_ERR_SOCKET"],
];

/** What is told by none of the above, from the surest sign to the least sure. */
const OTHERS: readonly (readonly [said: RegExp, code: GitErrorCode, what: string])[] = [
  [/over limit \d|pack exceeds maximum/, "GIT_TOO_LARGE", "it holds an object that is larger than allowed"],
  [
    /no space left|disk quota|read-only file system|permission denied|unable to (create|write)|not a git repository|no such file/i,
    "GIT_STORE_UNWRITABLE",
    "the cache directory cannot be written to: check its space and rights",
  ],
  [
    /too-short tree|malformed mode|empty filename in tree|truncated tree/i,
    "GIT_TREE_INVALID",
    "it holds a directory that is no Git tree",
  ],
  [
    /inflate|corrupt|bad object|mismatch|unresolved delta|pack has|collision|delta/i,
    "GIT_PACK_CORRUPT",
    "what it sent is not what it meant; nothing of it was kept",
  ],
  [
    /early EOF|still expected|unexpected disconnect|hung up|not send all|missing|bad tree|not a tree|unable to read|bad revision|traverse/i,
    "GIT_INCOMPLETE",
    "it did not send everything; nothing was kept",
  ],
  [/index-pack/i, "GIT_PACK_CORRUPT", "what it sent is not what it meant; nothing of it was kept"],
  [
    /dumb http|not valid: is this|bad line length|protocol|expected|content-type/i,
    "GIT_PROTOCOL",
    "its answer cannot be read as the Git protocol: is this the address of a Git repository?",
  ],
];

/** Signs that a server does not serve what it was asked for. */
const REFUSED = /not our ref|unadvertised object|couldn.t find remote ref|no such remote ref|expected commit type/i;

/**
 * The error for a child that failed, told by its last words in the C locale. The codes are those that the other engine gives
 * for the same fault. `stderr` must be free of secrets; `now` is in milliseconds since the epoch; `proxy` is what the
 * child went through.
 */
export function gitFailure(remote: GitRemote, stderr: string, now: number, proxy?: HttpProxy): GitError {
  const { url } = remote;
  const own = ownLines(stderr);
  if (REFUSED.test(own)) return new GitError("GIT_COMMIT_NOT_FOUND", lastWords(own));
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
  const died = /^remote: fatal: (.*)$/m.exec(stderr)?.[1] ?? /remote error: (.*)/.exec(own)?.[1];
  if (died !== undefined) return remoteFailed(url, died);
  const code = TRANSPORT.find(([said]) => said.test(own))?.[1];
  const broken =
    code === undefined ? undefined : transportError(remote, Object.assign(new Error(lastWords(own)), { code }), proxy);
  if (broken instanceof GitError) return broken;
  const other = OTHERS.find(([said]) => said.test(own));
  if (other === undefined) return remoteFailed(url, lastWords(own));
  return new GitError(other[1], `cannot use what ${url} serves: ${other[2]} (${lastWords(own)})`);
}

/** What `git` itself says: a server's own words, which begin with `remote:`, and names in quotes decide nothing. */
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

/** The last line, for people. */
function lastWords(own: string): string {
  const line = own.trim().split("\n").at(-1) ?? "";
  return (
    line
      .replace(/^(fatal|error): /, "")
      .replace(/\p{Cc}+/gu, " ")
      .slice(0, 200) || "it does not say why"
  );
}
