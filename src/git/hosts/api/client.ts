import type { LRUCache } from "lru-cache";
import { z } from "zod";
import type { GitHostType } from "../../../api/git-provider.js";
import { unlessAborted } from "../../../base/abort.js";
import { type BackoffPolicy, backoffDelay } from "../../../base/backoff.js";
import type { Clock } from "../../../base/clock.js";
import { withDeadline } from "../../../base/deadline.js";
import type { GitCredential } from "../../engine.js";
import { GitError, isGitError } from "../../errors.js";
import type { InstallationTokens } from "../../github/installation-tokens.js";
import type { Connections } from "../../http/connections.js";
import { transportError } from "../../http/failures.js";
import type { GitHostOperation } from "../git-host.js";
import { type ApiCall, type ApiResponse, type CallContext, requestBody } from "./call.js";
import { explanationIn, rateLimited, redirectedApi, statusFailure, tooSlowApi, unreadable } from "./failures.js";
import { APP_PERMISSIONS } from "./permissions.js";
import { headerOf, type ResponseHeaders, rateLimitWait, retryAfterOf } from "./rate-limit.js";
import type { ResponseCache } from "./response-cache.js";
import type { HostTarget } from "./target.js";

/** Counts requests: `result` is the HTTP status, or `error` if there was no response. */
export type ApiObserver = (host: GitHostType, operation: GitHostOperation, result: string) => void;

/** Services of all clients. */
export interface ApiServices {
  readonly clock: Clock;
  readonly connections: Connections;
  readonly tokens: InstallationTokens;
  readonly cache: ResponseCache;
  /** Monotonic time until which the host permits no request, by API and credential. */
  readonly limits: LRUCache<string, number>;
  /** ID of the credential's user, by API and credential. */
  readonly users: LRUCache<string, number>;
  readonly observe: ApiObserver;
  /** Time of one request, in milliseconds. */
  readonly timeoutMs: number;
}

/** Bytes of one response. */
const MAX_BYTES = 4 * 2 ** 20;
/** Items of all pages of a list; a commit or pull request with more is answered incompletely otherwise. */
const MAX_PAGES = 10;
/** Reads are repeated after temporary failures. Writes are not: the caller knows whether a repetition is harmless. */
const READ_ATTEMPTS = 3;
const RETRY: BackoffPolicy = { baseMs: 250, factor: 4, maxMs: 2_000 };
/** A longer wait is left to the caller. */
const LONGEST_RETRY_MS = 2_000;
/** The answer of GitHub, GitLab and Gitea to `/user`. */
const User = z.object({ id: z.number() });

/** Sends requests to the API of one repository's host. */
export class HostApi {
  readonly target: HostTarget;
  readonly #services: ApiServices;

  constructor(target: HostTarget, services: ApiServices) {
    this.target = target;
    this.#services = services;
  }

