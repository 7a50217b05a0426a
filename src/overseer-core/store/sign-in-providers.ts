import type { z } from "zod";
import type { CoreSignInProvider, CoreSignInProviderWrite } from "../../api/core/route.js";
import { type BaseRow, base, newId, type StoreContext, timestamp } from "./context.js";

interface ProviderRow extends BaseRow {
  readonly name: string;
  readonly type: CoreSignInProvider["type"];
  readonly issuer: string | null;
}

/** Sign-in providers. They are made and deleted, never changed. */
export class SignInProviders {
  readonly #context: StoreContext;
  readonly #all;
  readonly #since;
  readonly #byId;
  readonly #byName;
  readonly #insert;
  readonly #delete;

  constructor(context: StoreContext) {
    const { database } = context;
    this.#context = context;
    this.#all = database.query<ProviderRow>("SELECT * FROM sign_in_providers ORDER BY name");
    this.#since = database.query<ProviderRow>("SELECT * FROM sign_in_providers WHERE revision > ? ORDER BY name");
    this.#byId = database.query<ProviderRow>("SELECT * FROM sign_in_providers WHERE id = ?");
    this.#byName = database.query<ProviderRow>("SELECT * FROM sign_in_providers WHERE name = ?");
    this.#insert = database.query(
      "INSERT INTO sign_in_providers (id, name, type, issuer, created_at, updated_at, revision) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    this.#delete = database.query("DELETE FROM sign_in_providers WHERE id = ?");
  }

  /** All of them by name, or those that were made after a revision. */
  list(since?: number): CoreSignInProvider[] {
    return (since === undefined ? this.#all.all() : this.#since.all(since)).map(viewOf);
  }

  find(id: string): CoreSignInProvider | undefined {
    const row = this.#byId.get(id);
    return row && viewOf(row);
  }

  findByName(name: string): CoreSignInProvider | undefined {
    const row = this.#byName.get(name);
    return row && viewOf(row);
  }

  create({ name, type, issuer = null }: z.infer<typeof CoreSignInProviderWrite>): CoreSignInProvider {
    const [id, now] = [newId(), timestamp(this.#context.clock)];
    const revision = this.#context.revisions.next("signInProvider");
    this.#insert.run(id, name, type, issuer, now, now, revision);
    return { id, revision, createdAt: now, updatedAt: now, name, type, issuer };
  }

  delete(id: string): void {
    this.#delete.run(id);
    this.#context.revisions.bury("signInProvider", id);
  }
}

function viewOf(row: ProviderRow): CoreSignInProvider {
  return { ...base(row), name: row.name, type: row.type, issuer: row.issuer };
}
