import type { Dispatcher } from "undici";
import { messageOf, OverseerError } from "../../base/errors.js";
import { jsonText } from "../../base/hash.js";
import { openGate, type WriteGate } from "../../base/write-gate.js";
import { KubeConnectionError, type KubeStatus, KubeStatusError, ResponseTooLargeError } from "../errors.js";
import { isAboutSecrets, withoutSecretValues } from "../refusal-text/secret-answer.js";
import type { ClusterAccess } from "./auth.js";
import { readText } from "./byte-buffer.js";
import { checkValues, type ServerLimits } from "./server-limits.js";
import { Transport } from "./transport.js";
import { warningsOf } from "./warnings.js";

/** One request to the API server. */
export interface KubeRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path with a leading slash; names in it are escaped by the caller. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  /** User on whose behalf the request is made, for example `system:serviceaccount:shop:deployer`. */
  readonly impersonate?: string | undefined;
  readonly signal?: AbortSignal;
}

/** What the API server answered. */
export interface KubeResponse<T> {
  readonly status: number;
  readonly body: T;
  /** Texts of `Warning` headers, for example of a deprecated API version. */
  readonly warnings: readonly string[];
}

/** Told of each finished request, for the metrics. */
export type RequestObserver = (method: string, code: string, seconds: number) => void;

/** How the client is set up. */
export interface KubeClientOptions {
  readonly access: ClusterAccess;
  readonly userAgent: string;
  /** Connections for requests; watches have a pool of their own. */
  readonly connections?: number;
  /** For a server that is not ours. Default: all that it answers is taken. */
  readonly limits?: ServerLimits;
  readonly onRequest?: RequestObserver;
  /** What writes have to pass. When it closes, requests under way are broken off with its error. Default: it is open. */
  readonly gate?: WriteGate;
}

/** Media type of metadata without the rest, for one object or a list. */
export const PARTIAL_OBJECT = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/** The same for a list. */
export const PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

const JSON_PATCH = "application/json-patch+json";
/** More of what a watch is refused with tells nobody anything. */
const MAX_REFUSAL_BYTES = 64 * 1024;
/** Tries of a request whose connection failed before an answer came. */
const CONNECT_TRIES = 3;

/**
 * Plain JSON over HTTP/1.1 connections that are kept: no typed models, so a field that this build has never heard of
 * passes through unharmed. Requests and watches have separate pools, so that watches never use up the connections.
 */
export class KubeClient {
  readonly server: string;
  /** How much of its answers is taken; undefined: all. */
  readonly limits: ServerLimits | undefined;
  readonly #access: ClusterAccess;
  /** What comes before every path: an API server behind a gateway has an address with a path. */
  readonly #prefix: string;
  readonly #transport: Transport;
  readonly #userAgent: string;
  readonly #onRequest: RequestObserver;

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

