import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Clock } from "../base/clock.js";
import { messageOf, OverseerError } from "../base/errors.js";
import type { Logger } from "../base/logger.js";
import { checkIfMatch, etagOf } from "./etag.js";
import {
  createFastify,
  parseJsonBodies,
  passBodiesOn,
  SERVER_LIMITS,
  type ServerLimits,
  type ServerTransport,
} from "./fastify-instance.js";
import { nothingHere, ProblemError } from "./problem.js";
import { problemFrom, SECURITY_HEADERS, sendProblem, sendReply } from "./response.js";
import { type AnyReply, type Call, hasHead, type RequestOrigin, type Route } from "./route.js";
import { type StaticSite, sendFile } from "./static-files.js";

/** Options of a server. */
export interface ServerOptions extends ServerTransport {
  /** Defaults to all interfaces. */
  readonly host?: string;
  /** 0 selects a free port, which `port` returns. */
  readonly port: number;
  /** Flags that set the address, for the message if it is unavailable. */
  readonly addressFlags: string;
  readonly limits?: Partial<ServerLimits>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called for each answered request. `route`: the path template, or `none` for a path that no route has. */
  readonly observe?: (route: string, method: string, status: number, seconds: number) => void;
}

/** How routes are served. */
export interface MountOptions<Access, Caller> {
  /** Returns the caller of a request. Throws UNAUTHENTICATED or FORBIDDEN. Runs before the body is read. */
  readonly authorize: (
    access: Access,
    headers: FastifyRequest["headers"],
    from: RequestOrigin,
  ) => Caller | Promise<Caller>;
  /** Runs a handler, for example in a transaction. */
  readonly run?: (
    route: Route<Access, Caller>,
    work: () => AnyReply | Promise<AnyReply>,
    call: Call<Caller> & RequestOrigin,
  ) => AnyReply | Promise<AnyReply>;
  /** Called for each request that `authorize` refuses. */
  readonly onRefused?: (route: Route<Access, Caller>, error: unknown, request: RefusedRequest) => void;
}

/** A request that was refused before its body was read. */
export interface RefusedRequest extends RequestOrigin {
  /** Decoded, and not validated. */
  readonly params: object;
}

/** Error codes on a machine without IPv6. */
const NO_IPV6: ReadonlySet<string> = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT"]);

