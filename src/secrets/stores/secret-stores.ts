import type { Clock } from "../../base/clock.js";
import { CoreStoreReader } from "./core-store.js";
import type { SecretData, SecretReader } from "./secret-store.js";
import { StoreClient, type StoreNetwork } from "./store-client.js";
import { type VaultCredential, VaultSession } from "./vault-session.js";
import { VaultStoreReader } from "./vault-store.js";

/** Address and credential of a store that is not the cluster. */
export type StoreAccess = {
  /** Keyed digest of everything here: apps with the same one share a session. Reveals no secret. */
  readonly id: string;
  readonly url: string;
  readonly ca: string | undefined;
} & (
  | {
      readonly kind: "vault";
      readonly mount: string;
      readonly namespace: string | undefined;
      readonly credential: VaultCredential;
    }
  | { readonly kind: "core"; readonly token: string; readonly from: string }
);

/** How old a value may be. */
export interface Freshness {
  /** Monotonic time: what was read before is read again. */
  readonly since: number;
  /** Milliseconds; undefined for no limit. */
  readonly maxAgeMs: number | undefined;
}

/** An entry, and the monotonic time when it was read. */
export interface ReadEntry {
  readonly data: SecretData | undefined;
  readonly at: number;
}

interface OpenStore {
  readonly reader: SecretReader;
  readonly entries: Map<string, ReadEntry>;
  readonly pending: Map<string, Promise<ReadEntry>>;
  readonly close: () => Promise<void>;
}

/** The stores that apps use: sessions and what was read with them. Nothing is read unless an app asks. */
export class SecretStores {
  readonly #network: StoreNetwork;
  readonly #clock: Clock;
  readonly #open = new Map<string, OpenStore>();
  readonly #used = new Map<string, ReadonlySet<string>>();

  constructor(network: StoreNetwork, clock: Clock) {
    this.#network = network;
    this.#clock = clock;
  }

  /** Sets the stores that an app uses, by id. Those that no app uses are closed. */
  use(app: string, ids: ReadonlySet<string>): void {
    const before = this.#used.get(app);
    if (ids.size === 0) this.#used.delete(app);
    else this.#used.set(app, ids);
    if (before === undefined || [...before].every((id) => ids.has(id))) return;
    const all = new Set([...this.#used.values()].flatMap((used) => [...used]));
    for (const [id, store] of this.#open) {
      if (all.has(id)) continue;
      this.#open.delete(id);
      void store.close();
    }
  }

  /** Releases the stores of an app. */
  forget(app: string): void {
    this.use(app, new Set());
  }

  /** Reads an entry, unless it was read recently enough. Throws what a `SecretReader` throws. */
  async read(
    access: StoreAccess,
    name: string,
    version: number | undefined,
    { since, maxAgeMs }: Freshness,
  ): Promise<ReadEntry> {
    const store = this.#open.get(access.id) ?? this.#start(access);
    const key = `${name} ${version ?? ""}`;
    const known = store.entries.get(key);
    const now = this.#clock.monotonic();
    if (known !== undefined && known.at >= since && now - known.at < (maxAgeMs ?? Number.POSITIVE_INFINITY))
      return known;
    const pending = store.pending.get(key) ?? this.#read(store, key, name, version);
    return pending;
  }

  /** Closes all sessions. */
  async close(): Promise<void> {
    const stores = [...this.#open.values()];
    this.#open.clear();
    this.#used.clear();
    await Promise.all(stores.map((store) => store.close()));
  }

  #read(store: OpenStore, key: string, name: string, version: number | undefined): Promise<ReadEntry> {
    const work = async (): Promise<ReadEntry> => {
      const at = this.#clock.monotonic();
      try {
        const entry = { data: await store.reader.read(name, version), at };
        store.entries.set(key, entry);
        return entry;
      } catch (error) {
        store.entries.delete(key);
        throw error;
      } finally {
        store.pending.delete(key);
      }
    };
    const pending = work();
    store.pending.set(key, pending);
    return pending;
  }

  #start(access: StoreAccess): OpenStore {
    const client = new StoreClient(
      access.kind === "vault" ? "Vault" : "the Core",
      access.url,
      access.ca,
      this.#network,
    );
    const store = this.#openStore(access, client);
    this.#open.set(access.id, store);
    return store;
  }

  #openStore(access: StoreAccess, client: StoreClient): OpenStore {
    const state = { entries: new Map<string, ReadEntry>(), pending: new Map<string, Promise<ReadEntry>>() };
    if (access.kind === "core")
      return { ...state, reader: new CoreStoreReader(client, access.token, access.from), close: () => client.close() };
    const session = new VaultSession(client, access.credential, access.namespace, this.#clock);
    return {
      ...state,
      reader: new VaultStoreReader(client, session, access.mount),
      close: async () => {
        await session.close();
        await client.close();
      },
    };
  }
}
