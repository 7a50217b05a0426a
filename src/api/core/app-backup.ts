import { z } from "zod";
import { BackupPreHook } from "./backup-policy.js";
import { Timestamp } from "./fields.js";

/** Prefix of the secrets that a Core passes to the backup program, and to nothing else. */
export const BACKUP_SECRET_PREFIX = "backup.";

/** What restic documents of its repository and storage backends, without variables that run a program or read a file of the node. */
export const BACKUP_VARIABLES: ReadonlySet<string> = new Set(
  `RESTIC_REPOSITORY RESTIC_PASSWORD RESTIC_REST_USERNAME RESTIC_REST_PASSWORD RESTIC_KEY_HINT
  RESTIC_AWS_ASSUME_ROLE_ARN RESTIC_AWS_ASSUME_ROLE_SESSION_NAME RESTIC_AWS_ASSUME_ROLE_EXTERNAL_ID
  RESTIC_AWS_ASSUME_ROLE_REGION RESTIC_AWS_ASSUME_ROLE_STS_ENDPOINT
  AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_REGION AWS_DEFAULT_REGION
  B2_ACCOUNT_ID B2_ACCOUNT_KEY
  AZURE_ACCOUNT_NAME AZURE_ACCOUNT_KEY AZURE_ACCOUNT_SAS AZURE_ENDPOINT_SUFFIX
  GOOGLE_PROJECT_ID GOOGLE_ACCESS_TOKEN
  ST_AUTH ST_USER ST_KEY
  OS_AUTH_URL OS_REGION_NAME OS_USERNAME OS_USER_ID OS_PASSWORD OS_TENANT_ID OS_TENANT_NAME OS_USER_DOMAIN_NAME OS_USER_DOMAIN_ID
  OS_PROJECT_NAME OS_PROJECT_DOMAIN_NAME OS_PROJECT_DOMAIN_ID OS_TRUST_ID OS_APPLICATION_CREDENTIAL_ID
  OS_APPLICATION_CREDENTIAL_NAME OS_APPLICATION_CREDENTIAL_SECRET OS_STORAGE_URL OS_AUTH_TOKEN`.split(/\s+/),
);

/** Returns why a secret has no effect on backups although its name says so; undefined for other secrets. */
export function unsupportedBackupSecret(name: string): string | undefined {
  if (!name.startsWith(BACKUP_SECRET_PREFIX) || BACKUP_VARIABLES.has(name.slice(BACKUP_SECRET_PREFIX.length))) {
    return undefined;
  }
  return `${name} is no setting of backups that is supported: use one such as ${BACKUP_SECRET_PREFIX}RESTIC_PASSWORD or ${BACKUP_SECRET_PREFIX}AWS_ACCESS_KEY_ID (docs/app-backups.md lists all)`;
}

/** Prefix of the secrets with credentials of registries, which an agent uses to pull images, and for nothing else. */
export const PULL_SECRET_PREFIX = "image-pull.";

/** Whether a secret is for the system itself, so that no document can refer to it. */
export function isSystemSecret(name: string): boolean {
  return name.startsWith(BACKUP_SECRET_PREFIX) || name.startsWith(PULL_SECRET_PREFIX);
}

/** Returns why a secret of a Core cannot come from Git: who writes the address of backups gets the data of all apps. */
export function systemSecretProblem(name: string): string | undefined {
  if (name.startsWith(PULL_SECRET_PREFIX)) {
    return `would be the secret ${name.slice(0, 200)} of the Core, and those that begin with ${PULL_SECRET_PREFIX} are credentials of registries and cannot come from Git: use another name; for registries, an administrator stores it in the Core`;
  }
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
    incomplete: z.boolean().describe("Whether it was not verified, or some files could not be read."),
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
    now: Timestamp.optional().describe("Time of the Core: backups of a node with another time are deleted too early."),
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
