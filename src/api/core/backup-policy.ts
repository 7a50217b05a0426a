import { z } from "zod";
import { CoreId, CoreName, coreResource, Metadata } from "./fields.js";

/** Cron schedule with five fields. */
export const CronSchedule = z
  .string()
  .max(128)
  .regex(/^(\S+\s+){4}\S+$/, 'expected a cron line of five fields, like "0 2 * * *"');

/** Name of a time zone. */
export const TimeZone = z
  .string()
  .max(64)
  .regex(/^[A-Za-z][A-Za-z0-9_+-]*([/][A-Za-z0-9_+-]+)*$/, "expected an IANA time zone, like Europe/Berlin");

/** A command that makes the data of a service consistent before it is copied, such as a dump of a database. */
export const BackupPreHook = z
  .strictObject({
    service: z.string().min(1).max(255).describe("Service of the Compose document."),
    command: z
      .array(z.string().min(1).max(4096))
      .min(1)
      .max(64)
      .describe("Program and arguments. They run in a container of the service, without a shell."),
  })
  .describe("A command that runs before the data is copied.");
export type BackupPreHook = z.infer<typeof BackupPreHook>;

const consistency = {
  timeZone: TimeZone.nullish().describe("Time zone of the schedule, for example Europe/Berlin. Defaults to UTC."),
  stop: z.boolean().default(false).describe("Stop the containers of the app while its data is copied."),
  preHooks: z.array(BackupPreHook).max(20).default([]).describe("Commands that run before the data is copied."),
};

/** Body of a request that creates or replaces a backup policy. */
export const CoreBackupPolicyWrite = z.strictObject({
  name: CoreName.describe("Name. Must be unique among the policies of a Core."),
  appId: CoreId.nullish().describe("App to back up. Defaults to all apps."),
  enabled: z.boolean().default(true),
  schedule: CronSchedule,
  retentionDays: z.int().min(1).max(3650),
  ...consistency,
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
    timeZone: z.string().nullable(),
    stop: z.boolean(),
    preHooks: z.array(BackupPreHook),
    metadata: Metadata,
  })
  .describe("Backup schedule and retention of an app.");
export type CoreBackupPolicy = z.infer<typeof CoreBackupPolicy>;
