import { chmodSync, existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../base/clock.js";
import type { Logger } from "../base/logger.js";
import { HttpServer } from "../http/server.js";
import { createKey, Encryption, keyError, readKey, writePrivate } from "./encryption.js";
import { authorize, checkNotDeleted } from "./http/auth.js";
import { routeTable } from "./http/table.js";
import { BackupScheduler } from "./operations/backup-scheduler.js";
import { CoreBackup, type CoreBackupOptions } from "./operations/core-backup.js";
import { Liveness } from "./operations/liveness.js";
import { Database } from "./store/database.js";
import { migrate } from "./store/schema.js";
import { Store } from "./store/store.js";
import { Tokens } from "./store/tokens.js";

/** Options of a Core. */
export interface CoreOptions {
  /** Data directory; created if missing. */
  readonly dataDir: string;
  /** Encryption key of secrets. Defaults to `core.key` in the data directory. */
  readonly keyFile?: string;
  readonly host: string;
  /** 0 selects a free port. */
  readonly port: number;
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Time without a heartbeat after which a node is offline. */
  readonly heartbeatTimeoutMs: number;
  /** Backups of the Core itself. Defaults to none. */
  readonly backup?: CoreBackupOptions;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Limits of the server that differ from the defaults; agents may upload logs over slow links. */
const LIMITS = { requestMs: 30_000, stopMs: 5_000 };
/** Known plaintext to detect a wrong key at startup rather than at the first deployment. */
const KEY_CHECK = "overseer-core";

/** An Overseer Core: its store, API server and node monitoring. */
export class Core {
  readonly #options: CoreOptions;
  #database: Database | undefined;
  #store: Store | undefined;
  #server: HttpServer | undefined;
  #liveness: Liveness | undefined;
  #scheduler: BackupScheduler | undefined;
  #backup: CoreBackup | undefined;

  constructor(options: CoreOptions) {
    this.#options = options;
  }

  /** Opens the store and starts to listen; returns the port. Throws a terminal OverseerError on failure. */
  async start(): Promise<number> {
    const { clock, logger, host, port, tls, heartbeatTimeoutMs } = this.#options;
    const store = this.#open();
    this.#liveness = new Liveness(store, clock, logger, heartbeatTimeoutMs);
    const { backup } = this.#options;
    if (backup !== undefined && this.#database !== undefined) {
      this.#backup = new CoreBackup(this.#database, backup, clock, logger);
    }
    const addressFlags = "--host and --port";
    try {
      this.#server = new HttpServer({ host, port, addressFlags, limits: LIMITS, clock, logger, ...(tls && { tls }) });
      this.#server.mount(routeTable(store, this.#liveness, this.#backup), {
        authorize: (access, headers) => authorize(store, access, headers.authorization),
        run: (route, work, { caller }) => {
          checkNotDeleted(store, caller);
          return route.method === "GET" || route.waits !== undefined ? work() : store.database.transaction(work);
        },
      });
      const actualPort = await this.#server.start();
      this.#store = store;
      this.#liveness.start();
      this.#scheduler = new BackupScheduler(store, clock, logger);
      this.#scheduler.start();
      this.#backup?.start();
      return actualPort;
    } catch (error) {
      this.#database?.close();
      throw error;
    }
  }

  /** Finishes requests in progress and closes the store. */
  async stop(): Promise<void> {
    this.#liveness?.stop();
    this.#scheduler?.stop();
    await this.#backup?.stop();
    // Requests that wait for changes are answered at once.
    this.#store?.notifier.close();
    await this.#server?.stop();
    this.#database?.close();
  }

  #open(): Store {
    const { dataDir, keyFile = join(dataDir, "core.key"), clock, logger } = this.#options;
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const path = join(dataDir, "core.db");
    const database = Database.open(path);
    this.#database = database;
    try {
      chmodSync(path, 0o600);
      migrate(database);
      const store = new Store(database, new Encryption(openKey(database, keyFile)), clock);
      database.transaction(() => store.routes.normalizePaths());
      const tokenFile = join(dataDir, "admin-token");
      if (createAdminToken(store, tokenFile)) logger.info("created the initial admin token", { file: tokenFile });
      return store;
    } catch (error) {
      database.close();
      throw error;
    }
  }
}

/** Reads the encryption key; creates it together with a new database. */
function openKey(database: Database, keyFile: string): Uint8Array {
  const check =
    database.query<{ key_check: Uint8Array | null }>("SELECT key_check FROM state").get()?.key_check ?? null;
  const existing = readKey(keyFile);
  if (check !== null && existing === undefined) {
    throw keyError(
      `key file ${keyFile} not found: secrets cannot be decrypted without it; restore it, or set --key-file`,
    );
  }
  const key = existing ?? createKey(keyFile);
  if (check === null) {
    database.query("UPDATE state SET key_check = ?").run(new Encryption(key).encrypt(KEY_CHECK, KEY_CHECK));
  } else if (new Encryption(key).decrypt(check, KEY_CHECK) !== KEY_CHECK)
    throw keyError(`${keyFile} is not the key of this database: set --key-file to the right one`);
  return key;
}

/** Creates the initial admin token, once. Writes its file before the token becomes valid, so that no crash loses it. */
function createAdminToken(store: Store, path: string): boolean {
  const done = store.database.query<{ admin_made: number }>("SELECT admin_made FROM state").get()?.admin_made === 1;
  if (done) return false;
  const value = Tokens.newValue();
  const draft = `${path}.new`;
  writePrivate(draft, `${value}\n`, "w");
  if (existsSync(draft)) chmodSync(draft, 0o600);
  renameSync(draft, path);
  store.database.transaction(() => {
    store.tokens.create({ name: "admin", role: "admin" }, value);
    store.database.query("UPDATE state SET admin_made = 1").run();
  });
  return true;
}
