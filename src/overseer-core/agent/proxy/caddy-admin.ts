import { Agent, type Dispatcher, request } from "undici";
import { messageOf } from "../../../base/errors.js";
import type { Json } from "../../../base/hash.js";

/** Caddy did not respond, or rejected a configuration. */
export class CaddyError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "CaddyError";
  }
}

/** Caddy rejected a configuration, and keeps the one that it has. */
export class CaddyRejection extends CaddyError {
  override readonly name: string = "CaddyRejection";
}

const TIMEOUT_MS = 30_000;
/** Longest part of an error of Caddy in a message. */
const MAX_TEXT = 300;

/** The configuration of Caddy, and the ETag for a conditional replacement. */
export interface CaddyConfig {
  readonly config: Json;
  readonly etag: string | undefined;
}

/** Client of the administration API of Caddy, at `http://127.0.0.1:2019` or `unix:///path`. Methods throw CaddyError. */
export class CaddyAdmin {
  readonly #address: string;
  readonly #origin: string;
  readonly #dispatcher: Agent;

  constructor(address: string) {
    this.#address = address;
    const socket = address.startsWith("unix://") ? address.slice("unix://".length) : undefined;
    this.#origin = socket === undefined ? address.replace(/\/+$/, "") : "http://127.0.0.1";
    this.#dispatcher = new Agent({
      connect: { timeout: 5_000, ...(socket === undefined ? {} : { socketPath: socket }) },
    });
  }

  close(): Promise<void> {
    return this.#dispatcher.destroy();
  }

  async read(signal: AbortSignal): Promise<CaddyConfig> {
    const { text, etag } = await this.#send("GET", undefined, {}, signal);
    return { config: JSON.parse(text) as Json, etag };
  }

  /** Replaces the configuration. Returns false if something else has changed it since it was read. */
  async replace(config: Json, etag: string | undefined, signal: AbortSignal): Promise<boolean> {
    const condition: Record<string, string> = etag === undefined ? {} : { "if-match": etag };
    const headers = { ...condition, "content-type": "application/json" };
    return (await this.#send("POST", JSON.stringify(config), headers, signal)).status !== 412;
  }

  async #send(
    method: "GET" | "POST",
    body: string | undefined,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<{ status: number; text: string; etag: string | undefined }> {
    let response: Dispatcher.ResponseData;
    let text: string;
    try {
      response = await request(`${this.#origin}/config/`, {
        method,
        dispatcher: this.#dispatcher,
        signal,
        // Caddy accepts the Host header of its own address only; for a socket, that is an empty one.
        headers: { ...headers, ...(this.#address.startsWith("unix:") ? { host: "" } : {}) },
        body: body ?? null,
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
      });
      text = await response.body.text();
    } catch (error) {
      signal.throwIfAborted();
      const why = `cannot reach the proxy Caddy at ${this.#address}: ${messageOf(error)}; check that it runs, and --proxy-admin`;
      throw new CaddyError(why, error);
    }
    const { statusCode: status } = response;
    // Caddy sends the ETag after the body.
    const etag = response.trailers.etag ?? response.headers.etag;
    if (status < 300 || status === 412) return { status, text, etag: typeof etag === "string" ? etag : undefined };
    throw new CaddyRejection(
      `the proxy Caddy rejects the configuration of the routes: ${text.trim().slice(0, MAX_TEXT)}`,
    );
  }
}
