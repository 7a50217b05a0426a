import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { MAX_WAIT_SECONDS } from "../../api/core/changes.js";
import type { CoreToken } from "../../api/core/token.js";
import type { Clock } from "../../base/clock.js";
import type { Logger } from "../../base/logger.js";
import { ApiError } from "../api-error.js";
import type { Store } from "../store/store.js";
import { ANONYMOUS, authorize } from "./auth.js";
import { readBody } from "./body.js";
import { errorBody, errorReply } from "./errors.js";
import { checkIfMatch, etagOf, matchesIfNoneMatch } from "./etag.js";
import type { AnyReply, Call, Route } from "./route.js";

/** Maximum size of a request body, in bytes. */
export const MAX_BODY_BYTES = 1024 * 1024;
/** Maximum number of open connections. */
const MAX_CONNECTIONS = 1024;
/** Maximum time in milliseconds to receive a request. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Idle time in milliseconds after which a connection is closed; longer than the longest wait for changes. */
const IDLE_TIMEOUT_MS = (MAX_WAIT_SECONDS + 30) * 1000;
/** Time in milliseconds that requests in progress have when the server stops. */
const STOP_GRACE_MS = 5_000;

/** Options of the server. */
export interface ServerOptions {
  readonly store: Store;
  readonly routes: readonly Route[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** PEM-encoded certificate and key. If unset, the server uses plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Serves a table of routes. */
export class CoreServer {
  readonly #options: ServerOptions;
  readonly #fastify: FastifyInstance;
  readonly #tokens = new WeakMap<FastifyRequest, CoreToken>();

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#fastify = createFastify(options);
    this.#fastify.server.maxConnections = MAX_CONNECTIONS;
    this.#fastify.removeAllContentTypeParsers();
    this.#fastify.addContentTypeParser(
      "application/json",
      { parseAs: "string" },
      async (_request: unknown, body: string) => readBody(body),
    );
    this.#fastify.setErrorHandler((error, _request, reply) => this.#sendError(error, reply));
    this.#fastify.setNotFoundHandler((request, reply) => {
      const { method, url } = request;
      return this.#sendError(
        new ApiError("NOT_FOUND", `no route for ${method} ${url.split("?", 1)[0]}: see /openapi.json`),
        reply,
      );
    });
    for (const route of options.routes) this.#add(route);
  }

  /** Starts to listen and returns the port. Throws if the address is unavailable. */
  async listen(host: string, port: number): Promise<number> {
    await this.#fastify.listen({ host, port });
    const address = this.#fastify.server.address();
    return typeof address === "object" && address !== null ? address.port : port;
  }

  /** Stops accepting requests, answers those that wait for changes at once, and resolves when all others are answered. */
  async stop(): Promise<void> {
    this.#options.store.notifier.close();
    const timer = this.#options.clock.after(STOP_GRACE_MS, () => this.#fastify.server.closeAllConnections());
    await this.#fastify.close();
    timer.cancel();
  }

  #add(route: Route): void {
    this.#fastify.route({
      method: route.method,
      url: route.path,
      onRequest: async (request) => {
        this.#tokens.set(request, authorize(this.#options.store, route, request.headers.authorization));
      },
      handler: async (request, reply) => {
        const response = await this.#call(route, request);
        return this.#send(response, request, reply);
      },
    });
  }

  async #call(route: Route, request: FastifyRequest): Promise<AnyReply> {
    const { store } = this.#options;
    const disconnected = new AbortController();
    const { socket } = request.raw;
    const onClose = (): void => disconnected.abort();
    socket.once("close", onClose);
    try {
      const call = this.#callOf(request, disconnected.signal);
      if (route.waits) return await route.handle(call);
      if (route.method === "GET") return await route.handle(call);
      return await store.database.transaction(() => route.handle(call));
    } finally {
      socket.off("close", onClose);
    }
  }

  #callOf(request: FastifyRequest, signal: AbortSignal): Call {
    const { headers } = request;
    const { id = "" } = request.params as { id?: string };
    return {
      id,
      body: request.body,
      query: { ...(request.query as object) },
      token: this.#tokens.get(request) ?? ANONYMOUS,
      ifNoneMatch: headers["if-none-match"],
      waitMs: waitMs(headers.prefer),
      signal,
      expectRevision: (resource) => checkIfMatch(headers["if-match"], etagOf(resource)),
    };
  }

  #send(response: AnyReply, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { status, location, body } = response;
    if (this.#options.store.notifier.closed) reply.header("connection", "close");
    reply.header("cache-control", "no-store").header("x-content-type-options", "nosniff");
    if (location !== undefined) reply.header("location", location);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const etag = response.etag ?? (request.method === "GET" && text !== undefined ? hashTag(text) : undefined);
    if (etag !== undefined) reply.header("etag", etag);
    const unchanged =
      request.method === "GET" && etag !== undefined && matchesIfNoneMatch(request.headers["if-none-match"], etag);
    if (status === 304 || (unchanged && status === 200)) return reply.code(304).send();
    if (text === undefined) return reply.code(status).send();
    return reply.code(status).type("application/json; charset=utf-8").send(text);
  }

  #sendError(error: unknown, reply: FastifyReply): FastifyReply {
    const { status, body, etag } = errorReply(error, this.#options.logger);
    if (etag !== undefined) reply.header("etag", etag);
    if (status === 401) reply.header("www-authenticate", "Bearer");
    if (status === 413) reply.header("connection", "close");
    return reply
      .code(status)
      .header("cache-control", "no-store")
      .type("application/json; charset=utf-8")
      .send(JSON.stringify(body));
  }
}

function createFastify({ tls }: ServerOptions): FastifyInstance {
  const common = {
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: IDLE_TIMEOUT_MS,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    forceCloseConnections: "idle" as const,
    clientErrorHandler: (_error: Error, socket: Socket) => {
      if (!socket.writable) return;
      const body = JSON.stringify(errorBody("INVALID", "malformed HTTP request"));
      const head = `HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: application/json\r\n`;
      socket.end(`${head}content-length: ${body.length}\r\n\r\n${body}`);
    },
    frameworkErrors: (_error: unknown, _request: unknown, reply: FastifyReply) => {
      void reply
        .code(400)
        .type("application/json")
        .send(JSON.stringify(errorBody("INVALID", "the path is malformed")));
    },
  };
  return tls === undefined
    ? Fastify(common)
    : (Fastify({ ...common, https: { ...tls } }) as unknown as FastifyInstance);
}

/** Returns `wait=N` of the Prefer header in milliseconds, up to the maximum. */
function waitMs(prefer: string | string[] | undefined): number {
  const text = Array.isArray(prefer) ? prefer.join(",") : (prefer ?? "");
  const seconds = Number(/(?:^|[,;\s])wait=([0-9]{1,4})(?:$|[,;\s])/.exec(text)?.[1] ?? 0);
  return Math.min(seconds, MAX_WAIT_SECONDS) * 1000;
}

function hashTag(text: string): string {
  return `"${createHash("sha256").update(text).digest("hex").slice(0, 32)}"`;
}
