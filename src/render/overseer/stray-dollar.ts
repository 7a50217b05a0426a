/** A reference to an unset variable and the string that contains it. */
export interface Reference {
  readonly text: string;
  /** Offset of the `$`. */
  readonly start: number;
  /** Offset of the end of the reference. */
  readonly end: number;
  readonly name: string;
  /** Written as `${NAME}`. */
  readonly braced: boolean;
}

/** Conventional variable names. Salts and passwords usually contain lower-case letters. */
const CONVENTIONAL = /^[A-Z_][A-Z0-9_]*$/;
/** Password hashes: bcrypt (`$2y$10$…`), crypt (`$5$`, `$6$`), htpasswd (`$apr1$`) and others. Variable names never start with a digit. */
const HASH = /\$(?:[0-9]|apr1\$|(?:argon2|scrypt|pbkdf2|bcrypt|yescrypt|y\$))/;
/** Maximum distance to search back for the scheme of a URL. */
const MAX_USER_INFO = 300;

/**
 * Reports whether a reference is intended as a variable rather than a literal dollar sign, so that its name can be shown. If in
 * doubt, it is not, because the name may be part of a password. `secret` is true if the key of the string indicates a secret.
 */
export function isMeant({ text, start, end, name, braced }: Reference, secret: boolean): boolean {
  if (isWholeValue(text, start, end)) return braced || !secret || CONVENTIONAL.test(name);
  if (braced) return !secret || CONVENTIONAL.test(name);
  return !secret && CONVENTIONAL.test(name) && !isDollarSign(text, start);
}

/** Reports whether the context of an unbraced `$` indicates a literal dollar sign: a hash, a URL password or preceding letters. */
export function isDollarSign(text: string, start: number): boolean {
  return /[A-Za-z0-9$]/.test(text[start - 1] ?? "") || HASH.test(text) || isUrlPassword(text, start);
}

/** Reports whether the string is only the reference, or `NAME=` and the reference. */
function isWholeValue(text: string, start: number, end: number): boolean {
  return end === text.length && (start === 0 || /^[\w.-]{1,200}=$/.test(text.slice(0, start)));
}

function isUrlPassword(text: string, start: number): boolean {
  const before = text.slice(Math.max(0, start - MAX_USER_INFO), start);
  return /:\/\/[^/@\s]*:[^/@\s]*$/.test(before) && text.indexOf("@", start) > 0;
}
