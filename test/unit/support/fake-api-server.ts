import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { ClusterAccess } from "../../../src/kube/client/auth.js";
import { KubeClient, type KubeClientOptions } from "../../../src/kube/client/kube-client.js";
import { eventually } from "./eventually.js";

/** One request that the server got, and the means to answer it. */
export class Call {
  readonly method: string;
  /** Path as it was sent, without the query. */
  readonly path: string;
  readonly rawQuery: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
  readonly #response: ServerResponse;

  constructor(request: IncomingMessage, text: string, response: ServerResponse) {
    const [path = "", rawQuery = ""] = (request.url ?? "").split("?");
    this.method = request.method ?? "";
    this.path = path;
    this.rawQuery = rawQuery;
    this.query = Object.fromEntries(new URLSearchParams(rawQuery));
    this.headers = request.headers;
    this.body = text === "" ? undefined : (JSON.parse(text) as unknown);
    this.#response = response;
  }

  /** Answers with JSON. */
  json(body: unknown, status = 200, headers: Record<string, string | string[]> = {}): void {
    this.text(JSON.stringify(body), status, { "content-type": "application/json", ...headers });
  }

  text(body: string, status = 200, headers: Record<string, string | string[]> = {}): void {
    this.#response.writeHead(status, { "content-length": Buffer.byteLength(body), ...headers });
    this.#response.end(body);
  }

  /** Answers with a `Status`, as the API server says no. */
  status(code: number, reason = "", more: Record<string, unknown> = {}, headers: Record<string, string> = {}): void {
    this.json({ kind: "Status", apiVersion: "v1", code, reason, message: `no: ${reason}`, ...more }, code, headers);
  }

  /** Begins an answer that goes on; with `length` it promises so many bytes. */
  open(length?: number, status = 200): this {
    this.#response.writeHead(status, length === undefined ? {} : { "content-length": length });
    this.#response.flushHeaders();
    return this;
  }

  /** Sends a piece of the answer. */
  write(piece: string | Uint8Array): this {
    this.#response.write(piece);
    return this;
  }

  /** Sends events of a watch, one a line. */
  send(...events: readonly object[]): this {
    return this.write(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  }

  /** Ends the answer in good order. */
  end(): void {
    this.#response.end();
  }

  /** Cuts the connection. */
  cut(): void {
    this.#response.socket?.resetAndDestroy();
  }

  /** Whether the client has gone away. */
  get left(): boolean {
    return this.#response.destroyed;
  }
}

/** An API server of which a test writes every answer, on a real port. Requests wait in `next` until `onCall` is set. */
export class FakeApiServer {
  readonly url: string;
  readonly calls: Call[] = [];
  /** Connections that were ever made. */
  connections = 0;
  onCall: ((call: Call) => void) | undefined;
  readonly #server: ReturnType<typeof createServer>;
  readonly #sockets: ReadonlySet<Socket>;
  readonly #clients: KubeClient[] = [];
  #taken = 0;

  private constructor(server: ReturnType<typeof createServer>, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("connection", (socket) => {
      this.connections++;
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    });
    server.on("request", (request: IncomingMessage, response: ServerResponse) => void this.#take(request, response));
  }

  static async start(): Promise<FakeApiServer> {
    const server = createServer({ keepAliveTimeout: 0 });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new FakeApiServer(server, new Set());
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** The next request that no test has looked at yet. */
  async next(): Promise<Call> {
    const index = this.#taken++;
    return eventually(`request number ${index + 1}`, () => this.calls[index]);
  }

  access(more: Partial<ClusterAccess> = {}): ClusterAccess {
    return { server: this.url, tls: {}, authHeaders: async () => ({}), ...more };
  }

  client(options: Partial<KubeClientOptions> = {}): KubeClient {
    const client = new KubeClient({ access: this.access(), userAgent: "tests", ...options });
    this.#clients.push(client);
    return client;
  }

  /** Closes the server, its connections, and the clients that were made by it. */
  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const call = new Call(request, Buffer.concat(pieces).toString(), response);
    this.calls.push(call);
    this.onCall?.(call);
  }
}
