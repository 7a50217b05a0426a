import { z } from "zod";
import { CoreApp } from "./app.js";
import { CoreBackupPolicy } from "./backup-policy.js";
import { CoreJob } from "./job.js";
import { CoreNode } from "./node.js";
import { CoreRoute, CoreSignInProvider } from "./route.js";
import { CoreSecret } from "./secret.js";

/** Kinds that a change list tells of. */
export const CHANGE_KINDS = ["app", "route", "backupPolicy", "node", "job", "secret", "signInProvider"] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** Longest time, in seconds, that a Core holds a request for changes open (`Prefer: wait=`). */
export const MAX_WAIT_SECONDS = 60;

/**
 * Everything that changed since a cursor, or everything there is. One request tells a client all that it needs to follow
 * a Core; `If-None-Match: "<cursor>"` with nothing new is answered 304, after at most `Prefer: wait=` seconds.
 */
export const CoreChanges = z.object({
  cursor: z.string().max(128).describe("What to send as since, and as If-None-Match, next time."),
  full: z.boolean().describe("Whether this is everything: what a client knows besides is gone."),
  apps: z.array(CoreApp),
  routes: z.array(CoreRoute),
  backupPolicies: z.array(CoreBackupPolicy),
  nodes: z.array(CoreNode),
  jobs: z.array(CoreJob).describe("Of each app the newest job; in a part also those that ended since."),
  secrets: z.array(CoreSecret),
  signInProviders: z.array(CoreSignInProvider),
  deleted: z.array(z.object({ kind: z.enum(CHANGE_KINDS), id: z.string() })),
});
export type CoreChanges = z.infer<typeof CoreChanges>;
