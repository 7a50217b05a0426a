const SECRET_NAME =
  /pass|pwd|secret|token|key|hash|auth|credential|salt|private|(?:^|[^a-z])(?:pw|pin|dsn)(?:$|[^a-z])/i;
const PASSWORD_NAME =
  /(?:^|_)(?:PASS|PASSWD|PASSWORD|SECRET|TOKEN|APIKEY|(?:API|SECRET|PRIVATE|ENCRYPTION|ACCESS)_KEY)(?:_[0-9]+)?$/i;

/** Reports whether a key is likely to have a secret value. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** Reports whether a key is the name of a password, token or key. Deliberately narrow: a false alarm costs trust. */
export function isPasswordName(name: string): boolean {
  return PASSWORD_NAME.test(name);
}
