import type { Dispatcher } from "undici";
import { messageOf, OverseerError } from "../../base/errors.js";
import { openGate, type WriteGate } from "../../base/write-gate.js";
import { KubeConnectionError, type KubeStatus, KubeStatusError, ResponseTooLargeError, readStatus } from "../errors.js";
import { isAboutSecrets, withoutSecretValues } from "../refusal-text/secret-answer.js";
import type { ClusterAccess } from "./auth.js";
import { readText } from "./byte-buffer.js";
import { plainJson } from "./plain-json.js";
import { ServerClock } from "./server-clock.js";
import { checkValues, type ServerLimits } from "./server-limits.js";
import { Transport } from "./transport.js";
import { warningsOf } from "./warnings.js";

/** One request to the API server. */
export interface KubeRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path with a leading slash; the caller escapes names in it. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  /** User to impersonate, for example `system:serviceaccount:shop:deployer`. */
  readonly impersonate?: string | undefined;
  /** Groups to impersonate, besides those that the API server adds. Only with `impersonate`. */
  readonly impersonateGroups?: readonly string[] | undefined;
  /** Token of a user, which is sent instead of the credential of this client. A 401 is then the user's, and not retried. */
  readonly bearer?: string | undefined;
  /** Whether the object holds values of Secrets, although it is of another kind: answers are then read like those about Secrets. */
  readonly confidential?: boolean | undefined;
  readonly signal?: AbortSignal;
}

/** Response of the API server. */
export interface KubeResponse<T> {
  readonly status: number;
  readonly body: T;
  /** Texts of `Warning` headers, for example of a deprecated API version. */
  readonly warnings: readonly string[];
}

/** Called after each request, for metrics. */
export type RequestObserver = (method: string, code: string, seconds: number) => void;

/** Options of a client. */
export interface KubeClientOptions {
  readonly access: ClusterAccess;
  readonly userAgent: string;
  /** Connections for requests; watches have a pool of their own. */
  readonly connections?: number;
  /** Limits for an untrusted server. Defaults to no limits. */
  readonly limits?: ServerLimits;
  readonly onRequest?: RequestObserver;
  /** Gate for writes. When it closes, requests in flight are aborted with its error. Defaults to an open gate. */
  readonly gate?: WriteGate;
}

/** Media type of one object's metadata. */
export const PARTIAL_OBJECT = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/** Media type of a metadata-only list. */
export const PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

const JSON_PATCH = "application/json-patch+json";
/** Maximum bytes read of a rejected watch's error body. */
const MAX_REFUSAL_BYTES = 64 * 1024;
/** Attempts of a request whose connection failed before a response arrived. */
const CONNECT_ATTEMPTS = 3;

/**
 * Plain JSON over HTTP/1.1 keep-alive connections. There are no typed models, so unknown fields are preserved. Requests and
 * watches use separate pools, so that watches never exhaust the connections.
 */
export class KubeClient {
  readonly server: string;
  /** Limits of its responses; undefined for no limits. */
  readonly limits: ServerLimits | undefined;
  readonly #access: ClusterAccess;
  /** Prefix of every path: the address of an API server behind a gateway may have a path. */
  readonly #prefix: string;
  readonly #transport: Transport;
  readonly #userAgent: string;
  readonly #onRequest: RequestObserver;
  readonly #clock = new ServerClock();

  constructor(options: KubeClientOptions) {
    this.server = options.access.server;
    this.#access = options.access;
    this.#prefix = new URL(this.server).pathname.replace(/\/+$/, "");
    this.#userAgent = options.userAgent;
    this.#onRequest = options.onRequest ?? (() => {});
    this.limits = options.limits;
    const { access, connections = 16, limits, gate = openGate } = options;
    this.#transport = new Transport({ access, connections, maxResponseBytes: limits?.responseBytes, gate });
  }

