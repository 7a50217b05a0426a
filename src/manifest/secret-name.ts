const SECRET_NAME =
  /pass|pwd|secret|token|key|hash|auth|credential|salt|private|(?:^|[^a-z])(?:pw|pin|dsn)(?:$|[^a-z])/i;

/** Whether an entry of this name is likely to hold a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}
