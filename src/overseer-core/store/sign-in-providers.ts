import type { z } from "zod";
import type { CoreSignInProvider, CoreSignInProviderWrite } from "../../api/core/route.js";
import { type BaseRow, base, newId, type StoreContext, timestamp } from "./context.js";
import { Table } from "./table.js";

interface ProviderRow extends BaseRow {
  readonly name: string;
  readonly type: CoreSignInProvider["type"];
  readonly issuer: string | null;
}

/** Table of sign-in providers. They are immutable. */
export class SignInProviders extends Table<ProviderRow, CoreSignInProvider> {
  readonly #byName;
  readonly #insert;

  constructor(context: StoreContext) {
    super(context, { name: "sign_in_providers", kind: "signInProvider", order: "name", view: viewOf });
    const { database } = context;
    this.#byName = this.rowsWhere("name = ?");
    this.#insert = database.query(
      "INSERT INTO sign_in_providers (id, name, type, issuer, created_at, updated_at, revision) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
  }

  findByName(name: string): CoreSignInProvider | undefined {
    return this.shown(this.#byName.get(name));
  }

  create({ name, type, issuer = null }: z.infer<typeof CoreSignInProviderWrite>): CoreSignInProvider {
    const [id, now] = [newId(), timestamp(this.context.clock)];
    const revision = this.nextRevision();
    this.#insert.run(id, name, type, issuer, now, now, revision);
    return { id, revision, createdAt: now, updatedAt: now, name, type, issuer };
  }
}

function viewOf(row: ProviderRow): CoreSignInProvider {
  return { ...base(row), name: row.name, type: row.type, issuer: row.issuer };
}
