/** Forms of credentials that can be recognized without knowing them. */
const SHAPES: readonly (readonly [shape: RegExp, what: string])[] = [
  [/-----BEGIN (?:[A-Z]{1,20} ){0,3}PRIVATE KEY-----/, "a private key"],
  [/\bAGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]{20}/, "a key of age"],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/, "an access key of AWS"],
  [/\b(?:gh[pousr]_[A-Za-z0-9]{30}|github_pat_[A-Za-z0-9_]{30})/, "a token of GitHub"],
  [/\bglpat-[A-Za-z0-9_-]{20}/, "a token of GitLab"],
  [/\bxox[abeprs]-[A-Za-z0-9-]{10}/, "a token of Slack"],
  [/\b[rs]k_live_[A-Za-z0-9]{16}/, "a key of Stripe"],
  [/\bAIza[A-Za-z0-9_-]{35}/, "a key of Google"],
  [/\bnpm_[A-Za-z0-9]{36}/, "a token of npm"],
  [/\bdckr_pat_[A-Za-z0-9_-]{20}/, "a token of Docker Hub"],
  [/\bhv[sbr]\.[A-Za-z0-9_-]{24}/, "a token of Vault"],
  [/\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{30}/, "a key of SendGrid"],
  [/\beyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8}/, "a JSON web token"],
  [/\b[a-z][a-z0-9+]{1,15}:\/\/[^\s:/@$<{]{1,100}:[^\s:/@$<{*]{3,100}@/, "a password in a URL"],
  [/"auth"\s{0,9}:\s{0,9}"[A-Za-z0-9+/=]{8}/, "credentials of a registry"],
];

/** Larger values are examined up to here. */
const MAX_EXAMINED = 16 * 1024;
/** Texts of this length and more, without white space, can look random. */
const MIN_RANDOM = 16;
const MAX_RANDOM = 512;
/** Bits for each character. English words without spaces have less than 3.2 in such lengths. */
const MIN_ENTROPY = 3.3;
/** What stands where people are to write a value of their own. */
const PLACEHOLDER =
  /change.?me|change.?this|replace.?(?:me|this|with)|your[-_ ]|example|placeholder|insert|x{4}|\*{3}|<[^>]*>|\.{3}/i;

/** Returns what kind of credential a text looks like, for a text whose place is known to be secret; undefined if it looks like none. */
export function credentialIn(value: string): string | undefined {
  const shape = tokenIn(value);
  if (shape !== undefined) return shape;
  const word = value.slice(0, MAX_EXAMINED).trim();
  const isWord = word.length >= MIN_RANDOM && word.length <= MAX_RANDOM && /^[\x21-\x7e]+$/.test(word);
  const isMixed = /\d/.test(word) && /[A-Za-z]/.test(word);
  return isWord && isMixed && !isReadable(word) && entropy(word) >= MIN_ENTROPY ? "looks random" : undefined;
}

/** Returns what kind of credential of a known form a text contains, wherever it stands; undefined if it contains none. */
export function tokenIn(value: string): string | undefined {
  const text = value.slice(0, MAX_EXAMINED);
  const found = SHAPES.find(([pattern]) => pattern.test(text));
  return found === undefined || isExample(found[0], text) ? undefined : found[1];
}

/** Reports whether a text stands where people are to write a value of their own. */
export function isPlaceholder(text: string): boolean {
  return PLACEHOLDER.test(text);
}

function isExample(shape: RegExp, text: string): boolean {
  const [match = ""] = shape.exec(text) ?? [];
  return !match.startsWith("-----") && isPlaceholder(match);
}

/** Addresses, paths, references and version numbers are no credentials. */
function isReadable(word: string): boolean {
  return (
    /^(?:[a-z][a-z0-9+]*:\/\/|\/|\$\{|\{\{|[a-z0-9.-]+:\d+$|[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:[:/]|$))/.test(word) ||
    isPlaceholder(word)
  );
}

/** Shannon entropy of the characters of a text, in bits for each. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
