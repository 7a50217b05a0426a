import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Message } from "../../../src/notify/message.js";

/** A request that a receiver has got. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** What a receiver answers. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string;
}

/** An HTTP receiver on loopback. */
export class Receiver {
  readonly received: Received[] = [];
  /** Answers of the next requests; after them, `ok`. */
  readonly answers: Answer[] = [];
  url = "";
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Receiver> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { method = "", url: path = "", headers } = request;
        receiver.received.push({ method, path, headers, body: JSON.parse(Buffer.concat(chunks).toString("utf8")) });
        const answer = receiver.answers.shift() ?? { status: 200, text: "ok" };
        response.writeHead(answer.status, answer.headers ?? {}).end(answer.text ?? "");
      });
    });
    const receiver = new Receiver(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return receiver;
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}

/** A message about one app, with characters that providers have to escape. */
export function message(parts: Partial<Message> = {}): Message {
  return {
    topic: "Failed",
    severity: "critical",
    title: "shop/web cannot be applied",
    lines: ["<b>web.yaml:3</b> & @everyone *bold*"],
    fields: [{ name: "Revision", value: "main@sha1:6f3c1f0" }],
    url: "https://gitops.example.com/shop/web",
    key: "0123456789abcdef0123456789abcdef",
    endsKey: undefined,
    time: Date.UTC(2026, 10, 30, 4, 0, 0),
    apps: [
      {
        ...{ namespace: "shop", name: "web", environment: "prod", topic: "Failed" },
        ...{ since: Date.UTC(2026, 10, 30, 4, 0, 0), until: undefined, text: "no such kind" },
      },
    ],
    ...parts,
  };
}
