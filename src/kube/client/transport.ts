import { Pool } from "undici";
import type { WriteGate } from "../../base/write-gate.js";
import type { ClusterAccess } from "./auth.js";
import { type Connections, fencedPool } from "./fenced-pool.js";
import type { TlsOptions } from "./tls-options.js";

/** How the connections are set up. */
export interface TransportOptions {
  readonly access: ClusterAccess;
  /** Connections for requests; watches have as many as they need. */
  readonly connections: number;
  /** Longer answers are broken off, watches aside; undefined: none is. */
  readonly maxResponseBytes?: number | undefined;
  readonly gate: WriteGate;
}

/**
 * An idle connection is asked for a sign of life after this long, by the kernel, which costs no request. Ten such that stay
 * without an answer, one a second, end it (libuv sets that): a peer that vanished is found within half a minute.
 */
const KEEP_ALIVE_MS = 15_000;

interface Lines {
  readonly tls: TlsOptions;
  readonly requests: Connections;
  readonly watches: Pool;
}

/**
 * The connections to the API server: one pool for requests and one for watches. When the certificates on disk have become
 * others, new pools take over; requests and watches that are under way end on the old ones.
 */
export class Transport {
  readonly #options: TransportOptions;
  #now: Lines;
  /** Of the last change of certificates: requests may still be under way there. */
  #before: Lines | undefined;
  #reading: Promise<void> | undefined;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#now = this.#open(options.access.tls);
  }

  /** Where requests go. */
  get requests(): Connections {
    return this.#now.requests;
  }

  /** Where watches go. */
  get watches(): Connections {
    return this.#now.watches;
  }

  /** Reads the certificates again, and goes over to them if they are others. Throws what reading them throws. */
  async renew(): Promise<void> {
    this.#reading ??= (this.#options.access.renewTls?.() ?? Promise.resolve()).finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
    this.adopt();
  }

  /** Goes over to the certificates that were read last, if they are others. */
  adopt(): void {
    const { tls } = this.#options.access;
    if (sameTls(tls, this.#now.tls)) return;
    if (this.#before) void destroy(this.#before);
    this.#before = this.#now;
    this.#now = this.#open(tls);
    // Ends when the last of its watches has ended.
    void this.#before.watches.close().catch(() => {});
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    await Promise.all([this.#now, this.#before].map((lines) => lines && destroy(lines)));
  }

  #open(tls: TlsOptions): Lines {
    const { access, connections, maxResponseBytes, gate } = this.#options;
    const { origin } = new URL(access.server);
    const connect = { ...tls, timeout: 10_000, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
    const shared = { connect, allowH2: false, pipelining: 1, keepAliveTimeout: 60_000 };
    const limit = maxResponseBytes === undefined ? {} : { maxResponseSize: maxResponseBytes };
    return {
      tls,
      requests: fencedPool(
        origin,
        { ...shared, ...limit, connections, headersTimeout: 30_000, bodyTimeout: 60_000 },
        gate,
      ),
      watches: new Pool(origin, { ...shared, connections: null, headersTimeout: 60_000, bodyTimeout: 0 }),
    };
  }
}

async function destroy({ requests, watches }: Lines): Promise<void> {
  await Promise.all([requests.destroy(), watches.destroy()]);
}

function sameTls(a: TlsOptions, b: TlsOptions): boolean {
  const text = (tls: TlsOptions): string =>
    JSON.stringify([tls.ca, tls.cert, tls.key, tls.passphrase, tls.servername, tls.rejectUnauthorized].map(String));
  return text(a) === text(b);
}
