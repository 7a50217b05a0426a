import type { Socket } from "node:net";
import { type FastifyInstance, type FastifyReply, fastify } from "fastify";
import { parseJson } from "./json-body.js";
import { ProblemError } from "./problem.js";
import { rawProblem, sendProblem } from "./response.js";

/** Limits that protect a server from its clients. Times are in milliseconds. */
export interface ServerLimits {
  /** Maximum time to receive the headers of a request. */
  readonly headersMs: number;
  /** Maximum time to receive a whole request. */
  readonly requestMs: number;
  /** Maximum time of a handler, besides what the client waits for by `Prefer: wait=`. */
  readonly handlerMs: number;
  /** Maximum idle time of a connection between requests. */
  readonly idleMs: number;
  /** Time that requests in progress have when the server stops. */
  readonly stopMs: number;
  readonly maxConnections: number;
  /** Maximum size of a JSON body in bytes. */
  readonly maxBodyBytes: number;
}

/** Default limits. Most Git hosts time out after 10 seconds. */
export const SERVER_LIMITS: ServerLimits = {
  headersMs: 10_000,
  requestMs: 15_000,
  handlerMs: 30_000,
  idleMs: 30_000,
  stopMs: 15_000,
  maxConnections: 1_024,
  maxBodyBytes: 1024 * 1024,
};

/** Maximum length of a path parameter: the longest object name. */
const MAX_PARAM_LENGTH = 253;
/** Time in milliseconds without traffic after which a connection is closed; longer than a handler and its longest wait. */
const SILENCE_MS = 120_000;

/** Hands bodies on as streams. */
export function passBodiesOn(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
}

/** Parses bodies as JSON, and refuses other types. */
export function parseJsonBodies(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("application/json", { parseAs: "string" }, async (_request: unknown, body: string) =>
    parseJson(body),
  );
}

/** How a server is reached. */
export interface ServerTransport {
  /** Addresses and networks of proxies whose X-Forwarded-For counts. Defaults to none. */
  readonly trustedProxies?: readonly string[];
  /** Path below which a proxy serves this server, like `/gitops`. It is removed from paths that begin with it. */
  readonly pathPrefix?: string;
  /** PEM-encoded certificate and key. If unset, the server uses plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Creates an instance of fastify with these limits. */
export function createFastify(
  limits: ServerLimits,
  { tls, trustedProxies = [], pathPrefix = "" }: ServerTransport,
): FastifyInstance {
  const options = {
    ...(pathPrefix === "" ? {} : { rewriteUrl: ({ url = "/" }) => withoutPrefix(url, pathPrefix) }),
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.idleMs,
    connectionTimeout: SILENCE_MS,
    return503OnClosing: false,
    forceCloseConnections: "idle" as const,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    clientErrorHandler: (error: { readonly code?: string }, socket: Socket) => refuseConnection(error.code, socket),
    frameworkErrors: (_error: unknown, _request: unknown, reply: FastifyReply) => {
      void sendProblem(new ProblemError("INVALID", "the path is malformed or too long"), reply);
    },
  };
  // Node.js checks these timeouts only every 30 seconds by default.
  const checks = {
    headersTimeout: limits.headersMs,
    connectionsCheckingInterval: Math.min(1_000, limits.requestMs),
    ...{ keepAlive: true, keepAliveInitialDelay: limits.idleMs },
  };
  if (tls === undefined) return fastify({ ...options, http: checks });
  return fastify({ ...options, https: { ...checks, ...tls } }) as unknown as FastifyInstance;
}

/** Responds to a malformed or incomplete request, which has no request object. */
function refuseConnection(code: string | undefined, socket: Socket): void {
  if (code === "ECONNRESET" || socket.destroyed) return;
  const problem =
    code === "ERR_HTTP_REQUEST_TIMEOUT"
      ? new ProblemError("TOO_SLOW", "the request was not received in time: send it again, faster")
      : new ProblemError("INVALID", "this is not a valid HTTP request");
  if (socket.writable) socket.write(rawProblem(problem));
  socket.destroySoon();
}

/** Removes a path prefix: some proxies remove it themselves, others do not. */
export function withoutPrefix(url: string, prefix: string): string {
  if (url === prefix) return "/";
  return url.startsWith(`${prefix}/`) ? url.slice(prefix.length) : url;
}
