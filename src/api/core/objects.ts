import { z } from "zod";
import { CronSchedule } from "./backup-policy.js";
import { CoreName, HostName, UrlPath } from "./fields.js";
import { CoreNodeConfig } from "./node.js";

/**
 * What the documents of a source become for an Overseer Core: one object for each resource that the Core's API can make.
 * They have the shape of Kubernetes objects (`apiVersion`, `kind`, `metadata.name`, `spec`), so that the engine plans, applies
 * and prunes them like any other.
 */
export const CORE_OBJECT_GROUP = "core.overseer.io";
/** Version of the objects above. */
export const CORE_OBJECT_VERSION = "v1";

/** An app. `metadata.name` is its name. */
export const CoreAppSpec = z.strictObject({
  namespace: z.string().optional().describe("Namespace of the document; a Core keeps it as metadata."),
  description: z.string().optional(),
  domain: HostName.optional(),
  node: CoreName.optional().describe("Name of the node."),
  compose: z.record(z.string(), z.json()).describe("The Compose document."),
  secrets: z.array(z.string()).describe("Names that `${SECRET:name}` refers to, sorted."),
});
export type CoreAppSpec = z.infer<typeof CoreAppSpec>;

/** A route. `metadata.name` is host name and path together: `cloud.example.com/`. */
export const CoreRouteSpec = z.strictObject({
  host: HostName,
  path: UrlPath,
  app: CoreName.describe("Name of the app."),
  target: z.string().describe("service:port"),
  tls: z.boolean(),
  auth: CoreName.optional().describe("Name of the sign-in provider."),
});
export type CoreRouteSpec = z.infer<typeof CoreRouteSpec>;

/** A backup policy. */
export const CoreBackupPolicySpec = z.strictObject({
  app: CoreName.optional().describe("Name of the app; none: every app."),
  enabled: z.boolean(),
  schedule: CronSchedule,
  retentionDays: z.int(),
});
export type CoreBackupPolicySpec = z.infer<typeof CoreBackupPolicySpec>;

/** The configuration of a node. `metadata.name` is the node's. */
export const CoreNodeConfigSpec = z.strictObject({ config: CoreNodeConfig });
export type CoreNodeConfigSpec = z.infer<typeof CoreNodeConfigSpec>;

/** The spec of each kind. */
export const CORE_OBJECT_SPECS = {
  App: CoreAppSpec,
  Route: CoreRouteSpec,
  BackupPolicy: CoreBackupPolicySpec,
  NodeConfig: CoreNodeConfigSpec,
} as const;
export type CoreObjectKind = keyof typeof CORE_OBJECT_SPECS;

/** Whether a kind is one of a Core's. */
export function isCoreObjectKind(kind: string): kind is CoreObjectKind {
  return Object.hasOwn(CORE_OBJECT_SPECS, kind);
}
