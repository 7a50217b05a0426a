import type { CoreBackupPolicy, CoreBackupPolicyWrite } from "../../api/core/backup-policy.js";
import { canonicalJson } from "../../base/hash.js";
import { type BaseRow, base, newId, type StoreContext, timestamp } from "./context.js";
import { Table } from "./table.js";

interface PolicyRow extends BaseRow {
  readonly name: string;
  readonly app_id: string | null;
  readonly enabled: number;
  readonly schedule: string;
  readonly retention_days: number;
  readonly time_zone: string | null;
  readonly stop: number;
  readonly pre_hooks: string;
  readonly metadata: string;
}

/** Table of backup policies. */
export class BackupPolicies extends Table<PolicyRow, CoreBackupPolicy> {
  readonly #byName;
  readonly #ofApp;
  readonly #insert;
  readonly #update;

  constructor(context: StoreContext) {
    super(context, { name: "backup_policies", kind: "backupPolicy", order: "name", view: viewOf });
    const { database } = context;
    this.#byName = this.rowsWhere("name = ?");
    this.#ofApp = this.rowsWhere("app_id = ?");
    this.#insert = database.query(
      `INSERT INTO backup_policies (id, name, app_id, enabled, schedule, retention_days, time_zone, stop, pre_hooks, metadata,
       created_at, updated_at, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = database.query(
      `UPDATE backup_policies SET name = ?, app_id = ?, enabled = ?, schedule = ?, retention_days = ?, time_zone = ?,
       stop = ?, pre_hooks = ?, metadata = ?, updated_at = ?, revision = ? WHERE id = ?`,
    );
  }

  findByName(name: string): CoreBackupPolicy | undefined {
    return this.shown(this.#byName.get(name));
  }

  /** Returns the policies of an app. */
  ofApp(appId: string): CoreBackupPolicy[] {
    return this.#ofApp.all(appId).map(viewOf);
  }

  create(input: CoreBackupPolicyWrite): CoreBackupPolicy {
    const [id, now] = [newId(), timestamp(this.context.clock)];
    this.#insert.run(id, ...columns(input), now, now, this.nextRevision());
    return this.mustFind(id);
  }

  /** Replaces a policy. Does nothing if nothing changes. */
  update(policy: CoreBackupPolicy, input: CoreBackupPolicyWrite): CoreBackupPolicy {
    const { id, revision: _, createdAt: __, updatedAt: ___, ...current } = policy;
    if (
      canonicalJson({ ...input, appId: input.appId ?? null, timeZone: input.timeZone ?? null }) !==
      canonicalJson(current)
    ) {
      const now = timestamp(this.context.clock);
      this.#update.run(...columns(input), now, this.nextRevision(), id);
    }
    return this.mustFind(id);
  }
}

function columns(input: CoreBackupPolicyWrite): (string | number | null)[] {
  const { name, appId = null, enabled, schedule, retentionDays, timeZone = null, stop, preHooks, metadata } = input;
  const when = [enabled ? 1 : 0, schedule, retentionDays, timeZone];
  return [name, appId, ...when, stop ? 1 : 0, JSON.stringify(preHooks), JSON.stringify(metadata)];
}

function viewOf(row: PolicyRow): CoreBackupPolicy {
  const { name, app_id: appId, schedule, retention_days: retentionDays } = row;
  const how = { timeZone: row.time_zone, stop: row.stop === 1, preHooks: JSON.parse(row.pre_hooks) };
  const metadata = JSON.parse(row.metadata);
  return { ...base(row), name, appId, enabled: row.enabled === 1, schedule, retentionDays, ...how, metadata };
}
