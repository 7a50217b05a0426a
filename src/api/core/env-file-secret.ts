/** Stands between the app and the variable in the name of a secret. Names of apps have no uppercase letters. */
const SEPARATOR = ".ENV_FILE.";

/** Returns the name of the secret that a variable of an encrypted `env_file` of an app becomes. */
export function envFileSecret(app: string, service: string, variable: string): string {
  return `${app}${SEPARATOR}${service}.${variable}`;
}

/** Returns the only app that may use a secret, since the secret is a variable of its encrypted `env_file`; undefined for other secrets. */
export function ownerOfEnvFileSecret(secret: string): string | undefined {
  const end = secret.indexOf(SEPARATOR);
  return end < 0 ? undefined : secret.slice(0, end);
}

/** Whether an app may refer to a secret. */
export function mayUseSecret(app: string, secret: string): boolean {
  const owner = ownerOfEnvFileSecret(secret);
  return owner === undefined || owner === app;
}
