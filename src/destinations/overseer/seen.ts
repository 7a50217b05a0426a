import { z } from "zod";
import { CoreApp } from "../../api/core/app.js";
import { CoreBackupPolicy } from "../../api/core/backup-policy.js";
import type { ChangeKind } from "../../api/core/changes.js";
import { Metadata } from "../../api/core/fields.js";
import { CoreJob } from "../../api/core/job.js";
import { CoreNode, CoreNodeConfig } from "../../api/core/node.js";
import { CoreMiddleware, CoreRoute, CoreSignInProvider } from "../../api/core/route.js";
import { CoreSecret } from "../../api/core/secret.js";

/*
 * What is read of a Core's resources. Other Cores than the embedded one know fewer fields; only those without which
 * nothing can be decided are asked for.
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

/** An app as it is read. */
export const SeenApp = CoreApp.extend({
  ...common,
  description: optionalText,
  domain: optionalText,
  nodeId: optionalText,
});
export type SeenApp = z.infer<typeof SeenApp>;

/** A route as it is read. */
export const SeenRoute = CoreRoute.extend({
  ...common,
  appId: optionalText,
  tls: z.boolean().default(false),
  middleware: CoreMiddleware.nullish().transform((middleware) => middleware ?? {}),
});
export type SeenRoute = z.infer<typeof SeenRoute>;

/** A backup policy as it is read. */
export const SeenBackupPolicy = CoreBackupPolicy.extend({ ...common, appId: optionalText });
export type SeenBackupPolicy = z.infer<typeof SeenBackupPolicy>;

/** A node as it is read. */
export const SeenNode = CoreNode.extend({
  ...common,
  ipAddress: optionalText,
  lastHeartbeat: optionalText,
  version: z.string().default(""),
  runner: z.string().optional(),
  config: CoreNodeConfig.nullish().catch(null),
});
export type SeenNode = z.infer<typeof SeenNode>;

/** A job as it is read. */
export const SeenJob = CoreJob.extend({
  ...common,
  type: z.string(),
  nodeId: optionalText,
  appId: optionalText,
  payload: z.object({ version: z.int().nullish() }).nullish().catch(null),
  result: z.record(z.string(), z.json()).nullish().catch(null),
  error: optionalText,
  logs: z.array(z.string()).default([]).catch([]),
});
export type SeenJob = z.infer<typeof SeenJob>;

/** A secret as it is read: its name and whom it is for. */
export const SeenSecret = CoreSecret.pick({ id: true, name: true, scope: true }).extend({ scopeId: optionalText });
export type SeenSecret = z.infer<typeof SeenSecret>;

/** A sign-in provider as it is read. */
export const SeenSignInProvider = CoreSignInProvider.pick({ id: true, name: true });
export type SeenSignInProvider = z.infer<typeof SeenSignInProvider>;

/** The resource of each kind. */
export interface SeenKinds {
  app: SeenApp;
  route: SeenRoute;
  backupPolicy: SeenBackupPolicy;
  node: SeenNode;
  job: SeenJob;
  secret: SeenSecret;
  signInProvider: SeenSignInProvider;
}

/** How each kind is read. */
export const SEEN: { readonly [K in ChangeKind]: z.ZodType<SeenKinds[K]> } = {
  app: SeenApp,
  route: SeenRoute,
  backupPolicy: SeenBackupPolicy,
  node: SeenNode,
  job: SeenJob,
  secret: SeenSecret,
  signInProvider: SeenSignInProvider,
};
