import { chmodSync, existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../base/clock.js";
import { messageOf, OverseerError } from "../base/errors.js";
import type { Logger } from "../base/logger.js";
import { Encryption, keyError, makeKey, readKey, writePrivate } from "./encryption.js";
import { CoreServer } from "./http/server.js";
import { routeTable } from "./http/table.js";
import { Liveness } from "./operations/liveness.js";
import { Database } from "./store/database.js";
import { migrate } from "./store/schema.js";
import { Store } from "./store/store.js";
import { Tokens } from "./store/tokens.js";

/** How a Core runs. */
export interface CoreOptions {
  /** Folder for everything that it keeps; made if it is not there. */
  readonly dataDir: string;
  /** The key of the secrets; `core.key` in the data folder unless told. */
  readonly keyFile?: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls?: { readonly cert: string; readonly key: string };
  /** A node that is silent for this long is offline. */
  readonly heartbeatTimeoutMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What sealing is tried on, so that a wrong key is noticed at start and not at the first deployment. */
const CHECK = "overseer-core";

/** An Overseer Core: its data, its API, and what watches its nodes. */
export class Core {
  readonly #options: CoreOptions;
  #database: Database | undefined;
  #server: CoreServer | undefined;
  #liveness: Liveness | undefined;

  constructor(options: CoreOptions) {
    this.#options = options;
  }

  /** Opens the data and listens; gives the port. Throws a terminal OverseerError when it cannot. */
  async start(): Promise<number> {
    const { clock, logger, host, port, tls, heartbeatTimeoutMs } = this.#options;
    const store = this.#open();
    this.#liveness = new Liveness(store, clock, logger, heartbeatTimeoutMs);
    const routes = routeTable(store, this.#liveness);
    try {
      this.#server = new CoreServer({ store, routes, clock, logger, ...(tls === undefined ? {} : { tls }) });
      const chosen = await this.#server.listen(host, port);
      this.#liveness.start();
      return chosen;
    } catch (error) {
      this.#database?.close();
      throw new OverseerError(
        `cannot listen on ${host}:${port}: ${messageOf(error)}; see --host, --port, --tls-cert and --tls-key`,
        {
          code: "CORE_LISTEN_FAILED",
          reason: "AddressUnavailable",
          class: "terminal",
          cause: error,
        },
      );
    }
  }

  /** Answers what is under way, and lets the data go. */
  async stop(): Promise<void> {
    this.#liveness?.stop();
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
      const tokenFile = join(dataDir, "admin-token");
      if (makeAdminToken(store, tokenFile)) logger.info("made the first token of role admin", { file: tokenFile });
      return store;
    } catch (error) {
      database.close();
      throw error;
    }
  }
}

/** The key of the secrets: made with an empty database, and from then on the same one. */
function openKey(database: Database, keyFile: string): Uint8Array {
  const check =
    database.query<{ key_check: Uint8Array | null }>("SELECT key_check FROM state").get()?.key_check ?? null;
  const present = readKey(keyFile);
  if (check !== null && present === undefined) {
    throw keyError(`${keyFile} is gone: without it no secret can be read. Put it back, or name it by --key-file`);
  }
  const key = present ?? makeKey(keyFile);
  if (check === null) {
    database.query("UPDATE state SET key_check = ?").run(new Encryption(key).encrypt(CHECK, CHECK));
  } else if (new Encryption(key).open(check, CHECK) !== CHECK)
    throw keyError(`${keyFile} is not the key of this database`);
  return key;
}

/** Makes the first token, once. The file is there before the token is good, so that a crash between them locks nobody out. */
function makeAdminToken(store: Store, path: string): boolean {
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
