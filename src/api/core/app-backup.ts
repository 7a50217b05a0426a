import { z } from "zod";
import { BackupPreHook } from "./backup-policy.js";
import { Timestamp } from "./fields.js";

/** Prefix of the secrets that a Core passes to the backup program, and to nothing else. */
export const BACKUP_SECRET_PREFIX = "backup.";

/** Returns why a secret of a Core cannot come from Git: who writes the address of backups gets the data of all apps. */
export function backupSecretProblem(name: string): string | undefined {
  if (!name.startsWith(BACKUP_SECRET_PREFIX)) return undefined;
  return `would be the secret ${name.slice(0, 200)} of the Core, and those that begin with ${BACKUP_SECRET_PREFIX} are for backups and cannot come from Git: use another name; for backups, an administrator stores it in the Core`;
}

/** Largest number of stored backups of an app that are listed. */
export const MAX_SNAPSHOTS = 100;

/** A stored backup of an app. */
export const CoreSnapshot = z
  .strictObject({
    id: z.string().max(64),
    time: Timestamp,
    node: z.string().max(255).describe("Node that it was made on."),
    incomplete: z.boolean().describe("Whether some files could not be read."),
  })
  .describe("A stored backup of an app.");
export type CoreSnapshot = z.infer<typeof CoreSnapshot>;

/** State of the backups of an app. */
export const CoreAppBackup = z
  .object({
    lastSuccess: Timestamp.nullable().describe(
      "Time of the last backup that was stored and verified. Null if there is none.",
    ),
    lastAttempt: Timestamp.nullable().describe("Time when the last backup was started."),
    next: Timestamp.nullable().describe("Time when the next backup is due. Null if no policy applies."),
    problem: z.string().nullable().describe("Why there is no current backup. Null if there is one."),
    sizeBytes: z.int().nullable().describe("Size of the data in the last backup, in bytes."),
    snapshots: z.array(CoreSnapshot).describe("Stored backups, newest first, at most 100."),
    excluded: z.array(z.string()).describe("Data that is not part of backups, at most 20 items."),
  })
  .describe("State of the backups of an app.");
export type CoreAppBackup = z.infer<typeof CoreAppBackup>;

/** What a backup job stored; the result that its agent reports. */
export const CoreBackupResult = z.object({
  snapshot: z.string().max(64),
  sizeBytes: z.int().min(0),
  snapshots: z.array(CoreSnapshot).max(MAX_SNAPSHOTS),
  excluded: z.array(z.string().max(1024)).max(20),
});
export type CoreBackupResult = z.infer<typeof CoreBackupResult>;

/** What the agent needs to know to carry out a backup or a restore, besides secrets. */
export const CoreDataWork = z
  .object({
    mayCreate: z.boolean().describe("Whether to create the repository if it does not exist."),
    retentionDays: z.int(),
    stop: z.boolean(),
    preHooks: z.array(BackupPreHook),
    snapshot: z.string().nullable().describe("Snapshot to restore. Null for a backup."),
  })
  .describe("Settings of a backup or restore.");
export type CoreDataWork = z.infer<typeof CoreDataWork>;

/** Body of a request that backs up an app now. */
export const CoreBackupRequest = z.strictObject({}).default({});

/** Body of a request that restores the data of an app from a backup. */
export const CoreRestoreRequest = z.strictObject({
  snapshot: z
    .string()
    .regex(/^([0-9a-f]{8,64}|latest)$/, "expected the ID of a snapshot, or latest")
    .describe("Snapshot to restore, or `latest`. The present data of the app is replaced."),
});
