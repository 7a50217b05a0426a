import { z } from "zod";
import { CoreId, CoreName, coreResource, Metadata } from "./fields.js";

/** Five fields of a cron line. */
export const CronSchedule = z
  .string()
  .max(128)
  .regex(/^(\S+\s+){4}\S+$/, 'expected a cron line of five fields, like "0 2 * * *"');

/** What a backup policy is made or replaced with. */
export const CoreBackupPolicyWrite = z.strictObject({
  name: CoreName.describe("Unique among the policies of a Core."),
  appId: CoreId.nullish().describe("App that is backed up; none: every app."),
  enabled: z.boolean().default(true),
  schedule: CronSchedule,
  retentionDays: z.int().min(1).max(3650),
  metadata: Metadata.default({}),
});
export type CoreBackupPolicyWrite = z.infer<typeof CoreBackupPolicyWrite>;

/** A backup policy as a Core shows it. */
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
  .describe("When an app is backed up, and how long that is kept.");
export type CoreBackupPolicy = z.infer<typeof CoreBackupPolicy>;