  /** Sends a request and reads the JSON response. Throws KubeStatusError for an HTTP error, KubeConnectionError without a response. */
  async request<T>(request: KubeRequest): Promise<KubeResponse<T>> {
    const started = performance.now();
    let code = "error";
    try {
      const response = await abortable(request.signal, () => this.#send("requests", request));
      code = String(response.statusCode);
      // A malicious server may split its response into single bytes.
      const text = await (this.limits ? readText(response.body) : response.body.text());
      checkValues(text, this.limits, `${request.method} ${request.path}`);
      if (response.statusCode >= 400) throw this.#refusal(response.statusCode, text, response.headers, request);
      return {
        status: response.statusCode,
        body: (text === "" ? undefined : parseBody(text, request)) as T,
        warnings: warningsOf(response.headers.warning, request),
      };
    } catch (error) {
      throw asKubeError(error, request, code !== "error");
    } finally {
      this.#onRequest(request.method, code, (performance.now() - started) / 1000);
    }
  }

  /** Opens a stream (a watch) and returns its chunks. It ends when the server ends it or `signal` aborts. */
  async stream(request: KubeRequest): Promise<AsyncIterable<Buffer>> {
    const started = performance.now();
    let code = "error";
    try {
      const response = await abortable(request.signal, () => this.#send("watches", request));
      code = String(response.statusCode);
      if (response.statusCode >= 400) {
        const text = await readText(response.body, MAX_REFUSAL_BYTES);
        throw this.#refusal(response.statusCode, text, response.headers, request);
      }
      return chunksOf(response.body, request);
    } catch (error) {
      throw asKubeError(error, request, code !== "error");
    } finally {
      this.#onRequest("WATCH", code, (performance.now() - started) / 1000);
    }
  }

  /** Returns the time of the API server in epoch milliseconds, from the `Date` of its responses; undefined before the first. */
  serverTime(): number | undefined {
    return this.#clock.now();
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    await this.#transport.close();
  }

  async #send(pool: "requests" | "watches", request: KubeRequest) {
    let refreshed = false;
    for (let attempt = 1; ; attempt++) {
      const options = await this.#options(request, refreshed);
      if (refreshed) this.#transport.adopt();
      const connections = this.#transport[pool];
      try {
        const response = await connections.request(options);
        this.#clock.note(response.headers.date);
        if (response.statusCode !== 401 || refreshed || request.bearer !== undefined) return response;
        await response.body.dump();
        refreshed = true;
      } catch (error) {
        if (attempt >= CONNECT_ATTEMPTS || request.signal?.aborted) throw error;
        if (isUnsent(error, request)) continue;
        if (!isUntrustedCertificate(error)) throw error;
        await this.#transport.renew();
        if (this.#transport[pool] === connections) throw error;
      }
    }
  }

  /** Returns the error for a rejected request. For a 401 the server's message has no details, so it is replaced. */
  #refusal(statusCode: number, text: string, headers: Headers, request: KubeRequest): KubeStatusError {
    const error = statusError(statusCode, text, headers, request);
    if (statusCode !== 401 || request.bearer !== undefined) return error;
    const { signIn = "the operator's credential" } = this.#access;
    const message = `authentication to the API server failed (401 ${error.reason}) with ${signIn}, even after reloading it: renew the credential`;
    return new KubeStatusError(statusCode, { ...error.status, message }, `${request.method} ${request.path}`);
  }

  async #options(request: KubeRequest, refresh: boolean): Promise<Dispatcher.RequestOptions> {
    const headers: Record<string, string | string[]> = {
      ...(request.bearer === undefined
        ? await this.#access.authHeaders(refresh)
        : { authorization: `Bearer ${request.bearer}` }),
      accept: request.accept ?? "application/json",
      "user-agent": this.#userAgent,
    };
    if (request.impersonate) headers["impersonate-user"] = request.impersonate;
    if (request.impersonateGroups?.length) headers["impersonate-group"] = [...request.impersonateGroups];
    if (request.body !== undefined) headers["content-type"] = request.contentType ?? "application/json";
    return {
      method: request.method,
      path: withQuery(`${this.#prefix}${request.path}`, request.query),
      headers,
      ...(request.body === undefined ? {} : { body: plainJson(request.body) }),
      ...(request.signal ? { signal: request.signal } : {}),
    };
  }
}

function withQuery(path: string, query: KubeRequest["query"]): string {
  if (!query) return path;
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, value);
  const text = params.toString();
  return text === "" ? path : `${path}?${text}`;
}

/**
 * Returns whether a retry is safe: the connection failed before sending, or the request is idempotent. A JSON patch is not: it
 * may append to a list, and its tests fail after it has succeeded.
 */
function isUnsent(error: unknown, { method, contentType }: KubeRequest): boolean {
  const code = codeOf(error);
  if (["ECONNREFUSED", "UND_ERR_CONNECT_TIMEOUT", "ENOTFOUND", "EAI_AGAIN"].includes(code)) return true;
  if (method === "POST" || method === "DELETE" || contentType === JSON_PATCH) return false;
  return ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes(code);
}

/** Returns whether the connection failed because the server's certificate is not trusted: nothing was sent. */
function isUntrustedCertificate(error: unknown): boolean {
  return /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH)/.test(
    codeOf(error),
  );
}

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? "";
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

function statusError(statusCode: number, text: string, headers: Headers, request: KubeRequest): KubeStatusError {
  let status: KubeStatus;
  try {
    const parsed = JSON.parse(text) as { kind?: unknown } | null;
    status = parsed?.kind === "Status" ? readStatus(parsed) : { message: text.slice(0, 500) };
  } catch {
    status = {
      message: `the API server returned ${statusCode} for ${request.method} ${request.path}: ${text.slice(0, 300).trim()}`,
    };
  }
  const retryAfter = Number(headers["retry-after"]);
  if (Number.isFinite(retryAfter) && retryAfter > 0) {
    status = { ...status, details: { ...status.details, retryAfterSeconds: retryAfter } };
  }
  if (isAboutSecrets(request)) status = withoutSecretValues(status, statusCode, request);
  return new KubeStatusError(statusCode, status, `${request.method} ${request.path}`);
}

function asKubeError(error: unknown, request: KubeRequest, thrown: boolean): unknown {
  if (error instanceof OverseerError || request.signal?.aborted) return error;
  if (codeOf(error) === "UND_ERR_RES_EXCEEDED_MAX_SIZE")
    return new ResponseTooLargeError(`${request.method} ${request.path}: the response exceeds the size limit`, error);
  const what = thrown ? "the response of the API server was cut short" : "no response from the API server";
  return new KubeConnectionError(`${request.method} ${request.path}: ${what}: ${describe(error)}`, error);
}

/** The error for a host name with several addresses has an empty message. */
function describe(error: unknown): string {
  const { code, errors } = error as { code?: string; errors?: readonly unknown[] };
  return messageOf(error) || errors?.map(messageOf).join("; ") || code || "unknown error";
}

/** The message of `JSON.parse` quotes the text, which may be a Secret, so it is replaced. */
function parseBody(text: string, request: KubeRequest): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const message = `${request.method} ${request.path}: the response (${text.length} characters) is not valid JSON`;
    throw new KubeConnectionError(message, undefined);
  }
}

async function* chunksOf(body: AsyncIterable<Buffer>, request: KubeRequest): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (error) {
    throw asKubeError(error, request, true);
  }
}

/**
 * Also observes the signal while connecting, waiting for a free connection, or authenticating: the pool observes it only once
 * the request is on a connection. Work already started ends through the pool, which has the signal too.
 */
async function abortable<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  if (!signal) return work();
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", abort));
  });
}
