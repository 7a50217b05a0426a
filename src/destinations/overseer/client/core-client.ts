import { rootCertificates } from "node:tls";
import type { Dispatcher } from "undici";
import { cutText } from "../../../base/cut-text.js";
import { messageOf, OverseerError } from "../../../base/errors.js";
import { openGate, type WriteGate } from "../../../base/write-gate.js";
import { type Connections, fencedPool } from "../../../kube/client/fenced-pool.js";
import { quotesSent } from "../sent-values.js";
import type { CoreAccess } from "./core-access.js";
import { CoreError, type CoreErrorCode } from "./core-error.js";

/** HTTP methods of the Core API. */
export type CoreMethod = "GET" | "POST" | "PUT" | "DELETE" | "OPTIONS";

/** One request to a Core. */
export interface CoreRequest {
  readonly method: CoreMethod;
  /** Path below the Core's URL; the caller escapes ids. */
  readonly path: string;
  readonly body?: unknown;
  /** If-Match: an ETag without its quotes. */
  readonly ifMatch?: string | undefined;
  /** If-None-Match: an ETag without its quotes. */
  readonly ifNoneMatch?: string | undefined;
  /** How long the Core may hold the request open while nothing changes, in seconds. */
  readonly waitSeconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A response with a status below 400. */
export interface CoreResponse {
  readonly status: number;
  readonly body: unknown;
  /** Without its quotes; undefined if the Core sends none. */
  readonly etag: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Called for each finished request, for the metrics: method and HTTP status, or `error` without a response. */
export type CoreRequestObserver = (method: string, code: string) => void;

/** Options of a client. */
export interface CoreClientOptions {
  readonly userAgent: string;
  readonly onRequest?: CoreRequestObserver;
  /** Checked before each write. Defaults to an open gate. */
  readonly gate?: WriteGate;
}

/** Timeout for the response headers, and for each part of the body. */
const TIMEOUT_MS = 15_000;
/** Largest response that is read. */
const MAX_RESPONSE_BYTES = 128 * 1024 * 1024;
const CONNECTIONS = 8;

/** HTTP client of one Core: JSON, errors as CoreError, keep-alive connections. */
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

  /** Sends a request. Throws CoreError for a status of 400 or above and for a missing response, and the abort reason of `signal`. */
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

  /** Closes all connections; requests in flight fail. */
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
        "sent a response that is not JSON: check that this is the address of an Overseer Core",
      );
    }
  }

  #refusal(status: number, text: string, headers: CoreResponse["headers"], request: CoreRequest): CoreError {
    const message = messageIn(text);
    const hidden = message !== undefined && quotesSent(text, request.body, [this.#access.token]);
    const note =
      message === undefined
        ? ""
        : hidden
          ? "; its message is not shown, because it quotes a value from the request"
          : `: ${message}`;
    const retryAfter = Number(headers["retry-after"]);
    const options = Number.isFinite(retryAfter) && retryAfter > 0 ? { retryAfterMs: retryAfter * 1000 } : {};
    return this.#error(codeOf(status), request, `${describeStatus(status)}${note}`, options);
  }

  #failure(error: unknown, request: CoreRequest, started: boolean): CoreError {
    const name = error instanceof Error ? error.name : "";
    if (/Timeout/.test(name)) return this.#error("CORE_TIMEOUT", request, "did not respond in time", { cause: error });
    if (started)
      return this.#error(
        "CORE_INVALID_RESPONSE",
        request,
        `closed the connection before its response was complete (${detailOf(error)})`,
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
    return "rejected the token (401): correct key token of the Secret in destination.overseer.secretRef";
  if (status === 403) return "denied the request (403): give the token the role admin";
  if (status === 404 || status === 405) return `has no such resource (${status})`;
  if (status === 409) return "reported a conflict (409)";
  if (status === 412) return "reported that the resource has changed (412)";
  if (status === 429) return "limits the request rate (429)";
  return status >= 500 ? `failed (${status})` : `rejected the request (${status})`;
}

/** Reads the message from the body of an error, in the format of the embedded Core or of others. */
function messageIn(body: string): string | undefined {
  try {
    const { detail, error, message } = JSON.parse(body) as Readonly<Record<string, unknown>>;
    const inner = typeof error === "object" && error !== null ? (error as { message?: unknown }).message : error;
    const text = [detail, inner, message].find((found) => typeof found === "string");
    return text === undefined ? undefined : cutText(String(text), 300);
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
