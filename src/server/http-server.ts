import type { Socket } from "node:net";
import { type FastifyInstance, type FastifyReply, fastify } from "fastify";
import { messageOf, OverseerError } from "../base/errors.js";
import { errorReply, NOT_FOUND, type Reply } from "./reply.js";

/** Address of the server. */
export interface ServerAddress {
  /** Defaults to all interfaces. */
  readonly host?: string;
  /** 0 selects a free port, which `port` returns. */
  readonly port: number;
}

/** Limits that protect the server from untrusted clients. Times are in milliseconds. */
export interface ServerLimits {
  /** Maximum time to receive the headers of a request. */
  readonly headersMs: number;
  /** Maximum time to receive a whole request. */
  readonly requestMs: number;
  /** Maximum idle time of a connection between requests. */
  readonly idleMs: number;
  readonly maxConnections: number;
}

/** Default limits. Most Git hosts time out after 10 seconds. */
export const SERVER_LIMITS: ServerLimits = {
  headersMs: 10_000,
  requestMs: 15_000,
  idleMs: 30_000,
  maxConnections: 1_024,
};

/** Error codes on a machine without IPv6. */
const NO_IPV6: ReadonlySet<string> = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT"]);
/** Maximum length of a path parameter: the longest object name. */
const MAX_PARAM_LENGTH = 253;

/** HTTP server of the role `server`. Every response is JSON. */
export class HttpServer {
  readonly app: FastifyInstance;
  readonly #address: ServerAddress;
  #stopping = false;

  constructor(address: ServerAddress, limits: ServerLimits = SERVER_LIMITS) {
    this.#address = address;
    this.app = createFastify(limits);
    this.app.server.maxConnections = limits.maxConnections;
    this.app.setNotFoundHandler((_request, reply) => sendReply(reply, NOT_FOUND));
    this.app.setErrorHandler((error, _request, reply) => sendReply(reply, replyTo(error)));
    // Connections that are busy at shutdown close after their response.
    this.app.addHook("onSend", async (_request, reply) => {
      if (this.#stopping) reply.header("connection", "close");
    });
    // Bodies stay streams, so that each route sets its own size limit.
    this.app.removeAllContentTypeParsers();
    this.app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  }

  /** Port of the started server; undefined before the start. */
  get port(): number | undefined {
    const address = this.app.server.address();
    return typeof address === "object" ? address?.port : undefined;
  }

  /** Starts to listen. Throws a terminal OverseerError if the address is unavailable. */
  async start(): Promise<void> {
    const { host, port } = this.#address;
    try {
      await (host === undefined ? this.#listenEverywhere(port) : this.app.listen({ host, port }));
    } catch (error) {
      throw new OverseerError(
        `cannot listen on ${host ?? ""}:${port}: ${messageOf(error)}; set another address with --server-address`,
        { code: "SERVER_LISTEN_FAILED", reason: "AddressUnavailable", class: "terminal", cause: error },
      );
    }
  }

  /** Listens on all interfaces, with IPv6 if available. */
  async #listenEverywhere(port: number): Promise<void> {
    try {
      await this.app.listen({ host: "::", port });
    } catch (error) {
      if (!NO_IPV6.has((error as { code?: string }).code ?? "")) throw error;
      await this.app.listen({ host: "0.0.0.0", port });
    }
  }

  /** Stops accepting requests, and resolves when all requests in progress are answered. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.app.close();
  }
}

/** Sends a response. */
export function sendReply(reply: FastifyReply, { status, body, close, retryAfter }: Reply): FastifyReply {
  if (close) reply.header("connection", "close");
  if (retryAfter !== undefined) reply.header("retry-after", String(retryAfter));
  return reply
    .code(status)
    .header("cache-control", "no-store")
    .header("x-content-type-options", "nosniff")
    .type("application/json; charset=utf-8")
    .send(`${JSON.stringify(body)}\n`);
}

function createFastify(limits: ServerLimits): FastifyInstance {
  return fastify({
    exposeHeadRoutes: false,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.idleMs,
    forceCloseConnections: "idle",
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    // Node.js checks these timeouts only every 30 seconds by default.
    http: { headersTimeout: limits.headersMs, connectionsCheckingInterval: Math.min(1_000, limits.requestMs) },
    clientErrorHandler: (error: { readonly code?: string }, socket: Socket) => refuseConnection(error.code, socket),
    frameworkErrors: (error, _request, reply) => {
      void sendReply(reply, replyTo(error));
    },
  });
}

/** Responds to a malformed or incomplete request, which has no request object. */
function refuseConnection(code: string | undefined, socket: Socket): void {
  if (code === "ECONNRESET" || socket.destroyed) return;
  const timedOut = code === "ERR_HTTP_REQUEST_TIMEOUT";
  const status = timedOut ? "408 Request Timeout" : "400 Bad Request";
  const body = JSON.stringify(
    timedOut
      ? { code: "TOO_SLOW", message: "the request timed out" }
      : { code: "INVALID", message: "malformed HTTP request" },
  );
  const head = `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\n`;
  if (socket.writable) socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`);
  socket.destroySoon();
}

/** Converts an error to a response. Errors of the framework keep their status; all others are bugs, and their details are not sent. */
function replyTo(error: unknown): Reply {
  const { statusCode = 500 } = error as { statusCode?: number };
  if (statusCode >= 400 && statusCode < 500) return errorReply(statusCode, "INVALID", "malformed request");
  return errorReply(500, "INTERNAL", "internal error");
}
