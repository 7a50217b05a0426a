import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { messageOf, OverseerError } from "../base/errors.js";

/** Data of the probes, read for each request. */
export interface ProbeFacts {
  /** Reasons why the process is not ready; empty if it is. */
  readonly notReady: () => readonly string[];
  /** Describes the leader while this process is on standby. A standby counts as ready, so that rolling updates proceed. */
  readonly standby?: () => string | undefined;
  /** Metrics text and its media type. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  readonly version: string;
}

/** Address of the probe server. */
export interface ProbeAddress {
  /** Defaults to all interfaces. */
  readonly host?: string;
  /** 0 selects a free port, which `port` returns. */
  readonly port: number;
}

interface ProbeResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Maximum time to receive a request, in milliseconds. */
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Serves `/healthz` (the event loop responds), `/readyz` (200, or 503 with the reasons; a standby is ready), `/metrics`
 * and `/version` to GET and HEAD requests. The responses contain no secrets and need no authentication.
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

  /** Port of the started server; undefined before the start. */
  get port(): number | undefined {
    const address = this.#server.address();
    return typeof address === "object" ? address?.port : undefined;
  }

  /** Starts to listen. Throws a terminal OverseerError if the address is unavailable. */
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
        `cannot listen on ${host ?? ""}:${port}: ${messageOf(error)}; set another address with --metrics-address`,
        {
          code: "SERVER_LISTEN_FAILED",
          reason: "AddressUnavailable",
          class: "terminal",
          cause: error,
        },
      );
    });
  }

  /** Stops listening and closes open connections. Does nothing if not started. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const result = await this.#respond(request).catch((error: unknown): ProbeResponse => text(500, messageOf(error)));
    response.writeHead(result.status, {
      "content-type": result.contentType,
      "content-length": Buffer.byteLength(result.body),
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...(result.status === 405 ? { allow: "GET, HEAD" } : {}),
    });
    response.end(request.method === "HEAD" ? undefined : result.body);
  }

  async #respond(request: IncomingMessage): Promise<ProbeResponse> {
    if (request.method !== "GET" && request.method !== "HEAD") return text(405, "method not allowed: use GET or HEAD");
    const path = (request.url ?? "/").split("?", 1)[0];
    if (path === "/healthz") return text(200, "ok");
    if (path === "/readyz") return readiness(this.#facts.notReady(), this.#facts.standby?.());
    if (path === "/version") return json({ version: this.#facts.version, node: process.version });
    if (path !== "/metrics") return text(404, "not found: use /metrics, /healthz, /readyz and /version");
    return { status: 200, ...(await this.#facts.metrics()) };
  }
}

function readiness(missing: readonly string[], standby: string | undefined): ProbeResponse {
  if (missing.length > 0) return text(503, `not ready: ${missing.join(", ")}`);
  return text(200, standby === undefined ? "ok" : `ok: standby, ${standby}`);
}

function text(status: number, body: string): ProbeResponse {
  return { status, contentType: "text/plain; charset=utf-8", body: `${body}\n` };
}

function json(value: unknown): ProbeResponse {
  return { status: 200, contentType: "application/json", body: `${JSON.stringify(value)}\n` };
}
