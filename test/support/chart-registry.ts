import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ensureRegistry } from "../../tools/binaries.js";
import { reservePort } from "../../tools/ports.js";
import { makeGuardedFolder } from "../../tools/process-guard.js";
import { spawnLogged } from "../../tools/processes.js";
import { waitUntil } from "../../tools/wait-until.js";
import { helm } from "./helm.js";

/** Files of a chart, below its directory. */
export type ChartSource = Readonly<Record<string, string>>;

/** User name and password of HTTP basic authentication. */
export interface BasicCredentials {
  readonly username: string;
  readonly password: string;
}

/** A server that answers requests, and remembers them. */
class TestServer {
  readonly requests: string[] = [];
  credentials: BasicCredentials | undefined;
  readonly #server: Server;

  constructor(answer: (path: string, incoming: IncomingMessage, response: ServerResponse) => void) {
    this.#server = createServer((incoming, response) => {
      const path = incoming.url ?? "/";
      this.requests.push(`${incoming.method} ${path}`);
      if (this.#isAllowed(incoming)) answer(path, incoming, response);
      else response.writeHead(401, { "www-authenticate": 'Basic realm="charts"' }).end();
    });
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  listen(): Promise<void> {
    return new Promise((done) => this.#server.listen(0, "127.0.0.1", done));
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((done) => this.#server.close(() => done()));
  }

  #isAllowed({ headers }: IncomingMessage): boolean {
    if (this.credentials === undefined) return true;
    const { username, password } = this.credentials;
    return headers.authorization === `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  }
}

/** A chart repository over HTTP, with an index by Helm. */
export class HttpCharts {
  readonly #folder: string;
  readonly #server: TestServer;

  private constructor(folder: string, server: TestServer) {
    this.#folder = folder;
    this.#server = server;
  }

  static async start(): Promise<HttpCharts> {
    const folder = await mkdtemp(join(tmpdir(), "overseer-charts-"));
    await mkdir(join(folder, "served"));
    const server = new TestServer((path, _, response) => {
      readFile(join(folder, "served", path.replace(/^\/+/, "").replaceAll("..", ""))).then(
        (bytes) => response.end(bytes),
        () => response.writeHead(404).end(),
      );
    });
    await server.listen();
    return new HttpCharts(folder, server);
  }

  get url(): string {
    return `http://${this.#server.host}`;
  }

  /** `GET /path` of each request. */
  get requests(): readonly string[] {
    return this.#server.requests;
  }

  /** Requires these credentials from now on. */
  require(credentials: BasicCredentials | undefined): void {
    this.#server.credentials = credentials;
  }

  /** Packages a chart, serves it, and returns the path of its archive. */
  async publish(chart: ChartSource): Promise<string> {
    const served = join(this.#folder, "served");
    const archive = await packageChart(chart, served);
    await helm(["repo", "index", served]);
    return archive;
  }

  /** Serves any file. */
  async serve(name: string, content: string | Uint8Array): Promise<void> {
    await writeFile(join(this.#folder, "served", name), content);
  }

  async stop(): Promise<void> {
    await this.#server.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** A real OCI registry, behind a proxy that can require credentials. */
export class OciCharts {
  readonly #port: number;
  readonly #proxy: TestServer;
  readonly #stop: () => Promise<void>;

  private constructor(port: number, proxy: TestServer, stop: () => Promise<void>) {
    this.#port = port;
    this.#proxy = proxy;
    this.#stop = stop;
  }

  static async start(): Promise<OciCharts> {
    const program = await ensureRegistry();
    const { port, release } = await reservePort();
    const { path, guard, remove } = await makeGuardedFolder("overseer-registry-");
    const registry = await spawnLogged("the registry", program, ["-port", String(port)], {
      logFile: join(path, "registry.log"),
      guard,
    });
    await waitUntil({ what: "the registry answers", timeoutMs: 20_000 }, async () => {
      if (registry.ended() !== undefined) throw new Error(registry.tail());
      return (await fetch(`http://127.0.0.1:${port}/v2/`)).ok;
    });
    const proxy = new TestServer((url, incoming, response) => {
      const options = { port, host: "127.0.0.1", path: url, method: incoming.method, headers: incoming.headers };
      incoming.pipe(
        request(options, (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
        }),
      );
    });
    await proxy.listen();
    return new OciCharts(port, proxy, async () => {
      await proxy.close();
      await registry.stop();
      await release();
      await remove();
    });
  }

  /** Repository of the charts, through the proxy. */
  get url(): string {
    return `oci://${this.#proxy.host}/charts`;
  }

  get requests(): readonly string[] {
    return this.#proxy.requests;
  }

  /** Requires these credentials from now on. */
  require(credentials: BasicCredentials | undefined): void {
    this.#proxy.credentials = credentials;
  }

  /** Packages and pushes a chart by Helm. */
  async publish(chart: ChartSource): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "overseer-charts-"));
    try {
      const archive = await packageChart(chart, folder);
      await helm(["push", archive, `oci://127.0.0.1:${this.#port}/charts`, "--plain-http"]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  stop(): Promise<void> {
    return this.#stop();
  }
}

/** Packages a chart into `folder` by Helm, and returns the path of the archive. */
async function packageChart(chart: ChartSource, folder: string): Promise<string> {
  const source = await mkdtemp(join(tmpdir(), "overseer-chart-"));
  try {
    for (const [path, text] of Object.entries(chart)) {
      await mkdir(dirname(join(source, path)), { recursive: true });
      await writeFile(join(source, path), text);
    }
    const said = await helm(["package", source, "--destination", folder]);
    return /saved it to: (.+)$/m.exec(said)?.[1]?.trim() ?? "";
  } finally {
    await rm(source, { recursive: true, force: true });
  }
}
