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
  content: ({ appId, ...policy }) => ({ appId, ...contentOf(policy) }),
  desired: ({ app, ...policy }, _name, state) => ({
    appId: app === undefined ? null : (state.appNamed(app)?.id ?? null),
    ...contentOf(policy),
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

/** Fields with their default are omitted: other Cores than the embedded one do not know them. */
function contentOf(
  policy: Omit<CoreBackupPolicySpec, "app" | "timeZone"> & { readonly timeZone?: string | null | undefined },
) {
  const { enabled, schedule, retentionDays, timeZone, stop, preHooks } = policy;
  return {
    enabled,
    schedule,
    retentionDays,
    ...(timeZone == null ? {} : { timeZone }),
    ...(stop === true ? { stop } : {}),
    ...(preHooks === undefined || preHooks.length === 0 ? {} : { preHooks }),
  };
}
