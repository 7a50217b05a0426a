import type { Clock } from "../../../base/clock.js";
import { parseDuration } from "../../../base/duration.js";
import type { Logger } from "../../../base/logger.js";
import type { WriteGate } from "../../../base/write-gate.js";
import { CoreFollower } from "../state/core-follower.js";
import { CoreReader } from "../state/core-reader.js";
import type { Affected } from "../state/core-state.js";
import type { CoreAccess } from "./core-access.js";
import { CoreClient, type CoreRequestObserver } from "./core-client.js";

/** Options of all connections to Cores. */
export interface CoreConnectionOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly userAgent: string;
  readonly onRequest: CoreRequestObserver;
  readonly gate: WriteGate;
  /** Called with the apps that may have work to do, by `namespace/name`. */
  readonly onEvent: (apps: ReadonlySet<string>) => void;
}

const DEFAULT_INTERVAL_MS = 30_000;

/** A connection to one Core with one token, shared by all its apps. */
export class CoreConnection {
  readonly access: CoreAccess;
  readonly client: CoreClient;
  readonly reader: CoreReader;
  readonly follower: CoreFollower;
  /** Apps that use it, by `namespace/name`. */
  readonly apps = new Set<string>();

  constructor(access: CoreAccess, interval: string, options: CoreConnectionOptions) {
    const { clock, logger, userAgent, onRequest, gate, onEvent } = options;
    this.access = access;
    this.client = new CoreClient(access, { userAgent, onRequest, gate });
    this.reader = new CoreReader(this.client);
    this.follower = new CoreFollower({
      reader: this.reader,
      clock,
      logger: logger.child({ core: access.url }),
      intervalMs: parseDuration(interval) ?? DEFAULT_INTERVAL_MS,
      onEvent: (affected) => onEvent(this.#appsOf(affected)),
    });
    this.follower.start();
  }

  async close(): Promise<void> {
    const closed = this.follower.stop();
    await this.client.close();
    await closed;
  }

  #appsOf({ apps, everyone }: Affected): ReadonlySet<string> {
    return everyone ? new Set(this.apps) : new Set([...apps].filter((app) => this.apps.has(app)));
  }
}

/** All connections to Cores, one per address and token. A connection that no app uses is closed. */
export class CoreConnections {
  readonly #options: CoreConnectionOptions;
  readonly #byKey = new Map<string, CoreConnection>();
  readonly #keyByApp = new Map<string, string>();

  constructor(options: CoreConnectionOptions) {
    this.#options = options;
  }

  /** Yields all connections, of which several may be to one Core. */
  all(): Iterable<CoreConnection> {
    return this.#byKey.values();
  }

  /** Assigns an app to a connection. `interval`: a duration like 30s. */
  use(app: string, access: CoreAccess, interval: string): CoreConnection {
    const key = `${access.id} ${interval}`;
    if (this.#keyByApp.get(app) !== key) this.release(app);
    const known = this.#byKey.get(key);
    const connection = known ?? new CoreConnection(access, interval, this.#options);
    this.#byKey.set(key, connection);
    this.#keyByApp.set(app, key);
    connection.apps.add(app);
    return connection;
  }

  /** Releases the connection of an app. */
  release(app: string): void {
    const key = this.#keyByApp.get(app);
    const connection = key === undefined ? undefined : this.#byKey.get(key);
    this.#keyByApp.delete(app);
    if (key === undefined || connection === undefined) return;
    connection.apps.delete(app);
    if (connection.apps.size > 0) return;
    this.#byKey.delete(key);
    void connection.close();
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    const connections = [...this.#byKey.values()];
    this.#byKey.clear();
    this.#keyByApp.clear();
    await Promise.all(connections.map((connection) => connection.close()));
  }
}
