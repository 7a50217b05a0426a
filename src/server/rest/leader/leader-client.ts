import { readFile } from "node:fs/promises";
import { Pool } from "undici";
import type { z } from "zod";
import type { Clock } from "../../../base/clock.js";
import { messageOf } from "../../../base/errors.js";
import type { Logger } from "../../../base/logger.js";
import { nothingHere, ProblemError } from "../../../http/problem.js";

/** DNS name in the certificate of the leader. */
export const LEADER_NAME = "leader.overseer-gitops.internal";
/** Audience of tokens for the leader. */
export const LEADER_AUDIENCE = "overseer-gitops-leader";

/** Where the leader is, and the only certificate that proves it, PEM. */
export interface LeaderAddress {
  readonly url: string;
  readonly cert: string;
}

/** Options of the client. */
export interface LeaderClientOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** File with the token of this role for the leader; undefined if the leader is not called. */
  readonly tokenFile: string | undefined;
  /** Reads the address from the Lease; undefined while no leader announces one. */
  readonly find: () => Promise<LeaderAddress | undefined>;
}

/** A request to the leader. */
export interface LeaderRequest<T> {
  /** Path and query, encoded. */
  readonly path: string;
  /** Sent as JSON by POST. */
  readonly body?: unknown;
  readonly schema: z.ZodType<T>;
}

/** Time of a request, and for which an address is used before it is read again. In milliseconds. */
const TIMEOUT_MS = 10_000;
const FRESH_MS = 10_000;
const MAX_RESPONSE_BYTES = 32 * 2 ** 20;
const CONNECTIONS = 8;

/** Calls the leader, which has in memory what the API server does not store. */
export class LeaderClient {
  readonly #options: LeaderClientOptions;
  #pool: { readonly address: LeaderAddress; readonly pool: Pool } | undefined;
  #freshUntil = 0;

  constructor(options: LeaderClientOptions) {
    this.#options = options;
  }

  /** Sends a request. Throws NOT_FOUND if the leader knows nothing of it, and NOT_READY if the leader cannot be asked. */
  async ask<T>({ path, body, schema }: LeaderRequest<T>): Promise<T> {
    return this.#send(path, body, (answer) => schema.parse(JSON.parse(answer.toString("utf8"))));
  }

  /** Sends a request whose answer is not parsed. Throws as `ask` does. */
  async askBytes(path: string): Promise<Buffer> {
    return this.#send(path, undefined, (answer) => answer);
  }

  async close(): Promise<void> {
    await this.#pool?.pool.destroy();
    this.#pool = undefined;
  }

  async #send<T>(path: string, body: unknown, read: (answer: Buffer) => T): Promise<T> {
    const { tokenFile, logger } = this.#options;
    if (tokenFile === undefined)
      throw new ProblemError("NOT_READY", "the operator does not answer this: set api.leader.enabled in the chart");
    try {
      const pool = await this.#connect();
      const token = (await readFile(tokenFile, "utf8")).trim();
      const { statusCode, body: response } = await pool.request({
        method: body === undefined ? "GET" : "POST",
        path,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
      });
      const answer = await readAll(response);
      if (statusCode === 404) throw nothingHere();
      if (statusCode === 200) return read(answer);
      throw new Error(`the leader answered ${statusCode}`);
    } catch (error) {
      if (error instanceof ProblemError) throw error;
      this.#freshUntil = 0;
      logger.warn("cannot ask the leader", { error: messageOf(error) });
      throw new ProblemError("NOT_READY", "the operator cannot be asked at the moment: retry later", { retryAfter: 5 });
    }
  }

  async #connect(): Promise<Pool> {
    const { clock, find } = this.#options;
    if (this.#pool !== undefined && clock.monotonic() < this.#freshUntil) return this.#pool.pool;
    const address = await find();
    if (address === undefined)
      throw new ProblemError("NOT_READY", "no leader is known: retry later", { retryAfter: 5 });
    this.#freshUntil = clock.monotonic() + FRESH_MS;
    const known = this.#pool;
    if (known?.address.url === address.url && known.address.cert === address.cert) return known.pool;
    const connect = { ca: address.cert, servername: LEADER_NAME, timeout: TIMEOUT_MS };
    const pool = new Pool(address.url, { connections: CONNECTIONS, connect });
    this.#pool = { address, pool };
    void known?.pool.close().catch(() => {});
    return pool;
  }
}

async function readAll(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_RESPONSE_BYTES) throw new Error("the answer of the leader is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
