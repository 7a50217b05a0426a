const SECRET_NAME =
  /pass|pwd|secret|token|key|hash|auth|credential|salt|private|(?:^|[^a-z])(?:pw|pin|dsn)(?:$|[^a-z])/i;

/** Reports whether a key is likely to have a secret value. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}
