import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Agent, createServer as createSecureServer, request as httpsRequest, type ServerOptions } from "node:https";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ControlPlane } from "../../tools/control-plane.js";
import { ownPort } from "./own-port.js";
import { ProxiedWatch } from "./proxied-watch.js";

/** A request as a rule sees it. */
export interface ProxiedRequest {
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly contentType: string;
  /** Whether it opens a watch. */
  readonly watch: boolean;
}

/** What becomes of a request on its way to the real API server. */
export type ApiFault =
  /** The connection is reset before the API server sees anything. */
  | { readonly kind: "cut" }
  /** The API server does it, and the connection is reset before a byte of the answer comes. */
  | { readonly kind: "lose" }
  /** The API server does it, and half of the answer comes. */
  | { readonly kind: "half" }
  /** The whole answer comes, with half of its JSON. */
  | { readonly kind: "truncate" }
  /** The answer comes one byte at a time. */
  | { readonly kind: "drip" }
  /** Goes on when this resolves. */
  | { readonly kind: "wait"; readonly until: Promise<unknown> }
  /** The API server sees nothing, and this is the answer. */
  | { readonly kind: "answer"; readonly status: number; readonly reason: string; readonly retryAfter?: number };

/** Decides about each request; undefined lets it through. */
export type ApiRule = (request: ProxiedRequest) => ApiFault | undefined;

/** What the proxy shows to its clients instead of plain HTTP. */
export interface ProxyCertificate {
  readonly cert: string;
  readonly key: string;
  /** Chooses among the protocols that a client offers; HTTP/1.1 unless told. */
  readonly ALPNCallback?: NonNullable<ServerOptions["ALPNCallback"]>;
}

/**
 * A proxy before a real API server that makes faults, and counts. Whoever comes without a token of his own is the admin. Its
 * address stays while it refuses connections.
 */
export class ApiProxy {
  readonly requests: ProxiedRequest[] = [];
  /** Watches that are open now. */
  readonly watches = new Set<ProxiedWatch>();
  rule: ApiRule = () => undefined;
  /** Connections that were ever made. */
  connections = 0;
  /** Objects on a page of a list, whatever is asked for. */
  pageSize: number | undefined;
  /** Tokens that are not let through (401), whatever the API server says of them. */
  readonly refusedTokens = new Set<string>();
  /** Tokens that are good here: their bearer is the admin. */
  readonly goodTokens = new Set<string>();
  readonly #plane: ControlPlane;
  readonly #dir: string;
  readonly #agent: Agent;
  readonly #sockets = new Set<Socket>();
  #server: Server;
  #secure = false;
  #port = 0;

  private constructor(plane: ControlPlane, dir: string) {
    this.#plane = plane;
    this.#dir = dir;
    this.#agent = new Agent({ ca: plane.caPem, keepAlive: true });
    this.#server = createServer();
  }

  static async start(plane: ControlPlane, certificate?: ProxyCertificate): Promise<ApiProxy> {
    const proxy = new ApiProxy(plane, await mkdtemp(join(tmpdir(), "overseer-api-proxy-")));
    await proxy.listen(certificate);
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** A kubeconfig that leads here, with the token of a user of the control plane or with none. */
  async kubeconfig(token?: string): Promise<string> {
    const server = `${this.#secure ? "https" : "http"}://127.0.0.1:${this.#port}`;
    const config = {
      "current-context": "proxy",
      contexts: [{ name: "proxy", context: { cluster: "proxy", user: "proxy" } }],
      clusters: [{ name: "proxy", cluster: { server } }],
      users: [{ name: "proxy", user: token === undefined ? {} : { token } }],
    };
    const path = join(this.#dir, "kubeconfig");
    await writeFile(path, JSON.stringify(config));
    return path;
  }

  /** Takes connections (again), on the same port. */
  async listen(certificate?: ProxyCertificate): Promise<void> {
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      this.#handle(request, response).catch(() => reset(request));
    };
    this.#secure = certificate !== undefined;
    this.#server = certificate ? createSecureServer(certificate, handle) : createServer(handle);
    this.#server.keepAliveTimeout = 0;
    this.#server.on("connection", (socket: Socket) => {
      this.connections++;
      this.#sockets.add(socket.on("error", () => {}).on("close", () => this.#sockets.delete(socket)));
    });
    this.#port ||= await ownPort();
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  /** Ends all connections, and refuses new ones until `listen`. */
  async refuse(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.cutAll();
    await closed;
  }

