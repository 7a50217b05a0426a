import { Pool } from "undici";
import type { ControlPlane } from "../tools/control-plane.js";
import { parseMetrics, sumOf } from "./metrics-text.js";

/** An object as the API server answers it; only what the bench reads. */
export interface LiveObject {
  readonly metadata: {
    readonly name: string;
    readonly resourceVersion: string;
    readonly uid: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** One request. */
export interface ApiCall {
  readonly method: "DELETE" | "GET" | "PATCH" | "POST";
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** Media type of a server-side apply. */
export const APPLY = "application/apply-patch+yaml";
/** Media type of a JSON merge patch. */
export const MERGE = "application/merge-patch+json";

/**
 * The barest client that the API server takes: JSON over kept HTTP/1.1 connections. It sets the limit that the operator
 * is held against, so it shares no code with it; and it counts its requests, so that they can be taken off.
 */
export class Api {
  readonly #pool: Pool;
  readonly #watches: Pool;
  readonly #headers: Record<string, string>;
  #sent = 0;

  constructor(controlPlane: ControlPlane, connections = 8) {
    const connect = { ca: controlPlane.caPem };
    this.#pool = new Pool(controlPlane.url, { connect, connections, pipelining: 1 });
    this.#watches = new Pool(controlPlane.url, { connect, bodyTimeout: 0 });
    this.#headers = { authorization: `Bearer ${controlPlane.adminToken}`, accept: "application/json" };
  }

  /** Requests sent so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Sends one request and reads the answer. Throws for a status of 400 and above. */
  async call<T = LiveObject>(call: ApiCall): Promise<T> {
    this.#sent++;
    const { statusCode, body } = await this.#pool.request({
      method: call.method,
      path: call.path,
      headers: { ...this.#headers, "content-type": call.contentType ?? "application/json" },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    });
    const text = await body.text();
    if (statusCode >= 400) throw new Error(`${call.method} ${call.path}: ${statusCode} ${text.slice(0, 500)}`);
    return JSON.parse(text) as T;
  }

  /** Sends one request and gives the text of the answer. */
  async text(path: string): Promise<string> {
    this.#sent++;
    const { body } = await this.#pool.request({ method: "GET", path, headers: { ...this.#headers, accept: "*/*" } });
    return body.text();
  }

  /** Opens a stream of the API server, without a limit in time. */
  async stream(path: string, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
    this.#sent++;
    const { body } = await this.#watches.request({
      method: "GET",
      path,
      headers: this.#headers,
      signal,
    });
    return body;
  }

  /** Requests that the API server has answered to anybody, itself included; a watch counts when it ends. */
  async served(): Promise<number> {
    return sumOf(parseMetrics(await this.text("/metrics")), "apiserver_request_total");
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.destroy(), this.#watches.destroy()]);
  }
}

/** Runs `work` on all items with at most `limit` under way. The first error ends it. */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) await work(items[next++] as T);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}
