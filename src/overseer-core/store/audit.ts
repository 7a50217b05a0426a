import type { z } from "zod";
import type { CoreAuditEvent } from "../../api/core/audit.js";
import { newId, type StoreContext, timestamp } from "./context.js";

/** Maximum number of stored events; older ones are deleted. */
export const MAX_AUDIT_EVENTS = 100_000;

type AuditView = z.infer<typeof CoreAuditEvent>;

interface AuditRow {
  readonly id: string;
  readonly actor: string;
  readonly action: string;
  readonly resource: string;
  readonly resource_id: string | null;
  readonly details: string;
  readonly created_at: string;
}

/** An action to record. Details never contain a secret value. */
export interface AuditEntry {
  readonly actor: string;
  /** Kind of the resource and verb, like `app.update`. */
  readonly action: string;
  readonly resourceId: string | null;
  readonly details?: AuditView["details"];
}

/** Audit log. */
export class Audit {
  readonly #context: StoreContext;
  readonly #insert;
  readonly #deleteOld;
  readonly #newest;

  constructor(context: StoreContext) {
    const { database } = context;
    this.#context = context;
    this.#insert = database.query(
      `INSERT INTO audit (id, actor, action, resource, resource_id, details, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#deleteOld = database.query(
      `DELETE FROM audit WHERE seq <= (SELECT max(seq) FROM audit) - ${MAX_AUDIT_EVENTS}`,
    );
    this.#newest = database.query<AuditRow>("SELECT * FROM audit ORDER BY seq DESC LIMIT ?");
  }

  /** Records an action in the current transaction. */
  record({ actor, action, resourceId, details = {} }: AuditEntry): void {
    const resource = action.slice(0, action.indexOf("."));
    const now = timestamp(this.#context.clock);
    this.#insert.run(newId(), actor, action, resource, resourceId, JSON.stringify(details), now);
    this.#deleteOld.run();
  }

  /** Returns the newest events, newest first. */
  list(limit: number): AuditView[] {
    return this.#newest.all(limit).map((row) => {
      const { id, actor, action, resource, resource_id: resourceId, created_at: createdAt } = row;
      return { id, actor, action, resource, resourceId, details: JSON.parse(row.details), createdAt };
    });
  }
}
