import { Pool } from "undici";
import type { Problem } from "../../api/problem.js";
import { formatDuration } from "../../base/duration.js";
import { messageOf } from "../../base/errors.js";
import { KubeConnectionError, KubeStatusError } from "../../kube/errors.js";
import { VERSION } from "../../version.js";
import { CommandError, EXIT } from "../exit-codes.js";
import type { TokenSource } from "../login/tokens.js";

/** A request to the REST API. */
export interface ServerRequest {
  readonly method: "GET" | "POST" | "PUT";
  /** Path below /api/gitops, encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** Options of the client. */
export interface ServerHttpOptions {
  /** Without a slash at the end. */
  readonly url: string;
  /** Undefined: requests need no credential. */
  readonly tokens: TokenSource | undefined;
  /** Certificates of authorities, PEM. */
  readonly ca?: string | undefined;
  /** Limit of a request in milliseconds; 0 is none. */
  readonly timeoutMs: number;
}

/** A response whose body has not been read. */
interface ServerResponse {
  readonly status: number;
  readonly type: string;
  /** Seconds of the header Retry-After. */
  readonly retryAfter: number | undefined;
  readonly body: AsyncIterable<Buffer>;
}

const API = "/api/gitops";
/** Largest response that is read. */
const MAX_BYTES = 64 * 2 ** 20;
const CONNECTIONS = 16;
/** What proxies answer with while they cannot reach the API. */
const GATEWAY = new Set([502, 503, 504]);

/** Sends requests to the REST API. Its errors are those of the API server, so that commands need not tell them apart. */
export class ServerHttp {
  readonly #options: ServerHttpOptions;
  readonly #pool: Pool;
  readonly #base: string;

  constructor(options: ServerHttpOptions) {
    this.#options = options;
    const { origin, pathname } = new URL(options.url);
    this.#base = pathname.replace(/\/+$/, "");
    const connect = options.ca === undefined ? {} : { connect: { ca: options.ca } };
    this.#pool = new Pool(origin, { connections: CONNECTIONS, ...connect });
  }

  /**
   * Sends a request, and returns the JSON of the response.
   *
   * @throws KubeStatusError for a problem, KubeConnectionError without a connection or an answer in time.
   */
  async request<T>(request: ServerRequest): Promise<T> {
    const { timeoutMs, url } = this.#options;
    const limit = timeoutMs > 0 ? AbortSignal.timeout(timeoutMs) : undefined;
    try {
      const { body, type } = await this.#send(request, limit);
      const text = await readAll(body);
      if (!/^application\/json\b/.test(type)) throw this.#stranger(type);
      return JSON.parse(text) as T;
    } catch (error) {
      if (limit?.aborted !== true) throw error;
      const text = `no answer from ${url} within ${formatDuration(timeoutMs)}`;
      throw new KubeConnectionError(`${text}: check the network, or raise --request-timeout`, error);
    }
  }

  /** Opens a stream, which ends when the server ends it or `signal` is aborted. Throws as `request`. */
  async stream(request: ServerRequest): Promise<AsyncIterable<Buffer>> {
    return this.#chunks((await this.#send(request, request.signal)).body);
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }

  async #send(request: ServerRequest, signal: AbortSignal | undefined) {
    const { tokens } = this.#options;
    const token = await tokens?.token();
    const first = await this.#once(request, token, signal);
    if (first.status !== 401 || tokens === undefined) return this.#checked(request, first);
    await readAll(first.body);
    // The token may have been revoked before its expiry: a renewed one is tried once.
    return this.#checked(request, await this.#once(request, await tokens.token(token), signal));
  }

  async #once(
    { method, path, query = {}, body }: ServerRequest,
    token: string | undefined,
    signal?: AbortSignal,
  ): Promise<ServerResponse> {
    const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const search = given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
    try {
      const response = await this.#pool.request({
        method,
        path: `${this.#base}${API}${path}${search}`,
        headers: {
          accept: "*/*",
          "user-agent": `overseer/${VERSION}`,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      });
      const type = [response.headers["content-type"] ?? ""].flat().join();
      const retryAfter = Number([response.headers["retry-after"] ?? ""].flat().join()) || undefined;
      return { status: response.statusCode, type, retryAfter, body: response.body as AsyncIterable<Buffer> };
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new KubeConnectionError(`cannot reach ${this.#options.url}: ${messageOf(error)}`, error);
    }
  }

  async #checked(request: ServerRequest, response: ServerResponse) {
    const { status, type, retryAfter, body } = response;
    if (status >= 200 && status < 300) return response;
    const text = await readAll(body);
    const what = `${request.method} ${request.path}`;
    const details = retryAfter === undefined ? {} : { details: { retryAfterSeconds: retryAfter } };
    if (!/^application\/problem\+json\b/.test(type)) {
      if (!GATEWAY.has(status)) throw this.#stranger(`${type}, status ${status}`);
      const message = `${this.#options.url} answers with status ${status}: a proxy before it cannot reach it. Retry later`;
      throw new KubeStatusError(status, { code: status, message, ...details }, what);
    }
    const problem = JSON.parse(text) as Problem;
    const parts = (problem.errors ?? [])
      .map(({ detail }) => detail)
      .filter((detail) => !problem.detail.includes(detail));
    const message = [problem.detail, ...parts].join("; ");
    const hint = status === 401 ? `${message} (overseer login ${this.#options.url})` : message;
    throw new KubeStatusError(status, { code: status, reason: problem.code, message: hint, ...details }, what);
  }

  async *#chunks(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    try {
      yield* body;
    } catch (error) {
      throw new KubeConnectionError(`the connection to ${this.#options.url} broke: ${messageOf(error)}`, error);
    }
  }

  #stranger(type: string): CommandError {
    return new CommandError(
      `${this.#options.url} is not the REST API of Overseer GitOps: it answers with ${type === "" ? "no media type" : type}. Check the URL`,
      EXIT.noConnection,
    );
  }
}

async function readAll(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new CommandError("the response of the server is too large", EXIT.failed);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
