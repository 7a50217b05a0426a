import { BACKUP_SECRET_PREFIX } from "../../../api/core/app-backup.js";
import { BackupError } from "./backup-error.js";

/** What restic documents of its repository and storage backends, without variables that run a program or read a file of the node. */
export const SUPPORTED_VARIABLES: ReadonlySet<string> = new Set(
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

/**
 * Returns the environment of restic from the secrets of a Core: `backup.RESTIC_PASSWORD` becomes RESTIC_PASSWORD. Throws BackupError, which
 * names the secret to create or to remove.
 */
export function resticEnv(secrets: ReadonlyMap<string, string>): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [secret, value] of secrets) {
    if (!secret.startsWith(BACKUP_SECRET_PREFIX)) continue;
    const name = secret.slice(BACKUP_SECRET_PREFIX.length);
    if (!SUPPORTED_VARIABLES.has(name)) {
      throw new BackupError(
        `secret ${secret} is not supported: delete it, or rename it to one that is, such as ${BACKUP_SECRET_PREFIX}RESTIC_PASSWORD or ${BACKUP_SECRET_PREFIX}AWS_ACCESS_KEY_ID; see docs/app-backups.md for all`,
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