  /** Sends a request. Reads are conditional if the response is known, and repeated after temporary failures. */
  async send<T>(call: ApiCall<T>): Promise<ApiResponse<T>> {
    const attempts = (call.method ?? "GET") === "GET" ? READ_ATTEMPTS : 1;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(call);
      } catch (error) {
        const wait = attempt < attempts ? retryDelay(error, attempt) : undefined;
        if (wait === undefined) throw error;
        await this.#pause(wait, call.signal);
      }
    }
  }

  /** Sends a request; undefined if the response is 404. */
  async find<T>(call: ApiCall<T>): Promise<T | undefined> {
    try {
      return (await this.send(call)).body;
    } catch (error) {
      if (isGitError(error, "GIT_HOST_NOT_FOUND")) return undefined;
      throw error;
    }
  }

  /**
   * Returns the items of all pages. `itemsOf` reads one page; `nextOf` returns the path of the next one, by default that of the Link
   * header. Throws `GIT_TOO_LARGE` if there are too many: an incomplete answer could hide a review or a failed check.
   */
  async pages<T, I>(
    call: ApiCall<T>,
    itemsOf: (page: T) => readonly I[],
    nextOf: (page: T) => string | undefined = () => undefined,
  ): Promise<readonly I[]> {
    const items: I[] = [];
    let path: string | undefined = call.path;
    for (let page = 0; path !== undefined; page++) {
      if (page === MAX_PAGES) throw tooMany(call);
      const response: ApiResponse<T> = await this.send({ ...call, path });
      items.push(...itemsOf(response.body));
      path = nextOf(response.body) ?? response.next;
    }
    return items;
  }

  /** Returns the ID of the user whose credential is used. It is asked for once, and does not exist for a GitHub App. */
  async ownUser(call: CallContext): Promise<number> {
    const { users } = this.#services;
    const key = this.#credentialKey;
    const known = users.get(key);
    if (known !== undefined) return known;
    const { body } = await this.send({ ...call, path: "/user", schema: User });
    users.set(key, body.id);
    return body.id;
  }

  get #credentialKey(): string {
    return `${this.target.api} ${this.target.remote.id}`;
  }

  /** Returns the path below the API of an absolute URL in a response; undefined if it is elsewhere. */
  pathOf(url: string | null | undefined): string | undefined {
    const { api } = this.target;
    if (!url || !URL.canParse(url, `${api}/`)) return undefined;
    const { href } = new URL(url, `${api}/`);
    return href.startsWith(`${api}/`) ? href.slice(api.length) : undefined;
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    const over = new Promise<void>((resolve) => void this.#services.clock.after(ms, resolve));
    return unlessAborted(over, signal);
  }

  async #attempt<T>(call: ApiCall<T>): Promise<ApiResponse<T>> {
    const { clock, limits } = this.#services;
    const limitKey = this.#credentialKey;
    const left = (limits.get(limitKey) ?? 0) - clock.monotonic();
    if (left > 0) throw rateLimited(this.target, call, left);
    const credential = await this.#credential(call);
    const isRead = (call.method ?? "GET") === "GET";
    const cacheKey = `${this.target.remote.id} ${call.path}`;
    const cached = isRead ? this.#services.cache.get(cacheKey) : undefined;
    const { status, headers, text } = await this.#exchange(call, credential, cached?.etag);
    if (status === 304 && cached !== undefined) return this.#read(call, cached.text, cached.link);
    const wait = rateLimitWait(status, headers, clock.now());
    if (wait !== undefined) {
      limits.set(limitKey, clock.monotonic() + wait);
      throw rateLimited(this.target, call, wait);
    }
    if (status >= 300 && status < 400) throw redirectedApi(this.target, call, headerOf(headers, "location"));
    if (status < 200 || status > 299) throw this.#failure(call, status, headers, text, credential);
    const link = headerOf(headers, "link");
    const etag = headerOf(headers, "etag");
    const response = this.#read(call, text, link);
    if (isRead && etag !== undefined) this.#services.cache.set(cacheKey, { etag, text, link });
    return response;
  }

  /** The credential of the repository, or that of its GitHub App with a token for this operation only. */
  async #credential({ operation, signal }: ApiCall<unknown>): Promise<GitCredential | undefined> {
    const { remote, repositoryUrl } = this.target;
    const forTokens = { ...remote, url: repositoryUrl };
    return this.#services.tokens.credentialOf(forTokens, signal, APP_PERMISSIONS[operation]);
  }

  async #exchange(
    call: ApiCall<unknown>,
    credential: GitCredential | undefined,
    etag: string | undefined,
  ): Promise<{ readonly status: number; readonly headers: ResponseHeaders; readonly text: string }> {
    const { clock, connections, observe, timeoutMs } = this.#services;
    const { remote, type, api } = this.target;
    const url = new URL(api + call.path);
    const body = requestBody(call);
    const send = async (signal: AbortSignal) => {
      const response = await connections.pool(remote).request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: call.method ?? "GET",
        headers: {
          accept: "application/json",
          "user-agent": "overseer-gitops",
          ...(body === undefined ? {} : { "content-type": body.type }),
          // Bitbucket takes forms of others for forged requests without it.
          ...(call.multipart === undefined ? {} : { "x-atlassian-token": "no-check" }),
          ...authorizationOf(type, credential),
          ...(etag === undefined ? {} : { "if-none-match": etag }),
        },
        signal,
        ...(body === undefined ? {} : { body: body.text }),
      });
      const text = await readText(response.body, () => unreadable(this.target, call, "is too large"));
      return { status: response.statusCode, headers: response.headers, text };
    };
    let result = "error";
    const expired = (): Error => tooSlowApi(this.target, call, timeoutMs);
    try {
      const response = await withDeadline({ ms: timeoutMs, expired, clock, signal: call.signal }, send);
      result = String(response.status);
      return response;
    } catch (error) {
      if (call.signal.aborted) throw call.signal.reason;
      throw transportError(remote, error, connections.proxyFor(remote));
    } finally {
      observe(type, call.operation, result);
    }
  }

  #failure(
    call: ApiCall<unknown>,
    status: number,
    headers: ResponseHeaders,
    text: string,
    credential: GitCredential | undefined,
  ): GitError {
    const { remote, repositoryUrl } = this.target;
    if ([401, 403, 404].includes(status))
      this.#services.tokens.forget({ ...remote, url: repositoryUrl }, APP_PERMISSIONS[call.operation]);
    const explanation = explanationIn(text, [credential?.password, credential?.bearerToken]);
    const failure = statusFailure(this.target, call, status, explanation);
    const wait = status >= 500 ? retryAfterOf(headers, this.#services.clock.now()) : undefined;
    return wait === undefined ? failure : new GitError(failure.code, failure.message, { retryAfterMs: wait });
  }

  #read<T>(call: ApiCall<T>, text: string, link: string | undefined): ApiResponse<T> {
    let value: unknown;
    try {
      value = text === "" ? undefined : JSON.parse(text);
    } catch {
      throw unreadable(this.target, call, "is not JSON");
    }
    const parsed = call.schema.safeParse(value);
    if (!parsed.success) {
      const at = parsed.error.issues[0]?.path.join(".") ?? "";
      throw unreadable(this.target, call, `has an unexpected shape${at === "" ? "" : ` (${at})`}`);
    }
    const next = this.pathOf(nextLink(link));
    return { body: parsed.data, ...(next === undefined ? {} : { next }) };
  }
}

