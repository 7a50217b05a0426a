import type { z } from "zod";
import type { CoreSignInProvider, CoreSignInProviderWrite } from "../../api/core/route.js";
import { type BaseRow, base, newId, type StoreContext, timestamp } from "./context.js";
import { Table } from "./table.js";

interface ProviderRow extends BaseRow {
  readonly name: string;
  readonly type: CoreSignInProvider["type"];
  readonly issuer: string | null;
  readonly forward_auth: string | null;
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
      `INSERT INTO sign_in_providers (id, name, type, issuer, forward_auth, created_at, updated_at, revision)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
  }

  findByName(name: string): CoreSignInProvider | undefined {
    return this.shown(this.#byName.get(name));
  }

  create(input: z.infer<typeof CoreSignInProviderWrite>): CoreSignInProvider {
    const { name, type, issuer = null, forwardAuth } = input;
    const [id, now] = [newId(), timestamp(this.context.clock)];
    const auth = forwardAuth == null ? null : JSON.stringify(forwardAuth);
    this.#insert.run(id, name, type, issuer, auth, now, now, this.nextRevision());
    return this.mustFind(id);
  }
}

function viewOf(row: ProviderRow): CoreSignInProvider {
  const { name, type, issuer, forward_auth: auth } = row;
  return { ...base(row), name, type, issuer, forwardAuth: auth === null ? null : JSON.parse(auth) };
}
