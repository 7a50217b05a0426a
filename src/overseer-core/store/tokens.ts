import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { z } from "zod";
import type { CoreToken, CoreTokenCreate } from "../../api/core/token.js";
import { type BaseRow, base, type StoreContext, timestamp } from "./context.js";
import { Table } from "./table.js";

interface TokenRow extends BaseRow {
  readonly name: string;
  readonly role: CoreToken["role"];
  readonly node: string | null;
  readonly hash: Uint8Array;
}

/** A new token with its value, which is not stored. */
export interface NewToken {
  readonly token: CoreToken;
  readonly value: string;
}

const NO_HASH = new Uint8Array(32);

/** Table of tokens. Only the SHA-256 hash of a value is stored. */
export class Tokens extends Table<TokenRow, CoreToken> {
  readonly #byName;
  readonly #insert;

  constructor(context: StoreContext) {
    super(context, { name: "tokens", kind: "token", order: "name", view: viewOf });
    const { database } = context;
    this.#byName = this.rowsWhere("name = ?");
    this.#insert = database.query(
      "INSERT INTO tokens (id, name, role, node, hash, created_at, updated_at, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    );
  }

  findByName(name: string): CoreToken | undefined {
    return this.shown(this.#byName.get(name));
  }

  /** Returns a new token value, `ovc_<id>_<secret>`. The id is not secret and identifies the token. */
  static newValue(): string {
    return `ovc_${randomBytes(8).toString("hex")}_${randomBytes(32).toString("hex")}`;
  }

  create({ name, role, node = null }: z.infer<typeof CoreTokenCreate>, value = Tokens.newValue()): NewToken {
    const id = idOf(value);
    const now = timestamp(this.context.clock);
    const revision = this.nextRevision();
    this.#insert.run(id, name, role, node, hashOf(value), now, now, revision);
    return { token: { id, revision, createdAt: now, updatedAt: now, name, role, node }, value };
  }

  /** Returns the token with this value. The comparison takes constant time. */
  verify(value: string): CoreToken | undefined {
    const row = this.row(idOf(value));
    const matches = timingSafeEqual(hashOf(value), row?.hash ?? NO_HASH);
    return row !== undefined && matches ? viewOf(row) : undefined;
  }
}

function idOf(value: string): string {
  return value.split("_")[1] ?? "";
}

function hashOf(value: string): Uint8Array {
  return createHash("sha256").update(value).digest();
}

function viewOf(row: TokenRow): CoreToken {
  return { ...base(row), name: row.name, role: row.role, node: row.node };
}
