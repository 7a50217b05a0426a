/** A reference to a variable without a value, in its text. */
export interface Reference {
  readonly text: string;
  /** Where its `$` stands. */
  readonly start: number;
  /** Where the text goes on behind it. */
  readonly end: number;
  readonly name: string;
  /** Written as `${NAME}`. */
  readonly braced: boolean;
}

/** Names as people give them to variables. Salts and passwords have lower case letters. */
const CONVENTIONAL = /^[A-Z_][A-Z0-9_]*$/;
/** `$2y$10$…` of bcrypt, `$5$` and `$6$` of crypt, `$apr1$` of htpasswd, and others: no variable begins with a digit. */
const HASH = /\$(?:[0-9]|apr1\$|(?:argon2|scrypt|pbkdf2|bcrypt|yescrypt|y\$))/;
/** So far back the scheme of a URL is looked for. */
const MAX_USER_INFO = 300;

/**
 * Whether the author of a text meant a variable, and not a dollar sign: then its name may be shown. In doubt it is not, since
 * the name may be a part of a password. `secret`: the entry holds a secret by its name.
 */
export function isMeant({ text, start, end, name, braced }: Reference, secret: boolean): boolean {
  if (isWholeValue(text, start, end)) return braced || !secret || CONVENTIONAL.test(name);
  if (braced) return !secret || CONVENTIONAL.test(name);
  return !secret && CONVENTIONAL.test(name) && !isDollarSign(text, start);
}

/** Whether what stands around an unbraced `$` shows that it is a dollar sign: a hash, or letters right before it. */
export function isDollarSign(text: string, start: number): boolean {
  return /[A-Za-z0-9$]/.test(text[start - 1] ?? "") || HASH.test(text) || isUrlPassword(text, start);
}

/** The text is the reference alone, or `NAME=` and the reference. */
function isWholeValue(text: string, start: number, end: number): boolean {
  return end === text.length && (start === 0 || /^[\w.-]{1,200}=$/.test(text.slice(0, start)));
}

function isUrlPassword(text: string, start: number): boolean {
  const before = text.slice(Math.max(0, start - MAX_USER_INFO), start);
  return /:\/\/[^/@\s]*:[^/@\s]*$/.test(before) && text.indexOf("@", start) > 0;
}
