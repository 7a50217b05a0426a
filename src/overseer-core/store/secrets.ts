import type { CoreSecret, CoreSecretCreate, CoreSecretUpdate } from "../../api/core/secret.js";
import type { Encryption } from "../encryption.js";
import { type BaseRow, base, newId, type StoreContext, timestamp } from "./context.js";

interface SecretRow extends BaseRow {
  readonly name: string;
  readonly scope: CoreSecret["scope"];
  readonly scope_id: string;
  readonly description: string | null;
  readonly sealed: Uint8Array;
}

/** Secrets. What leaves here has no value, but by `value`. */
export class Secrets {
  readonly #context: StoreContext;
  readonly #encryption: Encryption;
  readonly #all;
  readonly #since;
  readonly #byId;
  readonly #byPlace;
  readonly #ofScope;
  readonly #insert;
  readonly #update;
  readonly #delete;

  constructor(context: StoreContext, encryption: Encryption) {
    const { database } = context;
    this.#context = context;
    this.#encryption = encryption;
    this.#all = database.query<SecretRow>("SELECT * FROM secrets ORDER BY name, scope, scope_id");
    this.#since = database.query<SecretRow>("SELECT * FROM secrets WHERE revision > ? ORDER BY name, scope, scope_id");
    this.#byId = database.query<SecretRow>("SELECT * FROM secrets WHERE id = ?");
    this.#byPlace = database.query<SecretRow>("SELECT * FROM secrets WHERE name = ? AND scope = ? AND scope_id = ?");
    this.#ofScope = database.query<SecretRow>("SELECT * FROM secrets WHERE scope = ? AND scope_id = ? ORDER BY name");
    this.#insert = database.query(
      `INSERT INTO secrets (id, name, scope, scope_id, description, sealed, created_at, updated_at, revision)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = database.query(
      "UPDATE secrets SET description = ?, sealed = ?, updated_at = ?, revision = ? WHERE id = ?",
    );
    this.#delete = database.query("DELETE FROM secrets WHERE id = ?");
  }

  /** All of them by name, or those that changed after a revision. */
  list(since?: number): CoreSecret[] {
    return (since === undefined ? this.#all.all() : this.#since.all(since)).map(viewOf);
  }

  find(id: string): CoreSecret | undefined {
    const row = this.#byId.get(id);
    return row && viewOf(row);
  }

  /** The secret of a name in a scope. */
  at(name: string, scope: CoreSecret["scope"], scopeId: string | null): CoreSecret | undefined {
    const row = this.#byPlace.get(name, scope, scopeId ?? "");
    return row && viewOf(row);
  }

  /** Secrets that are for one app or node alone. */
  ofScope(scope: "app" | "node", scopeId: string): CoreSecret[] {
    return this.#ofScope.all(scope, scopeId).map(viewOf);
  }

  create({ name, scope, scopeId = null, description = null, value }: CoreSecretCreate): CoreSecret {
    const [id, now] = [newId(), timestamp(this.#context.clock)];
    const sealed = this.#encryption.seal(value, place(id, name, scope, scopeId ?? ""));
    const revision = this.#context.revisions.next("secret");
    this.#insert.run(id, name, scope, scopeId ?? "", description, sealed, now, now, revision);
    return this.#mustFind(id);
  }

  /** Changes description and value; without a value it stays. Nothing is written if nothing changes. */
  update(id: string, { description = null, value }: CoreSecretUpdate): CoreSecret {
    const row = this.#mustRead(id);
    const present = this.#open(row);
    if (description !== row.description || (value !== undefined && value !== present)) {
      const sealed = this.#encryption.seal(value ?? present, place(id, row.name, row.scope, row.scope_id));
      const revision = this.#context.revisions.next("secret");
      this.#update.run(description, sealed, timestamp(this.#context.clock), revision, id);
    }
    return this.#mustFind(id);
  }

  delete(id: string): void {
    this.#delete.run(id);
    this.#context.revisions.bury("secret", id);
  }

  /** The value itself. Who may have it is judged elsewhere. */
  value(id: string): string {
    return this.#open(this.#mustRead(id));
  }

  #open(row: SecretRow): string {
    return this.#encryption.open(row.sealed, place(row.id, row.name, row.scope, row.scope_id));
  }

  #mustRead(id: string): SecretRow {
    const row = this.#byId.get(id);
    if (row === undefined) throw new Error(`the secret ${id} is gone within its own transaction`);
    return row;
  }

  #mustFind(id: string): CoreSecret {
    return viewOf(this.#mustRead(id));
  }
}

/** What a sealed value is bound to. No part can hold a line end. */
function place(id: string, name: string, scope: string, scopeId: string): string {
  return [id, name, scope, scopeId].join("\n");
}

function viewOf(row: SecretRow): CoreSecret {
  const { name, scope, description } = row;
  return { ...base(row), name, scope, scopeId: row.scope_id === "" ? null : row.scope_id, description };
}
