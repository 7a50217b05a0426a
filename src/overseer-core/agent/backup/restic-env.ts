import { BACKUP_SECRET_PREFIX, BACKUP_VARIABLES, unsupportedBackupSecret } from "../../../api/core/app-backup.js";
import { BackupError } from "./backup-error.js";

/**
 * Returns the environment of restic from the secrets of a Core: `backup.RESTIC_PASSWORD` becomes RESTIC_PASSWORD. Other variables
 * are omitted. Throws BackupError, which names the secret to create or to change.
 */
export function resticEnv(secrets: ReadonlyMap<string, string>): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [secret, value] of secrets) {
    if (!secret.startsWith(BACKUP_SECRET_PREFIX)) continue;
    const name = secret.slice(BACKUP_SECRET_PREFIX.length);
    // One without effect must not stop the backups of all apps.
    if (!BACKUP_VARIABLES.has(name)) continue;
    if (value.includes("\0")) throw new BackupError(`secret ${secret} contains a NUL character: set another value`);
    env[name] = value;
  }
  const missing = ["RESTIC_REPOSITORY", "RESTIC_PASSWORD"].filter((name) => (env[name] ?? "").trim() === "");
  if (missing.length > 0) {
    const names = missing.map((name) => BACKUP_SECRET_PREFIX + name).join(" and ");
    throw new BackupError(`no repository for backups is configured: create the secrets ${names} in the Core`);
  }
  return env;
}

/** Returns the values that must not appear in a message: all but the address, of which only a password is hidden. */
export function resticSecrets({
  RESTIC_REPOSITORY: repository = "",
  ...rest
}: Readonly<Record<string, string>>): string[] {
  const password = /\/\/[^/@]*:([^/@]+)@/.exec(repository)?.[1];
  return [...Object.values(rest), ...(password === undefined ? [] : [password])].filter((value) => value.length > 0);
}

/** Returns the secrets for backups that have no effect, sorted. */
export function unusedSecrets(secrets: ReadonlyMap<string, string>): string[] {
  return [...secrets.keys()].filter((name) => unsupportedBackupSecret(name) !== undefined).sort();
}