/** Returns the delay before a read is repeated; undefined if it is not. */
function retryDelay(error: unknown, attempt: number): number | undefined {
  if (!isGitError(error, "GIT_UNREACHABLE", "GIT_SERVER_ERROR", "GIT_RATE_LIMITED")) return undefined;
  if (isGitError(error, "GIT_RATE_LIMITED") && error.retryAfterMs === undefined) return undefined;
  const wait = Math.max(backoffDelay(RETRY, attempt), error.retryAfterMs ?? 0);
  return wait <= LONGEST_RETRY_MS ? wait : undefined;
}

/** Returns the header that authenticates. Every host accepts tokens as Bearer, except those that need a user name. */
function authorizationOf(type: GitHostType, credential: GitCredential | undefined): Readonly<Record<string, string>> {
  const { bearerToken, password, username = "" } = credential ?? {};
  const token = bearerToken ?? (isTokenOnly(type, username) ? password : undefined);
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  if (password === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` };
}

/** User names that stand for a token without a user. */
const TOKEN_USERS: ReadonlySet<string> = new Set(["", "x-access-token", "x-token-auth", "oauth2"]);

/** Azure DevOps accepts personal access tokens only as the password of any user. GitHub and GitLab accept no password at all. */
function isTokenOnly(type: GitHostType, username: string): boolean {
  if (type === "AzureDevOps") return false;
  return type === "GitHub" || type === "GitLab" || TOKEN_USERS.has(username);
}

async function readText(body: AsyncIterable<Buffer>, tooLarge: () => GitError): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Returns the URL with `rel="next"` of a Link header. */
function nextLink(link: string | undefined): string | undefined {
  return link?.split(",").flatMap((part) => /<([^>]*)>\s*;.*\brel="?next"?/.exec(part)?.[1] ?? [])[0];
}

function tooMany({ operation, subject }: ApiCall<unknown>): GitError {
  return new GitError("GIT_TOO_LARGE", `${subject} has more than ${MAX_PAGES} pages of results for ${operation}`);
}
