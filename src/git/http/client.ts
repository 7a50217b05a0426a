import type { Dispatcher } from "undici";
import type { Clock } from "../../base/clock.js";
import type { GitRemote } from "../engine.js";
import { GitError } from "../errors.js";
import { InstallationTokens } from "../github/installation-tokens.js";
import type { Connections } from "./connections.js";
import { isBrokenConnection, redirected, statusError, transportError } from "./failures.js";

/** Consecutive redirects on the same server that are followed. */
const MAX_HOPS = 3;

/** Path of a request, below the address of the repository. */
export type GitService = "/info/refs?service=git-upload-pack" | "/git-upload-pack";

/** One request to a repository. */
export interface GitHttpRequest {
  readonly remote: GitRemote;
  /** Address of the repository: the remote's, or the one that the server redirected to. */
  readonly base: string;
  readonly service: GitService;
  /** Makes it a POST. */
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** `GIT_TOO_LARGE` beyond this. */
  readonly maxBytes: number;
  /** Remedy in the message about a response that is too large. */
  readonly remedy?: string;
  readonly signal: AbortSignal;
}

/** A response with status 200. */
export interface GitHttpResponse {
  /** The address that responded: the request's, or another one of the same server. */
  readonly base: string;
  readonly contentType: string;
  readonly body: AsyncIterable<Buffer>;
}

/** HTTP for Git: authenticates, follows redirects on the same server only, limits response sizes, and describes failures. */
export class GitHttpClient {
  readonly #connections: Connections;
  readonly #clock: Clock;
  readonly #tokens: InstallationTokens;

  constructor(connections: Connections, clock: Clock, tokens = new InstallationTokens(connections, clock)) {
    this.#connections = connections;
    this.#clock = clock;
    this.#tokens = tokens;
  }

  /** Sends `request`. Throws the matching error for every status other than 200. */
  async send(request: GitHttpRequest): Promise<GitHttpResponse> {
    let { base } = request;
    const credential = await this.#tokens.credentialOf(request.remote, request.signal);
    const authenticated = { ...request, headers: { ...request.headers, ...authorization(credential) } };
    for (let hop = 0; ; hop++) {
      const { statusCode, headers, body } = await this.#requestTwice(authenticated, base);
      if (statusCode === 200) {
        return { base, contentType: header(headers, "content-type") ?? "", body: readBody(request, body) };
      }
      await body.dump({ limit: 65536 }).catch(() => {});
      if (statusCode < 300 || statusCode >= 400) {
        if ([401, 403, 404].includes(statusCode)) this.#tokens.forget(request.remote);
        const proxy = this.#connections.proxyFor(request.remote);
        throw statusError(request.remote, statusCode, header(headers, "retry-after"), this.#clock.now(), proxy);
      }
      const target = resolve(header(headers, "location"), base + request.service);
      const next = hop < MAX_HOPS && target !== undefined ? movedBase(target, base, request.service) : undefined;
      if (next === undefined) throw redirected(request.remote, target);
      base = next;
    }
  }

  /** The server may close a kept-alive connection just as it is used. Requests are read-only, so one retry is safe. */
  async #requestTwice(request: GitHttpRequest, base: string): Promise<Dispatcher.ResponseData> {
    try {
      return await this.#request(request, base);
    } catch (error) {
      if (request.signal.aborted) throw request.signal.reason;
      if (!isBrokenConnection(error)) throw this.#transportError(request, error);
    }
    try {
      return await this.#request(request, base);
    } catch (error) {
      throw request.signal.aborted ? request.signal.reason : this.#transportError(request, error);
    }
  }

  #transportError({ remote }: GitHttpRequest, error: unknown): unknown {
    return transportError(remote, error, this.#connections.proxyFor(remote));
  }

  #request({ remote, service, body, headers, signal }: GitHttpRequest, base: string): Promise<Dispatcher.ResponseData> {
    const url = new URL(base + service);
    return this.#connections.pool(remote).request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: body === undefined ? "GET" : "POST",
      headers: { "user-agent": "git/overseer-gitops", ...headers },
      signal,
      ...(body === undefined ? {} : { body }),
    });
  }
}

async function* readBody(request: GitHttpRequest, body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > request.maxBytes) throw tooLarge(request);
      yield chunk;
    }
  } catch (error) {
    throw request.signal.aborted ? request.signal.reason : transportError(request.remote, error);
  }
}

function tooLarge({ remote, maxBytes, remedy }: GitHttpRequest): GitError {
  const mib = Math.round(maxBytes / 2 ** 20);
  const hint = remedy === undefined ? "" : `: ${remedy}`;
  return new GitError("GIT_TOO_LARGE", `the response of ${remote.url} exceeds the limit of ${mib} MiB${hint}`);
}

function authorization(credential: GitRemote["credential"]): Readonly<Record<string, string>> {
  if (credential?.bearerToken !== undefined) return { authorization: `Bearer ${credential.bearerToken}` };
  if (credential?.password === undefined) return {};
  const basic = Buffer.from(`${credential.username ?? ""}:${credential.password}`).toString("base64");
  return { authorization: `Basic ${basic}` };
}

/** Returns the repository's new address if `target` is the same service on the same server. */
function movedBase(target: URL, base: string, service: GitService): string | undefined {
  if (target.origin !== new URL(base).origin) return undefined;
  const at = `${target.pathname}${target.search}`;
  return at.endsWith(service) ? target.origin + at.slice(0, -service.length) : undefined;
}

function resolve(location: string | undefined, from: string): URL | undefined {
  return location !== undefined && URL.canParse(location, from) ? new URL(location, from) : undefined;
}

function header(headers: Readonly<Record<string, string | string[] | undefined>>, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
