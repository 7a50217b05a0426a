import type { CoreBackupPolicy, CoreBackupPolicyWrite } from "../../api/core/backup-policy.js";
import { canonicalJson } from "../../base/hash.js";
import { type BaseRow, base, newId, type StoreContext, timestamp } from "./context.js";

interface PolicyRow extends BaseRow {
  readonly name: string;
  readonly app_id: string | null;
  readonly enabled: number;
  readonly schedule: string;
  readonly retention_days: number;
  readonly metadata: string;
}

/** Backup policies. */
export class BackupPolicies {
  readonly #context: StoreContext;
  readonly #all;
  readonly #since;
  readonly #byId;
  readonly #byName;
  readonly #ofApp;
  readonly #insert;
  readonly #update;
  readonly #delete;

  constructor(context: StoreContext) {
    const { database } = context;
    this.#context = context;
    this.#all = database.query<PolicyRow>("SELECT * FROM backup_policies ORDER BY name");
    this.#since = database.query<PolicyRow>("SELECT * FROM backup_policies WHERE revision > ? ORDER BY name");
    this.#byId = database.query<PolicyRow>("SELECT * FROM backup_policies WHERE id = ?");
    this.#byName = database.query<PolicyRow>("SELECT * FROM backup_policies WHERE name = ?");
    this.#ofApp = database.query<PolicyRow>("SELECT * FROM backup_policies WHERE app_id = ? ORDER BY name");
    this.#insert = database.query(
      `INSERT INTO backup_policies (id, name, app_id, enabled, schedule, retention_days, metadata, created_at, updated_at,
       revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = database.query(
      `UPDATE backup_policies SET name = ?, app_id = ?, enabled = ?, schedule = ?, retention_days = ?, metadata = ?,
       updated_at = ?, revision = ? WHERE id = ?`,
    );
    this.#delete = database.query("DELETE FROM backup_policies WHERE id = ?");
  }

  /** All of them by name, or those that changed after a revision. */
  list(since?: number): CoreBackupPolicy[] {
    return (since === undefined ? this.#all.all() : this.#since.all(since)).map(viewOf);
  }

  find(id: string): CoreBackupPolicy | undefined {
    const row = this.#byId.get(id);
    return row && viewOf(row);
  }

  findByName(name: string): CoreBackupPolicy | undefined {
    const row = this.#byName.get(name);
    return row && viewOf(row);
  }

  /** Policies that name an app. */
  ofApp(appId: string): CoreBackupPolicy[] {
    return this.#ofApp.all(appId).map(viewOf);
  }

  create(input: CoreBackupPolicyWrite): CoreBackupPolicy {
    const [id, now] = [newId(), timestamp(this.#context.clock)];
    this.#insert.run(id, ...columns(input), now, now, this.#context.revisions.next("backupPolicy"));
    return this.#mustFind(id);
  }

  /** Replaces a policy; nothing is written if nothing changes. */
  update(policy: CoreBackupPolicy, input: CoreBackupPolicyWrite): CoreBackupPolicy {
    const { id, revision: _, createdAt: __, updatedAt: ___, ...present } = policy;
    if (canonicalJson({ ...input, appId: input.appId ?? null }) !== canonicalJson(present)) {
      const now = timestamp(this.#context.clock);
      this.#update.run(...columns(input), now, this.#context.revisions.next("backupPolicy"), id);
    }
    return this.#mustFind(id);
  }

  delete(id: string): void {
    this.#delete.run(id);
    this.#context.revisions.bury("backupPolicy", id);
  }

  #mustFind(id: string): CoreBackupPolicy {
    const policy = this.find(id);
    if (policy === undefined) throw new Error(`the policy ${id} is gone within its own transaction`);
    return policy;
  }
}

function columns(input: CoreBackupPolicyWrite): (string | number | null)[] {
  const { name, appId = null, enabled, schedule, retentionDays, metadata } = input;
  return [name, appId, enabled ? 1 : 0, schedule, retentionDays, JSON.stringify(metadata)];
}

function viewOf(row: PolicyRow): CoreBackupPolicy {
  const { name, app_id: appId, schedule, retention_days: retentionDays } = row;
  const metadata = JSON.parse(row.metadata);
  return { ...base(row), name, appId, enabled: row.enabled === 1, schedule, retentionDays, metadata };
}
