import { z } from "zod";
import { CoreId, CoreName, coreResource, Metadata } from "./fields.js";

/** Cron schedule with five fields. */
export const CronSchedule = z
  .string()
  .max(128)
  .regex(/^(\S+\s+){4}\S+$/, 'expected a cron line of five fields, like "0 2 * * *"');

/** Body of a request that creates or replaces a backup policy. */
export const CoreBackupPolicyWrite = z.strictObject({
  name: CoreName.describe("Name. Must be unique among the policies of a Core."),
  appId: CoreId.nullish().describe("App to back up. Defaults to all apps."),
  enabled: z.boolean().default(true),
  schedule: CronSchedule,
  retentionDays: z.int().min(1).max(3650),
  metadata: Metadata.default({}),
});
export type CoreBackupPolicyWrite = z.infer<typeof CoreBackupPolicyWrite>;

/** A backup policy as a Core returns it. */
export const CoreBackupPolicy = z
  .object({
    ...coreResource,
    name: z.string(),
    appId: z.string().nullable(),
    enabled: z.boolean(),
    schedule: z.string(),
    retentionDays: z.int(),
    metadata: Metadata,
  })
  .describe("Backup schedule and retention of an app.");
export type CoreBackupPolicy = z.infer<typeof CoreBackupPolicy>;
