import type { Socket } from "node:net";
import { type FastifyInstance, type FastifyReply, fastify } from "fastify";
import { messageOf, OverseerError } from "../base/errors.js";
import { errorReply, NOT_FOUND, type Reply } from "./reply.js";

/** Where the server listens. */
export interface ServerAddress {
  /** Left out: all interfaces. */
  readonly host?: string;
  /** 0 takes a free port, which `port` then tells. */
  readonly port: number;
}

/** What protects the server from whoever can reach it. Times in milliseconds. */
export interface ServerLimits {
  /** For the headers of a request. */
  readonly headersMs: number;
  /** For a whole request, from its first byte to its last one. */
  readonly requestMs: number;
  /** For a connection between two requests. */
  readonly idleMs: number;
  readonly maxConnections: number;
}

/** What holds in the product. Git hosts give up after 10 seconds, most of them. */
export const SERVER_LIMITS: ServerLimits = {
  headersMs: 10_000,
  requestMs: 15_000,
  idleMs: 30_000,
  maxConnections: 1_024,
};

/** What a machine without IPv6 says. */
const NO_IPV6: ReadonlySet<string> = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT"]);
/** Longest part of a path: the name of an object. */
const MAX_PARAM_LENGTH = 253;

/** The HTTP server of the role `server`. Every answer is JSON; what is routed is up to who makes it. */
export class HttpServer {
  readonly app: FastifyInstance;
  readonly #address: ServerAddress;
  #stopping = false;

  constructor(address: ServerAddress, limits: ServerLimits = SERVER_LIMITS) {
    this.#address = address;
    this.app = makeFastify(limits);
    this.app.server.maxConnections = limits.maxConnections;
    this.app.setNotFoundHandler((_request, reply) => sendReply(reply, NOT_FOUND));
    this.app.setErrorHandler((error, _request, reply) => sendReply(reply, replyTo(error)));
    // A connection that is busy at the stop is not found idle then: it ends with its answer.
    this.app.addHook("onSend", async (_request, reply) => {
      if (this.#stopping) reply.header("connection", "close");
    });
    // Bodies are streams: whoever wants one whole says how large it may be.
    this.app.removeAllContentTypeParsers();
    this.app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  }

  /** The port that is listened on; undefined unless started. */
  get port(): number | undefined {
    const address = this.app.server.address();
    return typeof address === "object" ? address?.port : undefined;
  }

  /** Starts to listen. Throws a terminal OverseerError when the address cannot be had. */
  async start(): Promise<void> {
    const { host, port } = this.#address;
    try {
      await (host === undefined ? this.#listenEverywhere(port) : this.app.listen({ host, port }));
    } catch (error) {
      throw new OverseerError(
        `cannot listen on ${host ?? ""}:${port}: ${messageOf(error)}; choose another with --server-address`,
        { code: "SERVER_LISTEN_FAILED", reason: "AddressUnavailable", class: "terminal", cause: error },
      );
    }
  }

  /** On all interfaces, of both kinds where the machine has them. */
  async #listenEverywhere(port: number): Promise<void> {
    try {
      await this.app.listen({ host: "::", port });
    } catch (error) {
      if (!NO_IPV6.has((error as { code?: string }).code ?? "")) throw error;
      await this.app.listen({ host: "0.0.0.0", port });
    }
  }

  /** Accepts nothing more, and resolves when all that is under way is answered. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.app.close();
  }
}

/** Sends an answer. */
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

function makeFastify(limits: ServerLimits): FastifyInstance {
  return fastify({
    exposeHeadRoutes: false,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.idleMs,
    forceCloseConnections: "idle",
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    // How often the two limits of time are looked at; without it twice a minute.
    http: { headersTimeout: limits.headersMs, connectionsCheckingInterval: Math.min(1_000, limits.requestMs) },
    clientErrorHandler: (error: { readonly code?: string }, socket: Socket) => refuseConnection(error.code, socket),
    frameworkErrors: (error, _request, reply) => {
      void sendReply(reply, replyTo(error));
    },
  });
}

/** What is no HTTP, or does not come to its end, has no request that could be answered. */
function refuseConnection(code: string | undefined, socket: Socket): void {
  if (code === "ECONNRESET" || socket.destroyed) return;
  const late = code === "ERR_HTTP_REQUEST_TIMEOUT";
  const status = late ? "408 Request Timeout" : "400 Bad Request";
  const body = JSON.stringify(
    late
      ? { code: "TOO_SLOW", message: "the request did not come to its end in time" }
      : { code: "INVALID", message: "this is no HTTP request that can be read" },
  );
  const head = `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\n`;
  if (socket.writable) socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`);
  socket.destroySoon();
}

/** The framework's own refusals are answered as such; what else is thrown is a defect, and says nothing about us. */
function replyTo(error: unknown): Reply {
  const { statusCode = 500 } = error as { statusCode?: number };
  if (statusCode >= 400 && statusCode < 500) return errorReply(statusCode, "INVALID", "this request cannot be read");
  return errorReply(500, "INTERNAL", "something went wrong here");
}
