import type { CoreSecret, CoreSecretCreate, CoreSecretUpdate } from "../../api/core/secret.js";
import type { Encryption } from "../encryption.js";
import { type BaseRow, base, newId, type StoreContext, timestamp } from "./context.js";
import { Table } from "./table.js";

interface SecretRow extends BaseRow {
  readonly name: string;
  readonly scope: CoreSecret["scope"];
  readonly scope_id: string;
  readonly description: string | null;
  readonly sealed: Uint8Array;
  readonly value_changed_at: string;
  readonly metadata: string;
  readonly value_tag: string | null;
}

/** Table of secrets. Only `value` returns a secret value. */
export class Secrets extends Table<SecretRow, CoreSecret> {
  readonly #encryption: Encryption;
  readonly #byPlace;
  readonly #ofScope;
  readonly #insert;
  readonly #update;

  constructor(context: StoreContext, encryption: Encryption) {
    super(context, { name: "secrets", kind: "secret", order: "name, scope, scope_id", view: viewOf });
    const { database } = context;
    this.#encryption = encryption;
    this.#byPlace = this.rowsWhere("name = ? AND scope = ? AND scope_id = ?");
    this.#ofScope = this.rowsWhere("scope = ? AND scope_id = ?");
    this.#insert = database.query(
      `INSERT INTO secrets (id, name, scope, scope_id, description, sealed, created_at, updated_at, value_changed_at, metadata, value_tag, revision)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = database.query(
      `UPDATE secrets SET description = ?, sealed = ?, updated_at = ?, value_changed_at = ?, metadata = ?, value_tag = ?, revision = ?
       WHERE id = ?`,
    );
  }

  /** Returns the secret with a name in a scope. */
  at(name: string, scope: CoreSecret["scope"], scopeId: string | null): CoreSecret | undefined {
    return this.shown(this.#byPlace.get(name, scope, scopeId ?? ""));
  }

  /** Returns the secrets of one app or node. */
  ofScope(scope: "app" | "node", scopeId: string): CoreSecret[] {
    return this.#ofScope.all(scope, scopeId).map(viewOf);
  }

  create(input: CoreSecretCreate): CoreSecret {
    const { name, scope, scopeId = null, description = null, value, metadata = {}, valueTag = null } = input;
    const [id, now] = [newId(), timestamp(this.context.clock)];
    const encrypted = this.#encryption.encrypt(value, encryptionContext(id, name, scope, scopeId ?? ""));
    const texts = [JSON.stringify(metadata), valueTag];
    const revision = this.nextRevision();
    this.#insert.run(id, name, scope, scopeId ?? "", description, encrypted, now, now, now, ...texts, revision);
    return this.mustFind(id);
  }

  /** Updates the description, and value, tag and metadata if set. Does nothing if nothing changes. */
  update(id: string, { description = null, value, metadata, valueTag }: CoreSecretUpdate): CoreSecret {
    const row = this.mustRead(id);
    const current = this.#decrypt(row);
    const isChanged = value !== undefined && value !== current;
    const tag = valueTag === undefined ? (isChanged ? null : row.value_tag) : valueTag;
    const text = metadata === undefined ? row.metadata : JSON.stringify(metadata);
    if (isChanged || description !== row.description || tag !== row.value_tag || text !== row.metadata) {
      const encrypted = this.#encryption.encrypt(
        value ?? current,
        encryptionContext(id, row.name, row.scope, row.scope_id),
      );
      const now = timestamp(this.context.clock);
      const changedAt = isChanged ? now : row.value_changed_at;
      this.#update.run(description, encrypted, now, changedAt, text, tag, this.nextRevision(), id);
    }
    return this.mustFind(id);
  }

  /** Returns the decrypted value. Callers must authorize the request. */
  value(id: string): string {
    return this.#decrypt(this.mustRead(id));
  }

  #decrypt(row: SecretRow): string {
    return this.#encryption.decrypt(row.sealed, encryptionContext(row.id, row.name, row.scope, row.scope_id));
  }
}

/** Returns the authenticated context of an encrypted value. No part can contain a newline. */
function encryptionContext(id: string, name: string, scope: string, scopeId: string): string {
  return [id, name, scope, scopeId].join("\n");
}

function viewOf(row: SecretRow): CoreSecret {
  const { name, scope, description, value_changed_at: valueChangedAt, value_tag: valueTag } = row;
  const scopeId = row.scope_id === "" ? null : row.scope_id;
  const metadata = JSON.parse(row.metadata) as CoreSecret["metadata"];
  return { ...base(row), name, scope, scopeId, description, metadata, valueTag, valueChangedAt };
}