  /** Sends a request and reads the JSON answer. Throws KubeStatusError for an HTTP error, KubeConnectionError for none. */
  async request<T>(request: KubeRequest): Promise<KubeResponse<T>> {
    const started = performance.now();
    let code = "error";
    try {
      const response = await abortable(request.signal, () => this.#send("requests", request));
      code = String(response.statusCode);
      // A sender who means us harm cuts his answer into single bytes.
      const text = await (this.limits ? readText(response.body) : response.body.text());
      checkValues(text, this.limits, `${request.method} ${request.path}`);
      if (response.statusCode >= 400) throw this.#refusal(response.statusCode, text, response.headers, request);
      return {
        status: response.statusCode,
        body: (text === "" ? undefined : parseBody(text, request)) as T,
        warnings: warningsOf(response.headers.warning, request.path),
      };
    } catch (error) {
      throw asKubeError(error, request, code !== "error");
    } finally {
      this.#onRequest(request.method, code, (performance.now() - started) / 1000);
    }
  }

  /** Opens a stream (a watch) and gives its chunks. Ends when the server ends it or `signal` aborts. */
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
      return piecesOf(response.body, request);
    } catch (error) {
      throw asKubeError(error, request, code !== "error");
    } finally {
      this.#onRequest("WATCH", code, (performance.now() - started) / 1000);
    }
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
        if (response.statusCode !== 401 || refreshed) return response;
        await response.body.dump();
        refreshed = true;
      } catch (error) {
        if (attempt >= CONNECT_TRIES || request.signal?.aborted) throw error;
        if (isUnsent(error, request)) continue;
        if (!isDistrust(error)) throw error;
        await this.#transport.renew();
        if (this.#transport[pool] === connections) throw error;
      }
    }
  }

  /** What the API server says no with. Of a sign-in that it does not take, it says nothing that helps anybody. */
  #refusal(statusCode: number, text: string, headers: Headers, request: KubeRequest): KubeStatusError {
    const error = statusError(statusCode, text, headers, request);
    if (statusCode !== 401) return error;
    const { signIn = "what the operator signs in with" } = this.#access;
    const message = `the API server does not know us (401 ${error.reason}) by ${signIn}, read again a moment ago: renew it`;
    return new KubeStatusError(statusCode, { ...error.status, message }, `${request.method} ${request.path}`);
  }

  async #options(request: KubeRequest, refresh: boolean): Promise<Dispatcher.RequestOptions> {
    const headers: Record<string, string> = {
      ...(await this.#access.authHeaders(refresh)),
      accept: request.accept ?? "application/json",
      "user-agent": this.#userAgent,
    };
    if (request.impersonate) headers["impersonate-user"] = request.impersonate;
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

/** Characters that a YAML reader takes for line breaks or refuses. */
const NOT_YAML_SAFE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/**
 * JSON that means the same to a YAML reader, which is what the API server uses for an apply: raw, U+0085 in a value would
 * arrive as a space, and U+2028 be refused (tried on 1.35).
 */
function plainJson(body: unknown): string {
  return jsonText(body).replace(NOT_YAML_SAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function withQuery(path: string, query: KubeRequest["query"]): string {
  if (!query) return path;
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, value);
  const text = params.toString();
  return text === "" ? path : `${path}?${text}`;
}

/**
 * Whether sending again cannot do something twice: the connection failed first, or the request gives the same end state. A
 * JSON patch does not: it may append to a list, and its tests fail after its own success.
 */
function isUnsent(error: unknown, { method, contentType }: KubeRequest): boolean {
  const code = codeOf(error);
  if (["ECONNREFUSED", "UND_ERR_CONNECT_TIMEOUT", "ENOTFOUND", "EAI_AGAIN"].includes(code)) return true;
  if (method === "POST" || method === "DELETE" || contentType === JSON_PATCH) return false;
  return ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes(code);
}

/** Whether a connection did not come about since we do not trust the server's certificate: nothing was sent. */
function isDistrust(error: unknown): boolean {
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
    const parsed = JSON.parse(text) as KubeStatus & { kind?: string };
    status = parsed.kind === "Status" ? parsed : { message: text.slice(0, 500) };
  } catch {
    status = {
      message: `the API server answered ${statusCode} to ${request.method} ${request.path}: ${text.slice(0, 300).trim()}`,
    };
  }
  const retryAfter = Number(headers["retry-after"]);
  if (Number.isFinite(retryAfter) && retryAfter > 0) {
    status = { ...status, details: { ...status.details, retryAfterSeconds: retryAfter } };
  }
  if (isAboutSecrets(request.path)) status = withoutSecretValues(status, statusCode, request);
  return new KubeStatusError(statusCode, status, `${request.method} ${request.path}`);
}

function asKubeError(error: unknown, request: KubeRequest, thrown: boolean): unknown {
  if (error instanceof OverseerError || request.signal?.aborted) return error;
  if (codeOf(error) === "UND_ERR_RES_EXCEEDED_MAX_SIZE")
    return new ResponseTooLargeError(`${request.method} ${request.path}: the answer is longer than is taken`, error);
  const what = thrown ? "the answer of the API server was cut short" : "the API server gave no answer";
  return new KubeConnectionError(`${request.method} ${request.path}: ${what}: ${describe(error)}`, error);
}

/** A host name with several addresses fails with an error whose message is empty. */
function describe(error: unknown): string {
  const { code, errors } = error as { code?: string; errors?: readonly unknown[] };
  return messageOf(error) || errors?.map(messageOf).join("; ") || code || "unknown error";
}

/** What `JSON.parse` says about a broken text quotes it, and it may be a Secret: so we say it ourselves. */
function parseBody(text: string, request: KubeRequest): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const message = `${request.method} ${request.path}: the answer (${text.length} characters) is not whole JSON`;
    throw new KubeConnectionError(message, undefined);
  }
}

async function* piecesOf(body: AsyncIterable<Buffer>, request: KubeRequest): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (error) {
    throw asKubeError(error, request, true);
  }
}

/**
 * The pool looks at a signal only once the request is on a connection; as long as it connects, or waits for a free
 * connection, or we sign in, we do it. What was begun ends by itself: the pool has the signal too.
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
