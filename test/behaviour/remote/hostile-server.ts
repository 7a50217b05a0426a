import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** What the server does with those who ask it, by the first part of the path. */
export type Attack = "kinds" | "values" | "line" | "refusal" | "pages" | "objects";

/** Far more than anybody should take. */
const MUCH_BYTES = 96 * 1024 * 1024;
const PIECE = 256 * 1024;

/** It serves ConfigMaps, as far as it tells. */
const DISCOVERY = {
  items: [
    {
      metadata: {},
      versions: [
        {
          version: "v1",
          resources: [
            {
              resource: "configmaps",
              responseKind: { group: "", version: "v1", kind: "ConfigMap" },
              scope: "Namespaced",
              verbs: ["create", "delete", "get", "list", "patch", "watch"],
            },
          ],
        },
      ],
    },
  ],
};

/** What somebody may put at the address of a kubeconfig: it answers as an API server does, and then sends what harms. */
export class HostileServer {
  /** Bytes of the answers that were sent. */
  sent = 0;
  readonly #server: Server;
  #ended: readonly Attack[] = [];

  private constructor(server: Server) {
    this.#server = server;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  static async start(certificate: { readonly cert: string; readonly key: string }): Promise<HostileServer> {
    const server = createServer(certificate);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new HostileServer(server);
  }

  url(attack: Attack): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${attack}`;
  }

  /** Ends these attacks: from now on, whoever asks there is refused at once. */
  end(attacks: readonly Attack[]): void {
    this.#ended = attacks;
    this.#server.closeAllConnections();
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "https://server");
    const [attack, ...path] = url.pathname.slice(1).split("/");
    if (this.#ended.some((one) => one === attack)) return void response.writeHead(503).end("{}");
    const asksKinds = path.join("/") === "api" || path.join("/") === "apis";
    if (attack === "kinds" && asksKinds) return this.#send(response, much('[{"items":[', "{},"));
    // Short enough to be read, but for what would become of it.
    if (attack === "values" && asksKinds) return this.#send(response, much("[", "{},", 12 * 1024 * 1024));
    if (asksKinds) return void response.end(JSON.stringify(path[0] === "api" ? DISCOVERY : { items: [] }));
    if (request.method === "PATCH") return void response.writeHead(201).end(await written(request));
    if (!url.searchParams.has("watch") && !url.searchParams.has("limit")) return void response.writeHead(404).end("{}");
    const streams = url.searchParams.get("sendInitialEvents") !== null;
    if (attack === "line") return this.#send(response, much('{"type":"ADDED","object":"', "x"));
    if (attack === "refusal") return this.#send(response.writeHead(403), much("", "no! "));
    if (attack === "pages" && streams) return void response.writeHead(400).end("{}");
    if (attack === "pages") return this.#send(response, much('{"items":[', "{},"));
    return this.#send(response, objects());
  }

  /** Until the other side has had enough. */
  #send(response: ServerResponse, pieces: Iterable<string>): Promise<void> {
    const count = function* (this: HostileServer): Generator<string> {
      for (const piece of pieces) {
        this.sent += piece.length;
        yield piece;
      }
    };
    return pipeline(Readable.from(count.call(this)), response);
  }
}

/** What was applied, as an API server answers it. */
async function written(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const object = JSON.parse(Buffer.concat(pieces).toString()) as { readonly metadata: object };
  return JSON.stringify({ ...object, metadata: { ...object.metadata, uid: "u", resourceVersion: "1" } });
}

function* much(start: string, unit: string, bytes = MUCH_BYTES): Generator<string> {
  const piece = unit.repeat(PIECE / unit.length);
  yield start;
  for (let sent = 0; sent < bytes; sent += piece.length) yield piece;
}

/** Events of ever more objects. */
function* objects(): Generator<string> {
  for (let n = 0; n < 1_000_000; n += 100) {
    const some = Array.from({ length: 100 }, (_, i) => ({ name: `n${n + i}`, uid: `u${n + i}`, resourceVersion: "1" }));
    yield some.map((metadata) => `${JSON.stringify({ type: "ADDED", object: { metadata } })}\n`).join("");
  }
}
