import { z } from "zod";
import { SecretText } from "../../base/secret-text.js";
import { BackupPreHook, CronSchedule, TimeZone } from "./backup-policy.js";
import { CoreName, HostName, NodeLabels } from "./fields.js";
import { CoreNodeConfig } from "./node.js";
import { UrlPath } from "./url-path.js";

/**
 * Desired objects of an Overseer Core: one for each resource that the API of the Core can create. They have the shape of
 * Kubernetes objects (`apiVersion`, `kind`, `metadata.name`, `spec`), so that they are planned, applied and pruned alike.
 */
export const CORE_OBJECT_GROUP = "core.overseer.io";
/** Version of the objects above. */
export const CORE_OBJECT_VERSION = "v1";

/** An app. `metadata.name` is its name. */
export const CoreAppSpec = z.strictObject({
  namespace: z.string().optional().describe("Namespace of the document. A Core stores it as metadata only."),
  description: z.string().optional(),
  domain: HostName.optional(),
  node: CoreName.optional().describe("Name of the node."),
  nodeLabels: NodeLabels.optional().describe("Labels that the node must have."),
  compose: z.record(z.string(), z.json()).describe("Compose document."),
  secrets: z.array(z.string()).describe("Names of the secrets that `${SECRET:name}` refers to, sorted."),
  restart: z.literal(true).optional().describe("Deploy again when the value of one of the secrets changes."),
});
export type CoreAppSpec = z.infer<typeof CoreAppSpec>;

/** A route. `metadata.name` is its host name and path in lowercase, for example `cloud.example.com/`. */
export const CoreRouteSpec = z.strictObject({
  host: HostName,
  path: UrlPath,
  app: CoreName.describe("Name of the app."),
  target: z.string().describe("Target, as service:port."),
  tls: z.boolean(),
  auth: CoreName.optional().describe("Name of the sign-in provider."),
});
export type CoreRouteSpec = z.infer<typeof CoreRouteSpec>;

/** A backup policy. */
export const CoreBackupPolicySpec = z.strictObject({
  app: CoreName.optional().describe("Name of the app. Defaults to all apps."),
  enabled: z.boolean(),
  schedule: CronSchedule,
  retentionDays: z.int(),
  timeZone: TimeZone.optional().describe("Time zone of the schedule. Defaults to UTC."),
  stop: z.boolean().optional().describe("Stop the containers of the app while its data is copied."),
  preHooks: z.array(BackupPreHook).optional().describe("Commands that run before the data is copied."),
});
export type CoreBackupPolicySpec = z.infer<typeof CoreBackupPolicySpec>;

/** Configuration of a node. `metadata.name` is the name of the node. */
export const CoreNodeConfigSpec = z.strictObject({ config: CoreNodeConfig });
export type CoreNodeConfigSpec = z.infer<typeof CoreNodeConfigSpec>;

/** A global secret. `metadata.name` is its name. */
export const CoreSecretSpec = z.strictObject({
  value: z.instanceof(SecretText),
  tag: z.string().describe("Keyed digest of the value, by which a change is recognized."),
});
export type CoreSecretSpec = z.infer<typeof CoreSecretSpec>;

/** Schema of the spec of each kind. */
export const CORE_OBJECT_SPECS = {
  App: CoreAppSpec,
  Route: CoreRouteSpec,
  BackupPolicy: CoreBackupPolicySpec,
  NodeConfig: CoreNodeConfigSpec,
  Secret: CoreSecretSpec,
} as const;
export type CoreObjectKind = keyof typeof CORE_OBJECT_SPECS;

/** Whether a kind is a kind of a Core's objects. */
export function isCoreObjectKind(kind: string): kind is CoreObjectKind {
  return Object.hasOwn(CORE_OBJECT_SPECS, kind);
}
