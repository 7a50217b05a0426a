import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Agent, request } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ControlPlane } from "../../../tools/control-plane.js";

/** A request that went through the proxy. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly dryRun: boolean;
  /** When it came, by the clock of the test. */
  readonly at: number;
}

/** A request that is held back. */
interface Gate {
  readonly method: string;
  readonly path: string;
  readonly reached: () => void;
  readonly opened: Promise<void>;
}

/** Stands between the operator and the API server, and knows each request that was sent; one can be held back. */
export class RecordingProxy {
  /** All requests but watches, oldest first. */
  readonly requests: RecordedRequest[] = [];
  /** What time it is for the record. */
  time: () => number = () => performance.now();
  /** Requests but watches that have no answer yet. */
  pending = 0;
  /** The newest resourceVersion that went through a watch, by the path of its collection. */
  readonly seen = new Map<string, number>();
  /** What the API server says to be, instead of the truth. */
  gitVersion: string | undefined;
  readonly kubeconfigPath: string;
  readonly #dir: string;
  readonly #server: Server;
  readonly #agent: Agent;
  readonly #upstream: URL;
  #gate: Gate | undefined;

  private constructor(dir: string, controlPlane: ControlPlane) {
    this.#dir = dir;
    this.kubeconfigPath = join(dir, "kubeconfig.json");
    this.#upstream = new URL(controlPlane.url);
    this.#agent = new Agent({ keepAlive: true, ca: controlPlane.caPem });
    this.#server = createServer((incoming, answer) => {
      this.#pass(incoming, answer).catch(() => answer.destroy());
    });
    this.#server.keepAliveTimeout = 120_000;
    this.#server.requestTimeout = 0;
  }

  static async start(controlPlane: ControlPlane): Promise<RecordingProxy> {
    const proxy = new RecordingProxy(await mkdtemp(join(tmpdir(), "overseer-proxy-")), controlPlane);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    const { port } = proxy.#server.address() as AddressInfo;
    await writeFile(proxy.kubeconfigPath, JSON.stringify(kubeconfig(port, controlPlane.adminToken)), { mode: 0o600 });
    return proxy;
  }

  /** Writes to an object since `mark`: applies, deletes and so on; with `dryRun` those that only ask. */
  writes(path: string, mark: number, dryRun = false): RecordedRequest[] {
    return this.requests
      .slice(mark)
      .filter((sent) => sent.method !== "GET" && sent.path === path && sent.dryRun === dryRun);
  }

  /** Holds the next such request back. `reached` resolves when it is here; `release` lets it go on. */
  hold(method: string, path: string): { readonly reached: Promise<void>; readonly release: () => void } {
    let reach = (): void => {};
    let release = (): void => {};
    const reached = new Promise<void>((resolve) => {
      reach = resolve;
    });
    const opened = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.#gate = { method, path, reached: reach, opened };
    return { reached, release };
  }

  /** Breaks all connections off, as when the API server is replaced. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#agent.destroy();
    await rm(this.#dir, { recursive: true, force: true });
  }

  async #pass(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? "/", this.#upstream);
    const method = incoming.method ?? "GET";
    const watch = url.searchParams.has("watch");
    if (!watch) {
      this.pending++;
      answer.on("close", () => this.pending--);
      this.requests.push({
        method,
        path: url.pathname,
        dryRun: url.searchParams.has("dryRun"),
        at: this.time(),
      });
    }
    if (url.pathname === "/version" && this.gitVersion !== undefined) {
      answer.setHeader("content-type", "application/json");
      answer.end(JSON.stringify({ major: "1", minor: "36", gitVersion: this.gitVersion }));
      return;
    }
    const gate = this.#gate;
    if (gate && gate.method === method && gate.path === url.pathname && !url.searchParams.has("dryRun")) {
      this.#gate = undefined;
      gate.reached();
      await gate.opened;
    }
    const headers = { ...incoming.headers, host: this.#upstream.host };
    const outgoing = request(url, { method, headers, agent: this.#agent }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      answer.flushHeaders();
      response.pipe(answer);
      if (watch) response.on("data", (chunk: Buffer) => this.#note(url.pathname, chunk.toString()));
      response.on("error", () => answer.destroy());
    });
    outgoing.on("error", () => answer.destroy());
    answer.on("close", () => outgoing.destroy());
    incoming.pipe(outgoing);
  }

  #note(path: string, text: string): void {
    for (const [, version] of text.matchAll(/"resourceVersion":"(\d+)"/g))
      this.seen.set(path, Math.max(this.seen.get(path) ?? 0, Number(version)));
  }
}

function kubeconfig(port: number, token: string): unknown {
  const cluster = { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true };
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "proxy",
    clusters: [{ name: "proxy", cluster }],
    users: [{ name: "proxy", user: { token } }],
    contexts: [{ name: "proxy", context: { cluster: "proxy", user: "proxy" } }],
  };
}