/** An HTTP server for tables of routes. Every error is a problem document. */
export class HttpServer {
  readonly #options: ServerOptions;
  readonly #limits: ServerLimits;
  readonly #app: FastifyInstance;
  readonly #callers = new WeakMap<FastifyRequest, unknown>();
  #site: StaticSite | undefined;
  #stopping = false;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#limits = { ...SERVER_LIMITS, ...options.limits };
    this.#app = createFastify(this.#limits, options);
    this.#app.server.maxConnections = this.#limits.maxConnections;
    this.#app.addHook("onRequest", async (_request, reply) => void reply.headers(SECURITY_HEADERS));
    // Connections that are busy at shutdown close after their response.
    this.#app.addHook("onSend", async (_request, reply) => {
      if (this.#stopping) reply.header("connection", "close");
    });
    const { observe } = options;
    if (observe)
      this.#app.addHook("onResponse", async ({ method, routeOptions, is404 }, { statusCode, elapsedTime }) => {
        observe(is404 ? "none" : (routeOptions.url ?? "none"), method, statusCode, elapsedTime / 1000);
      });
    this.#app.setErrorHandler((error, _request, reply) => sendProblem(problemFrom(error, options.logger), reply));
    this.#app.setNotFoundHandler((request, reply) => {
      const sent = this.#site === undefined ? undefined : sendFile(this.#site, request, reply);
      return sent ?? sendProblem(nothingHere(), reply);
    });
    passBodiesOn(this.#app);
  }

  /** Port of the started server; undefined before the start and after the stop. */
  get port(): number | undefined {
    const address = this.#app.server.address();
    return typeof address === "object" ? address?.port : undefined;
  }

  /** Serves routes. Other methods of their paths get 405. Must be called before the start. */
  mount<Access, Caller>(routes: readonly Route<Access, Caller>[], options: MountOptions<Access, Caller>): void {
    const methods = new Map<string, string[]>();
    for (const route of routes) {
      methods.set(route.path, [...(methods.get(route.path) ?? []), route.method, ...(hasHead(route) ? ["HEAD"] : [])]);
    }
    this.#app.register(async (scope) => {
      parseJsonBodies(scope);
      for (const route of routes) if (route.body !== "stream") this.#add(scope, route, options);
    });
    for (const route of routes) if (route.body === "stream") this.#add(this.#app, route, options);
    for (const [url, allowed] of methods) this.#refuseOthers(url, allowed);
  }

  /** Serves files besides the routes, which take precedence. */
  serveFiles(site: StaticSite): void {
    this.#site = site;
  }

  /** Starts to listen and returns the port. Throws a terminal OverseerError if the address is unavailable. */
  async start(): Promise<number> {
    const { host, port, addressFlags } = this.#options;
    try {
      await (host === undefined ? this.#listenEverywhere(port) : this.#app.listen({ host, port }));
      return this.port ?? port;
    } catch (error) {
      throw new OverseerError(
        `cannot listen on ${host ?? ""}:${port}: ${messageOf(error)}; set another address with ${addressFlags}`,
        { code: "SERVER_LISTEN_FAILED", reason: "AddressUnavailable", class: "terminal", cause: error },
      );
    }
  }

  /** Stops accepting requests, and resolves when all requests in progress are answered or their time has passed. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    const close = (): void => this.#app.server.closeAllConnections();
    const timer = this.#options.clock.after(this.#limits.stopMs, close);
    await this.#app.close();
    timer.cancel();
  }

  /** Listens on all interfaces, with IPv6 if available. */
  async #listenEverywhere(port: number): Promise<void> {
    try {
      await this.#app.listen({ host: "::", port });
    } catch (error) {
      if (!NO_IPV6.has((error as { code?: string }).code ?? "")) throw error;
      await this.#app.listen({ host: "0.0.0.0", port });
    }
  }

  #add<Access, Caller>(scope: FastifyInstance, route: Route<Access, Caller>, options: MountOptions<Access, Caller>) {
    const { authorize, run = (_route, work) => work() } = options;
    scope.route({
      method: route.method,
      url: route.path,
      exposeHeadRoute: hasHead(route),
      bodyLimit: route.maxBodyBytes ?? this.#limits.maxBodyBytes,
      onRequest: async (request) => {
        const from = { address: request.ip, method: request.method };
        try {
          this.#callers.set(request, await authorize(route.access, request.headers, from));
        } catch (error) {
          options.onRefused?.(route, error, { ...from, params: { ...(request.params as object) } });
          throw error;
        }
      },
      handler: async (request, reply) => {
        const response = await this.#limited(route, request, async (signal) => {
          const caller = this.#callers.get(request) as Caller;
          const call = callOf(route, request, caller, signal);
          return run(route, () => route.handle(call), { ...call, address: request.ip, method: request.method });
        });
        return sendReply(response, request, reply);
      },
    });
  }

  /** Responds with 405 to the methods that a path does not have. */
  #refuseOthers(url: string, allowed: readonly string[]): void {
    const method = this.#app.supportedMethods.filter((name) => !allowed.includes(name));
    const allow = allowed.join(", ");
    this.#app.route({
      method,
      url,
      exposeHeadRoute: false,
      handler: async () => {
        throw new ProblemError("METHOD_NOT_ALLOWED", `this path does not support the method: use ${allow}`, { allow });
      },
    });
  }

  /** Runs a handler until its time limit, with a signal that is aborted then or when the client disconnects. */
  async #limited(route: Route, request: FastifyRequest, work: (signal: AbortSignal) => Promise<AnyReply>) {
    const controller = new AbortController();
    // The signal of fastify is aborted as soon as the body of a request is received.
    const { socket } = request.raw;
    const onClose = (): void => controller.abort();
    socket.once("close", onClose);
    const limitMs = (route.timeoutMs ?? this.#limits.handlerMs) + (route.waits ?? 0) * 1000;
    let cancel = (): void => {};
    const timedOut = new Promise<never>((_, reject) => {
      const timer = this.#options.clock.after(limitMs, () => {
        controller.abort();
        const detail = `the server took longer than ${limitMs / 1000} s: retry later`;
        reject(new ProblemError("TIMED_OUT", detail, { retryAfter: 5 }));
      });
      cancel = () => timer.cancel();
    });
    try {
      return await Promise.race([work(controller.signal), timedOut]);
    } finally {
      cancel();
      socket.off("close", onClose);
    }
  }
}

function callOf<Caller>(route: Route, request: FastifyRequest, caller: Caller, signal: AbortSignal): Call<Caller> {
  const { headers } = request;
  return {
    params: { ...(request.params as object) },
    query: { ...(request.query as object) },
    body: route.body === "stream" ? request.raw : request.body,
    caller,
    headers,
    ifNoneMatch: headers["if-none-match"],
    waitMs: waitMs(headers.prefer, route.waits ?? 0),
    signal,
    expectRevision: (resource) => checkIfMatch(headers["if-match"], etagOf(resource)),
  };
}

/** Returns `wait=N` of the Prefer header in milliseconds, up to the maximum. */
function waitMs(prefer: string | string[] | undefined, maxSeconds: number): number {
  const text = Array.isArray(prefer) ? prefer.join(",") : (prefer ?? "");
  const seconds = Number(/(?:^|[,;\s])wait=([0-9]{1,4})(?:$|[,;\s])/.exec(text)?.[1] ?? 0);
  return Math.min(seconds, maxSeconds) * 1000;
}
