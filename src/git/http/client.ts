import type { Dispatcher } from "undici";
import type { Clock } from "../../base/clock.js";
import type { GitRemote } from "../engine.js";
import { GitError } from "../errors.js";
import type { Connections } from "./connections.js";
import { isBrokenConnection, redirected, statusError, transportError } from "./failures.js";

/** Redirects on the same server that are followed one after the other. */
const MAX_HOPS = 3;

/** Where a request goes, below the address of the repository. */
export type GitService = "/info/refs?service=git-upload-pack" | "/git-upload-pack";

/** One request to a repository. */
export interface GitHttpRequest {
  readonly remote: GitRemote;
  /** Address of the repository: the remote's, or where the server said that it has moved to. */
  readonly base: string;
  readonly service: GitService;
  /** Makes it a POST. */
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** `GIT_TOO_LARGE` beyond this. */
  readonly maxBytes: number;
  /** What to do about an answer that is too large, for its message. */
  readonly remedy?: string;
  readonly signal: AbortSignal;
}

/** An answer of status 200. */
export interface GitHttpResponse {
  /** The address that answered: the request's, or another one of the same server. */
  readonly base: string;
  readonly contentType: string;
  readonly body: AsyncIterable<Buffer>;
}

/** HTTP for Git: signs in, follows redirects on the same server only, caps what it reads, and words what goes wrong. */
export class GitHttpClient {
  readonly #connections: Connections;
  readonly #clock: Clock;

  constructor(connections: Connections, clock: Clock) {
    this.#connections = connections;
    this.#clock = clock;
  }

  /** The answer to `request`. Every status but 200 is thrown as the error that it stands for. */
  async send(request: GitHttpRequest): Promise<GitHttpResponse> {
    let { base } = request;
    for (let hop = 0; ; hop++) {
      const { statusCode, headers, body } = await this.#requestTwice(request, base);
      if (statusCode === 200) {
        return { base, contentType: header(headers, "content-type") ?? "", body: readBody(request, body) };
      }
      await body.dump({ limit: 65536 }).catch(() => {});
      if (statusCode < 300 || statusCode >= 400) {
        const proxy = this.#connections.proxyFor(request.remote);
        throw statusError(request.remote, statusCode, header(headers, "retry-after"), this.#clock.now(), proxy);
      }
      const target = resolve(header(headers, "location"), base + request.service);
      const next = hop < MAX_HOPS && target !== undefined ? movedBase(target, base, request.service) : undefined;
      if (next === undefined) throw redirected(request.remote, target);
      base = next;
    }
  }

  /** A kept connection may be closed by the server in the moment that we use it. All requests only read, so they are repeated. */
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
      headers: { "user-agent": "git/overseer-gitops", ...headers, ...authorization(remote) },
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
  return new GitError(
    "GIT_TOO_LARGE",
    `${remote.url} sends more than the ${mib} MiB that are allowed for one answer${hint}`,
  );
}

function authorization({ credential }: GitRemote): Readonly<Record<string, string>> {
  if (credential?.bearerToken !== undefined) return { authorization: `Bearer ${credential.bearerToken}` };
  if (credential?.password === undefined) return {};
  const basic = Buffer.from(`${credential.username ?? ""}:${credential.password}`).toString("base64");
  return { authorization: `Basic ${basic}` };
}

/** The repository's new address when `target` is the same service of the same server. */
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
