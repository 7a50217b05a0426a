import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ControlPlane } from "../../tools/control-plane.js";

/** One request that a process has sent to the API server. */
export interface SeenRequest {
  readonly method: string;
  /** Path with the query. */
  readonly path: string;
  /** Monotonic time of its arrival here, in milliseconds. */
  readonly at: number;
}

/** The API server as one process reaches it: it keeps a list of all requests, and can be cut off while it serves others. */
export class ApiGate {
  readonly seen: SeenRequest[] = [];
  readonly #controlPlane: ControlPlane;
  readonly #server: Server;
  readonly #agent: Agent;
  readonly #sockets = new Set<Socket>();
  readonly #dir: string;
  #cut = false;

  private constructor(controlPlane: ControlPlane, dir: string) {
    this.#dir = dir;
    this.#controlPlane = controlPlane;
    this.#agent = new Agent({ ca: controlPlane.caPem, keepAlive: true });
    this.#server = createServer((request, response) => this.#forward(request, response));
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  static async start(controlPlane: ControlPlane): Promise<ApiGate> {
    const gate = new ApiGate(controlPlane, await mkdtemp(join(tmpdir(), "overseer-api-gate-")));
    gate.#server.listen(0, "127.0.0.1");
    await once(gate.#server, "listening");
    return gate;
  }

  /** Writes a kubeconfig that leads here, and gives its path. */
  async kubeconfig(): Promise<string> {
    const { port } = this.#server.address() as AddressInfo;
    const config = {
      "current-context": "gate",
      contexts: [{ name: "gate", context: { cluster: "gate", user: "gate" } }],
      clusters: [{ name: "gate", cluster: { server: `http://127.0.0.1:${port}` } }],
      users: [{ name: "gate", user: {} }],
    };
    const path = join(this.#dir, "kubeconfig");
    await writeFile(path, JSON.stringify(config));
    return path;
  }

  /** Requests that would change something, other than leases. */
  get writes(): readonly SeenRequest[] {
    return this.seen.filter(({ method, path }) => method !== "GET" && !path.includes("/leases"));
  }

  /** Requests that would change a lease. */
  get leaseWrites(): readonly SeenRequest[] {
    return this.seen.filter(({ method, path }) => method !== "GET" && path.includes("/leases"));
  }

  /** From now on nothing goes through any more, and nobody is told: connections stay open and are silent. */
  cut(): void {
    this.#cut = true;
    this.#agent.destroy();
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    await rm(this.#dir, { recursive: true, force: true });
  }

  #forward(request: IncomingMessage, response: ServerResponse): void {
    if (this.#cut) return;
    const { method = "", url = "" } = request;
    this.seen.push({ method, path: url, at: performance.now() });
    const headers = {
      ...request.headers,
      host: new URL(this.#controlPlane.url).host,
      authorization: `Bearer ${this.#controlPlane.adminToken}`,
    };
    const onward = httpsRequest(`${this.#controlPlane.url}${url}`, { method, headers, agent: this.#agent });
    onward.on("response", (answer) => {
      if (this.#cut) return;
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders();
      answer.on("data", (chunk: Buffer) => this.#cut || response.write(chunk));
      answer.on("end", () => this.#cut || response.end());
      answer.on("error", () => this.#cut || response.destroy());
    });
    onward.on("error", () => this.#cut || response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  }
}