  /** Resets all connections, idle ones too; who uses one in this moment does not know yet. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** How many requests like this came. */
  count(matches: (request: ProxiedRequest) => boolean): number {
    return this.requests.filter(matches).length;
  }

  /** This happens to the next `times` requests that match. */
  faults(times: number, matches: (request: ProxiedRequest) => boolean, fault: ApiFault): void {
    let left = times;
    const before = this.rule;
    this.rule = (request) => (left > 0 && matches(request) && left-- > 0 ? fault : before(request));
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    if (this.#server.listening) await this.refuse();
    await rm(this.#dir, { recursive: true, force: true });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://proxy");
    const seen: ProxiedRequest = {
      method: request.method ?? "GET",
      path: pathname,
      query: searchParams,
      contentType: request.headers["content-type"] ?? "",
      watch: searchParams.get("watch") === "1",
    };
    this.requests.push(seen);
    response.on("error", () => {});
    const fault = this.#tokenFault(request) ?? this.rule(seen);
    if (fault?.kind === "cut") return reset(request);
    if (fault?.kind === "answer") return refuseWith(request, response, fault);
    if (fault?.kind === "wait") await fault.until;
    this.#forward(request, response, seen, fault);
  }

  #tokenFault(request: IncomingMessage): ApiFault | undefined {
    const token = request.headers.authorization?.replace("Bearer ", "");
    if (token === undefined || !this.refusedTokens.has(token)) return undefined;
    return { kind: "answer", status: 401, reason: "Unauthorized" };
  }

  #authorization(request: IncomingMessage): string {
    const own = request.headers.authorization;
    return own && !this.goodTokens.has(own.replace("Bearer ", "")) ? own : `Bearer ${this.#plane.adminToken}`;
  }

  #forward(
    request: IncomingMessage,
    response: ServerResponse,
    seen: ProxiedRequest,
    fault: ApiFault | undefined,
  ): void {
    const headers = {
      ...request.headers,
      host: new URL(this.#plane.url).host,
      authorization: this.#authorization(request),
    };
    const asked = request.url ?? "/";
    const url = this.pageSize === undefined ? asked : asked.replace(/limit=\d+/, `limit=${this.pageSize}`);
    const onward = httpsRequest(`${this.#plane.url}${url}`, {
      method: seen.method,
      headers,
      agent: this.#agent,
    });
    onward.on("error", () => reset(request));
    onward.on("response", (answer) => {
      answer.on("error", () => reset(request));
      if (seen.watch && answer.statusCode === 200) this.#watch(seen, answer, response, fault?.kind === "drip");
      else this.#answer(request, response, answer, fault).catch(() => reset(request));
    });
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  }

  #watch(seen: ProxiedRequest, answer: IncomingMessage, response: ServerResponse, drip: boolean): void {
    const watch = new ProxiedWatch(seen.path, seen.query, answer, response, drip);
    this.watches.add(watch);
    response.on("close", () => this.watches.delete(watch));
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    answer: IncomingMessage,
    fault: ApiFault | undefined,
  ): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of answer) pieces.push(piece as Buffer);
    const whole = Buffer.concat(pieces);
    if (fault?.kind === "lose") return reset(request);
    const { "transfer-encoding": _, "content-length": __, ...headers } = answer.headers;
    const body = fault?.kind === "truncate" ? whole.subarray(0, whole.length / 2) : whole;
    response.writeHead(answer.statusCode ?? 502, { ...headers, "content-length": body.length });
    if (fault?.kind === "half") return void response.write(body.subarray(0, body.length / 2), () => reset(request));
    if (fault?.kind === "drip") for (const byte of body) response.write(Buffer.of(byte));
    response.end(fault?.kind === "drip" ? undefined : body);
  }
}

function reset(request: IncomingMessage): void {
  request.socket.destroy();
}

function refuseWith(request: IncomingMessage, response: ServerResponse, fault: ApiFault & { kind: "answer" }): void {
  const { status: code, reason, retryAfter } = fault;
  request.resume();
  const headers = {
    "content-type": "application/json",
    ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
  };
  response.writeHead(code, headers);
  response.end(
    JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message: `no: ${reason}` }),
  );
}
