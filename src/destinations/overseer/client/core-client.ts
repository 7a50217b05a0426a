import { rootCertificates } from "node:tls";
import type { Dispatcher } from "undici";
import { cutText } from "../../../base/cut-text.js";
import { messageOf, OverseerError } from "../../../base/errors.js";
import { openGate, type WriteGate } from "../../../base/write-gate.js";
import { type Connections, fencedPool } from "../../../kube/client/fenced-pool.js";
import { quotesSent } from "../sent-values.js";
import type { CoreAccess } from "./core-access.js";
import { CoreError, type CoreErrorCode } from "./core-error.js";

/** What a Core can be asked to do. */
export type CoreMethod = "GET" | "POST" | "PUT" | "DELETE" | "OPTIONS";

/** One request to a Core. */
export interface CoreRequest {
  readonly method: CoreMethod;
  /** Path below the Core's address; ids in it are escaped by the caller. */
  readonly path: string;
  readonly body?: unknown;
  /** Do it only to this state of the resource: an ETag without its quotes. */
  readonly ifMatch?: string | undefined;
  /** Answer 304 if this is still the state: an ETag without its quotes. */
  readonly ifNoneMatch?: string | undefined;
  /** Let the Core hold the answer back this long while there is nothing new, in seconds. */
  readonly waitSeconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a Core answered: below 400, or 304. */
export interface CoreResponse {
  readonly status: number;
  readonly body: unknown;
  /** Without its quotes; undefined where the Core gives none. */
  readonly etag: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Told of each finished request, for the metrics: method and HTTP status, or `error` when no answer came. */
export type CoreRequestObserver = (method: string, code: string) => void;

/** How a client is set up. */
export interface CoreClientOptions {
  readonly userAgent: string;
  readonly onRequest?: CoreRequestObserver;
  /** Asked before each write; left out: writes may always leave. */
  readonly gate?: WriteGate;
}

/** Longest wait for the head of an answer, and for each part of its body. */
const TIMEOUT_MS = 15_000;
/** Largest answer that is read. */
const MAX_RESPONSE_BYTES = 128 * 1024 * 1024;
const CONNECTIONS = 8;

/** HTTP to one Core: JSON both ways, errors as CoreError, connections that are kept. */
export class CoreClient {
  readonly url: string;
  readonly #access: CoreAccess;
  readonly #prefix: string;
  readonly #pool: Connections;
  readonly #userAgent: string;
  readonly #onRequest: CoreRequestObserver;

  constructor(access: CoreAccess, options: CoreClientOptions) {
    const { origin, pathname } = new URL(access.url);
    this.url = access.url;
    this.#access = access;
    this.#prefix = pathname.replace(/\/+$/, "");
    this.#userAgent = options.userAgent;
    this.#onRequest = options.onRequest ?? (() => {});
    const settings = {
      connect: { timeout: 10_000, ...(access.ca === undefined ? {} : { ca: [...rootCertificates, access.ca] }) },
      allowH2: false,
      pipelining: 1,
      connections: CONNECTIONS,
      keepAliveTimeout: 60_000,
      bodyTimeout: TIMEOUT_MS,
      maxResponseSize: MAX_RESPONSE_BYTES,
    };
    this.#pool = fencedPool(origin, settings, options.gate ?? openGate);
  }

  /** Sends a request. Throws CoreError for every answer from 400 on and for none; whatever `signal` aborts with. */
  async request(request: CoreRequest): Promise<CoreResponse> {
    let code = "error";
    try {
      const response = await this.#pool.request(this.#options(request));
      code = String(response.statusCode);
      const text = await response.body.text();
      if (response.statusCode >= 400) throw this.#refusal(response.statusCode, text, response.headers, request);
      return {
        status: response.statusCode,
        body: text === "" ? undefined : this.#parse(text, request),
        etag: unquoted(response.headers.etag),
        headers: response.headers,
      };
    } catch (error) {
      if (error instanceof OverseerError || request.signal?.aborted) throw error;
      throw this.#failure(error, request, code !== "error");
    } finally {
      this.#onRequest(request.method, code);
    }
  }

