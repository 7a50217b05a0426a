import { createSign } from "node:crypto";
import { LRUCache } from "lru-cache";
import { unlessAborted } from "../../base/abort.js";
import type { Clock } from "../../base/clock.js";
import { canonicalJson, sha256 } from "../../base/hash.js";
import type { GitCredential, GithubApp, GitRemote } from "../engine.js";
import { GitError } from "../errors.js";
import type { Connections } from "../http/connections.js";
import { statusError, transportError } from "../http/failures.js";

/** User name that GitHub requires for tokens of an installation. */
const USERNAME = "x-access-token";
/** A token is replaced this long before it expires. */
const RENEW_BEFORE_MS = 5 * 60_000;
/** Validity of the signed claim, less than the 10 minutes that GitHub allows; it starts earlier, for clocks that differ. */
const CLAIM_SECONDS = 540;
const SKEW_SECONDS = 60;
/** Limits of one request. */
const MAX_BYTES = 256 * 1024;
const TIMEOUT_MS = 30_000;
const MAX_TOKENS = 1_000;

/** Permissions of a token, by their names in the API of GitHub. */
export type TokenPermissions = Readonly<Record<string, "read" | "write">>;

/** What fetching requires. */
const READ_CONTENTS: TokenPermissions = { contents: "read" };

interface Token {
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

/**
 * Tokens of GitHub App installations: requested with a claim that the app's private key signs, limited to what they are used for, and
 * cached until shortly before they expire.
 */
export class InstallationTokens {
  readonly #connections: Connections;
  readonly #clock: Clock;
  readonly #tokens = new LRUCache<string, Promise<Token>>({ max: MAX_TOKENS });

  constructor(connections: Connections, clock: Clock) {
    this.#connections = connections;
    this.#clock = clock;
  }

  /**
   * Returns the credential to send for `remote`: its own, or that of its GitHub App with a token of these permissions. Throws `GIT_AUTH_FAILED`,
   * `GIT_UNREACHABLE` and the like if GitHub issues none.
   */
  async credentialOf(
    remote: GitRemote,
    signal: AbortSignal,
    permissions = READ_CONTENTS,
  ): Promise<GitCredential | undefined> {
    const app = remote.credential?.githubApp;
    if (app === undefined) return remote.credential;
    const key = keyOf(remote, app, permissions);
    const cached = this.#tokens.get(key);
    const known = cached && (await unlessAborted(cached, signal));
    const isFresh = known !== undefined && known.expires - RENEW_BEFORE_MS > this.#clock.now();
    const token = isFresh ? known : await unlessAborted(this.#renew(key, { remote, app, permissions }, cached), signal);
    return { ...remote.credential, username: USERNAME, password: token.text };
  }

  /** Drops the token of `remote` after the server has rejected it, for example because the installation was changed. */
  forget(remote: GitRemote, permissions = READ_CONTENTS): void {
    const app = remote.credential?.githubApp;
    if (app !== undefined) this.#tokens.delete(keyOf(remote, app, permissions));
  }

  /** Requests a token instead of `cached`, once for concurrent callers. */
  #renew(key: string, wanted: Wanted, cached: Promise<Token> | undefined): Promise<Token> {
    const current = this.#tokens.get(key);
    if (current !== undefined && current !== cached) return current;
    const renewed = this.#request(wanted);
    this.#tokens.set(key, renewed);
    renewed.catch(() => {
      if (this.#tokens.get(key) === renewed) this.#tokens.delete(key);
    });
    return renewed;
  }

  async #request({ remote, app, permissions }: Wanted): Promise<Token> {
    const claim = signedClaim(app, this.#clock.now());
    const installation = app.installation ?? (await this.#findInstallation(remote, app, claim));
    const path = `/app/installations/${installation}/access_tokens`;
    const body = JSON.stringify({ permissions });
    const answer = await this.#send(remote, app, {
      ...{ path, claim, body, permissions },
      missing: `the installation ${installation}`,
    });
    const { token, expires_at: expires } = answer as { token?: unknown; expires_at?: unknown };
    const time = typeof expires === "string" ? Date.parse(expires) : Number.NaN;
    if (typeof token !== "string" || token === "" || Number.isNaN(time)) throw notGithub(app);
    return { text: token, expires: time };
  }

  async #findInstallation(remote: GitRemote, app: GithubApp, claim: string): Promise<string> {
    const [, owner = "", name = ""] = /^\/([^/]+)\/(.+)$/.exec(new URL(remote.url).pathname) ?? [];
    const path = `/repos/${owner}/${name.replace(/\.git$/, "")}/installation`;
    const answer = await this.#send(remote, app, { path, claim, missing: `an installation on ${remote.url}` });
    const { id } = answer as { id?: unknown };
    if (typeof id !== "number") throw notGithub(app);
    return String(id);
  }

