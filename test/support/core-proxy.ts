import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { waitUntil } from "../../tools/wait-until.js";

/** What happens to one request on its way to the Core. */
export type CoreFault =
  /** The connection is cut before the Core sees anything. */
  | { readonly kind: "cut" }
  /** The Core does it, and the connection is cut before a byte of the answer comes. */
  | { readonly kind: "lose" }
  /** The Core does it, and half of the answer comes. */
  | { readonly kind: "half" }
  /** Nothing comes, until the fault is over. */
  | { readonly kind: "hold" }
  /** The Core sees nothing, and this is the answer. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body?: string;
      readonly headers?: Record<string, string>;
    };

/** A request that reached the proxy. */
export interface SeenRequest {
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  /** Status of the answer that the client was given; 0 where it was given none. */
  status: number;
}

/** Decides about each request; undefined lets it through. */
export type FaultRule = (request: { readonly method: string; readonly path: string }) => CoreFault | undefined;

/** Changes what a real Core answers, to what a lesser one would. */
export interface Lesser {
  /** Requests that it knows nothing of. */
  readonly lacks: (request: { readonly method: string; readonly path: string }) => boolean;
  /** Leaves ETags, If-Match and revisions out. */
  readonly withoutEtags: boolean;
}

/** A proxy before a real Core that makes faults, and counts. It has an address of its own that stays when the Core restarts. */
export class CoreProxy {
  readonly url: string;
  readonly requests: SeenRequest[] = [];
  target: string;
  lesser: Lesser | undefined;
  readonly #server: Server;
  #rule: FaultRule = () => undefined;
  readonly #held = new Set<IncomingMessage>();

  private constructor(server: Server, target: string) {
    this.#server = server;
    this.target = target;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(target: string): Promise<CoreProxy> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const proxy = new CoreProxy(server, target);
    server.on("request", (request, response) => {
      proxy.#handle(request, response).catch(() => request.socket.destroy());
    });
    return proxy;
  }

  /** From now on this happens. Requests that were held are cut. */
  setFault(rule: FaultRule | undefined): void {
    this.#rule = rule ?? (() => undefined);
    for (const request of this.#held) request.socket.destroy();
    this.#held.clear();
  }

  /** This happens to the next `times` requests that match, and then no more. Resolves when it has happened that often. */
  async faultOnce(
    matches: (request: { readonly method: string; readonly path: string }) => boolean,
    fault: CoreFault,
    times = 1,
  ): Promise<void> {
    let left = times;
    await new Promise<void>((resolve) => {
      this.setFault((request) => {
        if (left === 0 || !matches(request)) return undefined;
        if (--left === 0) resolve();
        return fault;
      });
    });
  }

  /** How many requests of this kind reached the proxy. */
  count(method: string, path: RegExp): number {
    return this.requests.filter((request) => request.method === method && path.test(request.path)).length;
  }

  /** Resolves when so many requests have been answered after this call and nothing but a waiting one is open. */
  async quiet(answers: number): Promise<void> {
    const before = this.requests.length;
    await waitUntil(
      { what: `${answers} more requests`, timeoutMs: 60_000 },
      () => this.requests.length >= before + answers,
    );
  }

  /** Ends every open connection, as a restart of a load balancer does. */
  cutAll(): void {
    this.#server.closeAllConnections();
  }

  async stop(): Promise<void> {
    this.setFault(undefined);
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "/").replace(/\?.*$/, "");
    const seen: SeenRequest = { method: request.method ?? "GET", path, status: 0 };
    this.requests.push(seen);
    response.on("finish", () => {
      seen.status = response.statusCode;
    });
    const fault = this.#rule(seen);
    if (fault?.kind === "cut") return void request.socket.destroy();
    if (fault?.kind === "hold") return void this.#held.add(request);
    if (fault?.kind === "answer") {
      request.resume();
      response.writeHead(fault.status, { "content-type": "application/json", ...fault.headers });
      return void response.end(fault.body ?? "");
    }
    if (this.lesser?.lacks(seen)) {
      request.resume();
      response.writeHead(404, { "content-type": "text/html" });
      return void response.end(`<pre>Cannot ${seen.method} ${path}</pre>`);
    }
    this.#forward(request, response, fault);
  }

  #forward(request: IncomingMessage, response: ServerResponse, fault: CoreFault | undefined): void {
    const headers = { ...request.headers };
    if (this.lesser?.withoutEtags) {
      delete headers["if-match"];
      delete headers["if-none-match"];
    }
    const forwarded = httpRequest(
      new URL(request.url ?? "/", this.target),
      { method: request.method, headers },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("error", () => request.socket.destroy());
        answer.on("end", () => this.#answer(request, response, fault, answer, Buffer.concat(chunks)));
      },
    );
    forwarded.on("error", () => request.socket.destroy());
    // A client that goes away takes its request along, so that no long wait stays behind in the Core.
    response.on("close", () => forwarded.destroy());
    request.pipe(forwarded);
  }

  #answer(
    request: IncomingMessage,
    response: ServerResponse,
    fault: CoreFault | undefined,
    answer: IncomingMessage,
    whole: Buffer,
  ): void {
    if (fault?.kind === "lose") return void request.socket.destroy();
    const { etag, ...rest } = answer.headers;
    delete rest["transfer-encoding"];
    const body = this.lesser?.withoutEtags ? withoutRevisions(whole) : whole;
    const headers = {
      ...rest,
      ...(etag === undefined || this.lesser?.withoutEtags ? {} : { etag }),
      "content-length": String(body.length),
    };
    response.writeHead(
      answer.statusCode ?? 502,
      answer.statusCode === 204 || answer.statusCode === 304 ? { ...rest, ...(etag ? { etag } : {}) } : headers,
    );
    if (fault?.kind !== "half") return void response.end(body);
    response.write(body.subarray(0, Math.floor(body.length / 2)), () => request.socket.destroy());
  }
}

function withoutRevisions(whole: Buffer): Buffer {
  if (whole.length === 0) return whole;
  const body: unknown = JSON.parse(whole.toString(), (key, value: unknown) => (key === "revision" ? undefined : value));
  return Buffer.from(JSON.stringify(body));
}
