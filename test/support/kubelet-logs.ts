import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { ControlPlane } from "../../tools/control-plane.js";
import type { TestKube } from "./kube.js";

/** The logs of a node, served as a kubelet does: the API server forwards requests for logs of its pods here. */
export class KubeletLogs {
  readonly node: string;
  readonly #server: Server;
  /** Lines of each container. */
  readonly #lines = new Map<string, string[]>();
  /** Lines of each container before its last restart. */
  readonly #previous = new Map<string, string[]>();
  /** Responses that wait for more lines, with what they were asked for. */
  readonly #followers = new Map<ServerResponse, URL>();
  #count = 0;
  /** Paths with query of the requests. */
  readonly requests: URL[] = [];

  private constructor(node: string, server: Server) {
    this.node = node;
    this.#server = server;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response));
  }

  /** Starts the server, and adds a node whose logs it serves. */
  static async start(controlPlane: ControlPlane, kube: TestKube, node: string): Promise<KubeletLogs> {
    const read = (name: string): Promise<string> => readFile(join(controlPlane.dir, "certificates", name), "utf8");
    const [cert, key] = await Promise.all([read("apiserver.crt"), read("apiserver.key")]);
    const server = createServer({ cert, key });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const spec = { unschedulable: true };
    await kube.apply({ apiVersion: "v1", kind: "Node", metadata: { name: node }, spec });
    // kwok manages all nodes: it writes addresses and ports of its own, once, when it makes a node ready.
    await kube.until({ apiVersion: "v1", kind: "Node", name: node }, "ready, by kwok", isReady, 60_000);
    const status = {
      addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
    };
    const path = `/api/v1/nodes/${node}/status`;
    await kube.client.request({ method: "PATCH", path, body: { status }, contentType: "application/merge-patch+json" });
    return new KubeletLogs(node, server);
  }

  /** Adds lines to the log of a container. */
  write(container: string, ...texts: readonly string[]): void {
    const own = this.#lines.get(container) ?? [];
    this.#lines.set(container, own);
    for (const text of texts) {
      const line = `${new Date().toISOString().replace("Z", `${String(this.#count++).padStart(6, "0")}Z`)} ${text}\n`;
      own.push(line);
      for (const [follower, asked] of this.#followers)
        if (containerOf(asked) === container) follower.write(shown(line, asked));
    }
  }

  /** Restarts a container: its log ends and is the previous one from then on. */
  restart(container: string): void {
    this.#previous.set(container, this.#lines.get(container) ?? []);
    this.#lines.delete(container);
    for (const [follower, asked] of this.#followers) if (containerOf(asked) === container) follower.end();
  }

  /** Ends all connections, as when a container ends. */
  disconnect(): void {
    for (const follower of this.#followers.keys()) follower.end();
    this.#followers.clear();
  }

  #answer({ url = "" }: IncomingMessage, response: ServerResponse): void {
    const asked = new URL(url, "https://localhost");
    this.requests.push(asked);
    response.writeHead(200, { "content-type": "text/plain" });
    const lines = asked.searchParams.get("previous") === "true" ? this.#previous : this.#lines;
    const tail = Number(asked.searchParams.get("tailLines") ?? Number.POSITIVE_INFINITY);
    const wanted = (lines.get(containerOf(asked)) ?? []).slice(-tail);
    response.write(wanted.map((line) => shown(line, asked)).join(""));
    if (asked.searchParams.get("follow") !== "true") response.end();
    else {
      this.#followers.set(response, asked);
      response.on("close", () => this.#followers.delete(response));
    }
  }

  async stop(): Promise<void> {
    this.disconnect();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function containerOf({ pathname }: URL): string {
  return pathname.split("/").at(-1) ?? "";
}

/** Returns a line, which begins with its time, as it was asked for. */
function shown(line: string, { searchParams }: URL): string {
  return searchParams.get("timestamps") === "true" ? line : line.slice(line.indexOf(" ") + 1);
}

interface NodeStatus {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

function isReady(node: object): boolean {
  const { conditions = [] } = (node as { readonly status?: NodeStatus }).status ?? {};
  return conditions.some((condition) => condition.type === "Ready" && condition.status === "True");
}
