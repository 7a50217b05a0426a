import { CoreBackupPolicySpec } from "../../../api/core/objects.js";
import type { BackupPolicyRecord } from "../state/core-records.js";
import { coreKind, isAppNamed, missingApp } from "./core-kind.js";

/** Rules for backup policies: when an app is backed up, and how long backups are kept. */
export const BACKUP_POLICY_KIND = coreKind<BackupPolicyRecord, CoreBackupPolicySpec>({
  kind: "BackupPolicy",
  change: "backupPolicy",
  path: "/api/backups/policies",
  envelope: "policy",
  spec: CoreBackupPolicySpec,
  alwaysThere: false,
  find: (state, name) => state.policyNamed(name),
  nameOf: (record) => record.name,
  content: ({ appId, enabled, schedule, retentionDays }) => ({ appId, enabled, schedule, retentionDays }),
  desired: ({ app, enabled, schedule, retentionDays }, _name, state) => ({
    appId: app === undefined ? null : (state.appNamed(app)?.id ?? null),
    enabled,
    schedule,
    retentionDays,
  }),
  show(content, state) {
    const { appId, ...rest } = content as { appId: string | null };
    return { ...rest, app: appId === null ? null : (state.byId("app", appId)?.name ?? appId) };
  },
  references: ({ app }) => (app === undefined ? {} : { app }),
  refersTo: (record, { app }, state) => isAppNamed(record.appId, app, state),
  missing: ({ app }, _name, state, coming) =>
    app === undefined || state.appNamed(app) || coming.has(app) ? [] : [missingApp(app)],
  refusal: () => undefined,
  body: (content, name, metadata) => ({ name, ...(content as object), metadata }),
  health: () => ({ status: "Healthy" }),
  pending: () => undefined,
});
