import { Pool } from "undici";
import type { WriteGate } from "../../base/write-gate.js";
import type { ClusterAccess } from "./auth.js";
import { type Connections, fencedPool } from "./fenced-pool.js";
import type { TlsOptions } from "./tls-options.js";

/** Options of the connections. */
export interface TransportOptions {
  readonly access: ClusterAccess;
  /** Connections for requests; watches are not limited. */
  readonly connections: number;
  /** Longer responses are aborted, except for watches. Defaults to no limit. */
  readonly maxResponseBytes?: number | undefined;
  readonly gate: WriteGate;
}

/**
 * Idle time before TCP keep-alive probes. Ten unanswered probes, one a second (set by libuv), close the connection, so a
 * vanished peer is detected within half a minute.
 */
const KEEP_ALIVE_MS = 15_000;

interface Pools {
  readonly tls: TlsOptions;
  readonly requests: Connections;
  readonly watches: Pool;
}

/**
 * The connections to the API server: one pool for requests and one for watches. When the certificates on disk change, new
 * pools replace them; requests and watches in flight finish on the old ones.
 */
export class Transport {
  readonly #options: TransportOptions;
  #current: Pools;
  /** Pools before the last certificate change: requests may still be in flight there. */
  #previous: Pools | undefined;
  #reading: Promise<void> | undefined;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#current = this.#open(options.access.tls);
  }

  /** Pool for requests. */
  get requests(): Connections {
    return this.#current.requests;
  }

  /** Pool for watches. */
  get watches(): Connections {
    return this.#current.watches;
  }

  /** Reads the certificates again and switches to them if they changed. Throws the errors of reading. */
  async renew(): Promise<void> {
    this.#reading ??= (this.#options.access.renewTls?.() ?? Promise.resolve()).finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
    this.adopt();
  }

  /** Switches to the certificates read last, if they changed. */
  adopt(): void {
    const { tls } = this.#options.access;
    if (sameTls(tls, this.#current.tls)) return;
    if (this.#previous) void destroy(this.#previous);
    this.#previous = this.#current;
    this.#current = this.#open(tls);
    // Resolves after its last watch has ended.
    void this.#previous.watches.close().catch(() => {});
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    await Promise.all([this.#current, this.#previous].map((pools) => pools && destroy(pools)));
  }

  #open(tls: TlsOptions): Pools {
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

async function destroy({ requests, watches }: Pools): Promise<void> {
  await Promise.all([requests.destroy(), watches.destroy()]);
}

function sameTls(a: TlsOptions, b: TlsOptions): boolean {
  const text = (tls: TlsOptions): string =>
    JSON.stringify([tls.ca, tls.cert, tls.key, tls.passphrase, tls.servername, tls.rejectUnauthorized].map(String));
  return text(a) === text(b);
}
