import { BACKUP_SECRET_PREFIX } from "../../../api/core/app-backup.js";
import { BackupError } from "./backup-error.js";

/** Variables of restic and of its storage backends. */
const ALLOWED = /^(RESTIC|AWS|B2|AZURE|GOOGLE|OS|ST)_[A-Z0-9_]+$/;
/** Variables that would run a program, read a file of the node, or name a second repository. */
const REFUSED = /^RESTIC_(PASSWORD_COMMAND|FROM_.*|.*_FILE|CACHE_DIR|PROGRESS_FPS|COMPRESSION|TLS_CLIENT_CERT|CACERT)$/;

/**
 * Returns the environment of restic from the secrets of a Core: `backup.RESTIC_PASSWORD` becomes RESTIC_PASSWORD. Throws BackupError, which
 * names the secret to create or to remove.
 */
export function resticEnv(secrets: ReadonlyMap<string, string>): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [secret, value] of secrets) {
    if (!secret.startsWith(BACKUP_SECRET_PREFIX)) continue;
    const name = secret.slice(BACKUP_SECRET_PREFIX.length);
    if (!ALLOWED.test(name) || REFUSED.test(name)) {
      throw new BackupError(
        `secret ${secret} is not supported: expected ${BACKUP_SECRET_PREFIX}RESTIC_REPOSITORY, ${BACKUP_SECRET_PREFIX}RESTIC_PASSWORD, or a variable of the storage such as ${BACKUP_SECRET_PREFIX}AWS_ACCESS_KEY_ID`,
      );
    }
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
