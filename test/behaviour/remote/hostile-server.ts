import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setInterval } from "node:timers/promises";
import { gzipSync } from "node:zlib";

/** What the server does with those who ask it, by the first part of the path. */
export type Attack = keyof typeof ATTACKS;

/** What each attack answers to requests for objects, unless it is about the kinds that are served. */
const ATTACKS = {
  kinds: undefined,
  values: undefined,
  line: () => much('{"type":"ADDED","object":"', "x"),
  refusal: (_, response) => {
    response.writeHead(403);
    return much("", "no! ");
  },
  pages: (url, response) => {
    if (!isStream(url)) return much('{"items":[', "{},");
    response.writeHead(400);
    return ["{}"];
  },
  endless: (url, response) => {
    if (isStream(url)) response.writeHead(400);
    return [JSON.stringify({ metadata: { resourceVersion: "1", continue: "more" }, items: [] })];
  },
  small: (url) => events(url, 100, () => ({})),
  fat: (url) => events(url, 1, fields),
  // A list that is complete, and then ever more.
  grow: (url) => [END_OF_LIST, events(url, 1, fields)],
  foreign: (url) => events(url, 1_000, () => ({ labels: { app: "other" } })),
  headers: (_, response) => {
    for (let n = 0; n < 64; n++) response.setHeader(`x-${n}`, "x".repeat(64 * 1024));
    return ["{}"];
  },
  gzip: (_, response) => {
    response.setHeader("content-encoding", "gzip");
    return [BOMB];
  },
  drip: () => [much('{"type":"ADDED","object":"', "x", 7 * 1024 * 1024), drops()],
} satisfies Readonly<Record<string, ((url: URL, response: ServerResponse) => Answer) | undefined>>;

type Piece = string | Buffer;
/** Pieces of an answer, one after the other. */
type Answer = Iterable<Piece> | readonly (Piece | Iterable<Piece> | AsyncIterable<Piece>)[];

const isStream = (url: URL): boolean => url.searchParams.has("sendInitialEvents");

const END_OF_LIST = `${JSON.stringify({
  type: "BOOKMARK",
  object: { metadata: { resourceVersion: "1", annotations: { "k8s.io/initial-events-end": "true" } } },
})}\n`;

/** A gigabyte of spaces, if it is unpacked. */
const BOMB = gzipSync(Buffer.alloc(1024 ** 3, " "));

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
    const answer = ATTACKS[attack as Attack];
    return this.#send(response, answer?.(url, response) ?? []);
  }

  /** Until the other side has had enough. */
  #send(response: ServerResponse, answer: Answer): Promise<void> {
    const count = async function* (this: HostileServer): AsyncGenerator<Piece> {
      for (const part of answer) {
        for await (const piece of typeof part === "string" || Buffer.isBuffer(part) ? [part] : part) {
          this.sent += piece.length;
          yield piece;
        }
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

/** Events of ever more objects of an app, `atOnce` in one piece, each with more metadata. */
function* events(url: URL, atOnce: number, more: () => object): Generator<string> {
  const instance = /gitops\.overseer\.io\/instance=([^,]+)/.exec(url.searchParams.get("labelSelector") ?? "")?.[1];
  const names = { "gitops.overseer.io/app": "any", "gitops.overseer.io/app-namespace": "any" };
  const labels = { ...names, "gitops.overseer.io/instance": instance };
  for (let n = 0; n < 1_000_000_000; n += atOnce) {
    const some = Array.from({ length: atOnce }, (_, i) => ({
      ...{ name: `n${n + i}`, uid: `u${n + i}`, resourceVersion: "2", labels },
      ...more(),
    }));
    yield some.map((metadata) => `${JSON.stringify({ type: "ADDED", object: { metadata } })}\n`).join("");
  }
}

/** Fields of another writer, which are kept while an object differs from Git: about 200 KiB. */
function fields(): object {
  const fieldsV1 = Object.fromEntries(Array.from({ length: 4_000 }, (_, n) => [`f:${n}-${"x".repeat(20)}`, {}]));
  return { managedFields: [{ manager: "mallory", operation: "Update", fieldsV1 }] };
}

/** A letter a second. */
async function* drops(): AsyncGenerator<string> {
  for await (const _ of setInterval(1_000)) yield "x";
}