  /** Ends all connections, and requests on them with an error. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #options(request: CoreRequest): Dispatcher.RequestOptions {
    const { method, body, ifMatch, ifNoneMatch, waitSeconds } = request;
    return {
      method,
      path: `${this.#prefix}${request.path}`,
      headers: {
        authorization: `Bearer ${this.#access.token}`,
        accept: "application/json",
        "user-agent": this.#userAgent,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(ifMatch === undefined ? {} : { "if-match": `"${ifMatch}"` }),
        ...(ifNoneMatch === undefined ? {} : { "if-none-match": `"${ifNoneMatch}"` }),
        ...(waitSeconds === undefined ? {} : { prefer: `wait=${waitSeconds}` }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      headersTimeout: TIMEOUT_MS + (waitSeconds ?? 0) * 1000,
      ...(request.signal ? { signal: request.signal } : {}),
    };
  }

  #parse(text: string, request: CoreRequest): unknown {
    try {
      return JSON.parse(text);
    } catch {
      throw this.#error(
        "CORE_INVALID_RESPONSE",
        request,
        "gave an answer that is not JSON: is this the address of an Overseer Core?",
      );
    }
  }

  #refusal(status: number, text: string, headers: CoreResponse["headers"], request: CoreRequest): CoreError {
    const said = saidIn(text);
    const hidden = said !== undefined && quotesSent(text, request.body, [this.#access.token]);
    const note =
      said === undefined
        ? ""
        : hidden
          ? "; what it says is not shown, as it quotes a value that it was sent"
          : `: ${said}`;
    const retryAfter = Number(headers["retry-after"]);
    const options = Number.isFinite(retryAfter) && retryAfter > 0 ? { retryAfterMs: retryAfter * 1000 } : {};
    return this.#error(codeOf(status), request, `${describeStatus(status)}${note}`, options);
  }

  #failure(error: unknown, request: CoreRequest, started: boolean): CoreError {
    const name = error instanceof Error ? error.name : "";
    if (/Timeout/.test(name)) return this.#error("CORE_TIMEOUT", request, "did not answer in time", { cause: error });
    if (started)
      return this.#error(
        "CORE_INVALID_RESPONSE",
        request,
        `broke off in the middle of its answer (${detailOf(error)})`,
        {
          cause: error,
        },
      );
    return this.#error("CORE_UNREACHABLE", request, `cannot be reached: ${detailOf(error)}`, { cause: error });
  }

  #error(code: CoreErrorCode, request: CoreRequest, what: string, options = {}): CoreError {
    const path = request.path.replace(/\?.*$/, "");
    return new CoreError(code, `the Core at ${this.url} ${what} (${request.method} ${path})`, options);
  }
}

function codeOf(status: number): CoreErrorCode {
  if (status === 401) return "CORE_UNAUTHENTICATED";
  if (status === 403) return "CORE_FORBIDDEN";
  if (status === 404 || status === 405) return "CORE_NOT_FOUND";
  if (status === 409) return "CORE_CONFLICT";
  if (status === 412) return "CORE_CHANGED";
  return status >= 500 || status === 429 || status === 408 ? "CORE_FAILED" : "CORE_REFUSED";
}

function describeStatus(status: number): string {
  if (status === 401)
    return "does not know the token (401): correct key token of the Secret that destination.overseer.secretRef names";
  if (status === 403) return "does not allow this to the token (403): give it the role admin";
  if (status === 404 || status === 405) return `has no such thing (${status})`;
  if (status === 409) return "refuses this as it stands (409)";
  if (status === 412) return "was changed by somebody else meanwhile (412)";
  if (status === 429) return "asks for fewer requests (429)";
  return status >= 500 ? `failed (${status})` : `refuses this (${status})`;
}

/** What a Core says in the body of an error, in its own form or in that of others. */
function saidIn(text: string): string | undefined {
  try {
    const { error, message } = JSON.parse(text) as { error?: unknown; message?: unknown };
    const inner = typeof error === "object" && error !== null ? (error as { message?: unknown }).message : error;
    const said = typeof inner === "string" ? inner : message;
    return typeof said === "string" ? cutText(said, 300) : undefined;
  } catch {
    return undefined;
  }
}

function detailOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return cutText(
    typeof code === "string" && !messageOf(error).includes(code) ? `${messageOf(error)} (${code})` : messageOf(error),
    200,
  );
}

function unquoted(etag: string | string[] | undefined): string | undefined {
  return typeof etag === "string" ? etag.replace(/^W\//, "").replace(/^"|"$/g, "") : undefined;
}
