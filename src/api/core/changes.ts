import { z } from "zod";
import { CoreApp } from "./app.js";
import { CoreBackupPolicy } from "./backup-policy.js";
import { CoreJob } from "./job.js";
import { CoreNode } from "./node.js";
import { CoreRoute, CoreSignInProvider } from "./route.js";
import { CoreSecret } from "./secret.js";

/** Kinds of resources in a list of changes. */
export const CHANGE_KINDS = ["app", "route", "backupPolicy", "node", "job", "secret", "signInProvider"] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** Maximum long-poll timeout of a request for changes, in seconds (`Prefer: wait=`). */
export const MAX_WAIT_SECONDS = 60;

/**
 * All resources that changed since a cursor, or all resources. A client follows a Core by this one request. With
 * `If-None-Match: "<cursor>"` and no changes, the response is 304, after at most `Prefer: wait=` seconds.
 */
export const CoreChanges = z.object({
  cursor: z.string().max(128).describe("Value of since and If-None-Match for the next request."),
  full: z.boolean().describe("Whether this list is complete: resources that are not in it do not exist."),
  apps: z.array(CoreApp),
  routes: z.array(CoreRoute),
  backupPolicies: z.array(CoreBackupPolicy),
  nodes: z.array(CoreNode),
  jobs: z.array(CoreJob).describe("Newest job of each app. Unless full, also jobs that ended since the cursor."),
  secrets: z.array(CoreSecret),
  signInProviders: z.array(CoreSignInProvider),
  deleted: z.array(z.object({ kind: z.enum(CHANGE_KINDS), id: z.string() })),
});
export type CoreChanges = z.infer<typeof CoreChanges>;