  async #send(remote: GitRemote, app: GithubApp, call: Call): Promise<object> {
    const api = { ...remote, url: app.api };
    const proxy = this.#connections.proxyFor(api);
    const url = new URL(app.api + call.path);
    try {
      const { statusCode, headers, body } = await this.#connections.pool(api).request({
        origin: url.origin,
        path: url.pathname,
        method: call.body === undefined ? "GET" : "POST",
        headers: {
          accept: "application/vnd.github+json",
          authorization: `Bearer ${call.claim}`,
          "content-type": "application/json",
          "user-agent": "overseer-gitops",
          "x-github-api-version": "2022-11-28",
        },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(call.body === undefined ? {} : { body: call.body }),
      });
      const text = await limited(body, app);
      if (statusCode >= 200 && statusCode < 300) return parsed(text, app);
      const retryAfter = headers["retry-after"];
      const wait = Array.isArray(retryAfter) ? retryAfter[0] : retryAfter;
      throw refusal(app, statusCode, call) ?? statusError(api, statusCode, wait, this.#clock.now(), proxy);
    } catch (error) {
      throw error instanceof Error && error.name === "TimeoutError" ? tooSlow(app) : transportError(api, error, proxy);
    }
  }
}

/** A token to request. */
interface Wanted {
  readonly remote: GitRemote;
  readonly app: GithubApp;
  readonly permissions: TokenPermissions;
}

/** One request to the API. */
interface Call {
  readonly path: string;
  readonly claim: string;
  readonly body?: string;
  readonly permissions?: TokenPermissions;
  /** What does not exist if the response is 404. */
  readonly missing: string;
}

/** Returns the JSON Web Token (RFC 7519, RS256) by which an app identifies itself. */
export function signedClaim({ id, privateKey }: GithubApp, now: number): string {
  const seconds = Math.floor(now / 1000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { iat: seconds - SKEW_SECONDS, exp: seconds + CLAIM_SECONDS, iss: id };
  const text = `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}`;
  return `${text}.${createSign("RSA-SHA256").update(text).sign(privateKey, "base64url")}`;
}

/** Installations looked up by repository are cached by repository. Proxy and certificates are part of the remote's ID. */
function keyOf(remote: GitRemote, app: GithubApp, permissions: TokenPermissions): string {
  const { ca, clientCert, clientKey } = remote.credential ?? {};
  const own = app.installation === undefined ? remote.url : "";
  return sha256(canonicalJson([app, own, permissions, ca, clientCert, clientKey, remote.proxy]));
}

async function limited(body: AsyncIterable<Buffer>, app: GithubApp): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_BYTES) throw notGithub(app);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parsed(text: string, app: GithubApp): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Not JSON: the text may be anything, and is not quoted.
  }
  throw notGithub(app);
}

function refusal(app: GithubApp, status: number, { missing, permissions = READ_CONTENTS }: Call): GitError | undefined {
  const reasons: Readonly<Record<number, string>> = {
    401: "rejects the app (HTTP 401): check githubAppID and githubAppPrivateKey in the Secret named in secretRef",
    403: "refuses a token (HTTP 403): check that the installation is not suspended",
    404: `does not know ${missing} (HTTP 404): check githubAppID and githubAppInstallationID in the Secret named in secretRef, and that the app is installed on the repository`,
    422: `refuses the token (HTTP 422): give the app the ${permissionText(permissions)}`,
  };
  const reason = reasons[status];
  return reason === undefined ? undefined : new GitError("GIT_AUTH_FAILED", `the GitHub API ${app.api} ${reason}`);
}

/** Returns the names of permissions as the settings of an app show them. */
function permissionText(permissions: TokenPermissions): string {
  const names = Object.entries(permissions).map(([name, access]) => {
    const title = PERMISSION_TITLES[name] ?? `${name.charAt(0).toUpperCase()}${name.slice(1).replaceAll("_", " ")}`;
    return `${title}: ${access === "write" ? "read and write" : "read"}`;
  });
  return `permission${names.length > 1 ? "s" : ""} ${names.join(", ")}`;
}

const PERMISSION_TITLES: Readonly<Record<string, string>> = { statuses: "Commit statuses" };

function notGithub({ api }: GithubApp): GitError {
  return new GitError(
    "GIT_PROTOCOL",
    `${api} does not respond like the API of GitHub: check githubAppBaseURL in the Secret named in secretRef`,
  );
}

function tooSlow({ api }: GithubApp): GitError {
  return new GitError("GIT_UNREACHABLE", `the GitHub API ${api} did not respond within ${TIMEOUT_MS / 1000} s`);
}
