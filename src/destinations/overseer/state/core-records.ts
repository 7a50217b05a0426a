import { z } from "zod";
import { CoreApp, CoreAppObserved } from "../../../api/core/app.js";
import { CoreAppBackup } from "../../../api/core/app-backup.js";
import { CoreBackupPolicy } from "../../../api/core/backup-policy.js";
import type { ChangeKind } from "../../../api/core/changes.js";
import { Metadata, NodeLabels } from "../../../api/core/fields.js";
import { CoreJob } from "../../../api/core/job.js";
import { CoreNode, CoreNodeConfig, CoreNodeUsage } from "../../../api/core/node.js";
import { CoreMiddleware, CoreRoute, CoreSignInProvider } from "../../../api/core/route.js";
import { CoreSecret } from "../../../api/core/secret.js";

/*
 * Resources as read from a Core. Other Cores than the embedded one have fewer fields, so only fields that are essential for
 * decisions are required.
 */

const common = {
  revision: z.int().optional(),
  createdAt: z.string().optional(),
  updatedAt: z.string().optional(),
  metadata: Metadata.nullish().transform((metadata) => metadata ?? {}),
};
const optionalText = z
  .string()
  .nullish()
  .transform((text) => text ?? null);

/** An app as read from a Core. */
export const AppRecord = CoreApp.extend({
  ...common,
  description: optionalText,
  domain: optionalText,
  nodeId: optionalText,
  nodeLabels: NodeLabels.nullish()
    .catch(null)
    .transform((labels) => labels ?? {}),
  assignedNodeId: optionalText,
  backup: CoreAppBackup.nullish()
    .catch(null)
    .transform((backup) => backup ?? null),
  observed: CoreAppObserved.nullish()
    .catch(null)
    .transform((observed) => observed ?? null),
});
export type AppRecord = z.infer<typeof AppRecord>;

/** A route as read from a Core. */
export const RouteRecord = CoreRoute.extend({
  ...common,
  appId: optionalText,
  tls: z.boolean().default(false),
  middleware: CoreMiddleware.nullish().transform((middleware) => middleware ?? {}),
  problem: optionalText,
});
export type RouteRecord = z.infer<typeof RouteRecord>;

/** A backup policy as read from a Core. */
export const BackupPolicyRecord = CoreBackupPolicy.extend({
  ...common,
  appId: optionalText,
  timeZone: optionalText,
  stop: z.boolean().default(false).catch(false),
  preHooks: CoreBackupPolicy.shape.preHooks.default([]).catch([]),
});
export type BackupPolicyRecord = z.infer<typeof BackupPolicyRecord>;

/** A node as read from a Core. */
export const NodeRecord = CoreNode.extend({
  ...common,
  ipAddress: optionalText,
  lastHeartbeat: optionalText,
  problem: optionalText,
  drained: z.boolean().optional().catch(undefined),
  usage: CoreNodeUsage.nullish().catch(undefined),
  version: z.string().default(""),
  runner: z.string().optional(),
  config: CoreNodeConfig.nullish().catch(null),
});
export type NodeRecord = z.infer<typeof NodeRecord>;

/** A job as read from a Core. */
export const JobRecord = CoreJob.extend({
  ...common,
  type: z.string(),
  nodeId: optionalText,
  appId: optionalText,
  payload: z
    .object({ version: z.int().nullish(), movedFrom: z.string().optional().catch(undefined) })
    .nullish()
    .catch(null),
  result: z.record(z.string(), z.json()).nullish().catch(null),
  error: optionalText,
  logs: z.array(z.string()).default([]).catch([]),
});
export type JobRecord = z.infer<typeof JobRecord>;

/** A secret as read from a Core: its name and scope, its owner, and the time when its value was last changed. */
export const SecretRecord = CoreSecret.pick({ id: true, name: true, scope: true }).extend({
  ...common,
  valueTag: optionalText,
  scopeId: optionalText,
  valueChangedAt: z.string().optional().catch(undefined),
});
export type SecretRecord = z.infer<typeof SecretRecord>;

/** A sign-in provider as read from a Core. */
export const SignInProviderRecord = CoreSignInProvider.pick({ id: true, name: true });
export type SignInProviderRecord = z.infer<typeof SignInProviderRecord>;

/** The record type of each kind. */
export interface CoreRecords {
  app: AppRecord;
  route: RouteRecord;
  backupPolicy: BackupPolicyRecord;
  node: NodeRecord;
  job: JobRecord;
  secret: SecretRecord;
  signInProvider: SignInProviderRecord;
}

/** The schema of each kind. */
export const CORE_RECORDS: { readonly [K in ChangeKind]: z.ZodType<CoreRecords[K]> } = {
  app: AppRecord,
  route: RouteRecord,
  backupPolicy: BackupPolicyRecord,
  node: NodeRecord,
  job: JobRecord,
  secret: SecretRecord,
  signInProvider: SignInProviderRecord,
};
