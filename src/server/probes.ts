import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { messageOf, OverseerError } from "../base/errors.js";

/** What the probes tell, asked anew for each request. */
export interface ProbeFacts {
  /** What the operator still waits for before it can work; empty when it is ready. */
  readonly notReady: () => readonly string[];
  /** Who works instead of us, while we are ready to take over: a standby is ready, or a rolling update would not go on. */
  readonly standby?: () => string | undefined;
  /** The text of a scrape, and its media type. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  readonly version: string;
}

/** Where the probes are served. */
export interface ProbeAddress {
  /** Interface to listen on; left out: all of them. */
  readonly host?: string;
  /** 0 takes a free port, which `port` then tells. */
  readonly port: number;
}

interface ProbeResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Longest time that a client may take to send its request, in milliseconds. */
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Serves `/healthz` (the event loop turns: that there is an answer is the answer), `/readyz` (200, or 503 and what is
 * missing; a standby is ready and says so), `/metrics` and `/version`, to GET and HEAD alone. Nothing here is secret, and nothing here asks who you are.
 */
export class ProbeServer {
  readonly #server: Server;
  readonly #address: ProbeAddress;
  readonly #facts: ProbeFacts;

  constructor(address: ProbeAddress, facts: ProbeFacts) {
    this.#address = address;
    this.#facts = facts;
    this.#server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
      void this.#serve(request, response);
    });
  }

  /** The port that is listened on; undefined unless started. */
  get port(): number | undefined {
    const address = this.#server.address();
    return typeof address === "object" ? address?.port : undefined;
  }

  /** Starts to listen. Throws a terminal OverseerError when the address cannot be had. */
  async start(): Promise<void> {
    const { host, port } = this.#address;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        this.#server.off("error", reject);
        resolve();
      });
    }).catch((error: unknown) => {
      throw new OverseerError(
        `cannot listen on ${host ?? ""}:${port}: ${messageOf(error)}; choose another with --metrics-address`,
        {
          code: "SERVER_LISTEN_FAILED",
          reason: "AddressUnavailable",
          class: "terminal",
          cause: error,
        },
      );
    });
  }

  /** Stops listening and ends the connections that are open. Does nothing when not started. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.#respond(request).catch((error: unknown): ProbeResponse => text(500, messageOf(error)));
    response.writeHead(answer.status, {
      "content-type": answer.contentType,
      "content-length": Buffer.byteLength(answer.body),
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...(answer.status === 405 ? { allow: "GET, HEAD" } : {}),
    });
    response.end(request.method === "HEAD" ? undefined : answer.body);
  }

  async #respond(request: IncomingMessage): Promise<ProbeResponse> {
    if (request.method !== "GET" && request.method !== "HEAD") return text(405, "only GET and HEAD");
    const path = (request.url ?? "/").split("?", 1)[0];
    if (path === "/healthz") return text(200, "ok");
    if (path === "/readyz") return readiness(this.#facts.notReady(), this.#facts.standby?.());
    if (path === "/version") return json({ version: this.#facts.version, node: process.version });
    if (path !== "/metrics") return text(404, "not found: there are /metrics, /healthz, /readyz and /version");
    return { status: 200, ...(await this.#facts.metrics()) };
  }
}

function readiness(missing: readonly string[], standby: string | undefined): ProbeResponse {
  if (missing.length > 0) return text(503, `not ready: ${missing.join(", ")}`);
  return text(200, standby === undefined ? "ok" : `ok: standing by, ${standby}`);
}

function text(status: number, body: string): ProbeResponse {
  return { status, contentType: "text/plain; charset=utf-8", body: `${body}\n` };
}

function json(value: unknown): ProbeResponse {
  return { status: 200, contentType: "application/json", body: `${JSON.stringify(value)}\n` };
}
