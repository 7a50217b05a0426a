import { GROUP } from "../api/group.js";
import type { Document } from "../manifest/document.js";
import { showKey } from "../manifest/field-path.js";
import { displayId } from "../manifest/object-id.js";
import { isRecord } from "../manifest/shape.js";
import type { Note } from "./request.js";

/** On a Secret in Git, `allowed` accepts that its values are readable there. */
export const ANNOTATION_PLAINTEXT = `${GROUP}/plaintext-secret`;

/** Forms of credentials that can be recognized without knowing them. */
const SHAPES: readonly (readonly [shape: RegExp, what: string])[] = [
  [/-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/, "a private key"],
  [/\bAGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]{20}/, "a key of age"],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/, "an access key of AWS"],
  [/\b(?:gh[pousr]_[A-Za-z0-9]{30}|github_pat_[A-Za-z0-9_]{30})/, "a token of GitHub"],
  [/\bglpat-[A-Za-z0-9_-]{20}/, "a token of GitLab"],
  [/\bxox[abeprs]-[A-Za-z0-9-]{10}/, "a token of Slack"],
  [/\b[rs]k_live_[A-Za-z0-9]{16}/, "a key of Stripe"],
  [/\bAIza[A-Za-z0-9_-]{35}/, "a key of Google"],
  [/\bnpm_[A-Za-z0-9]{36}/, "a token of npm"],
  [/\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/, "a JSON web token"],
  [/\b[a-z][a-z0-9+]{1,15}:\/\/[^\s:/@]{1,100}:[^\s:/@]{3,100}@/, "a password in a URL"],
  [/"auth"\s*:\s*"[A-Za-z0-9+/=]{8,}"/, "credentials of a registry"],
];

/** Larger values are examined up to here. */
const MAX_EXAMINED = 16 * 1024;
/** Texts of this length and more, without white space, can look random. */
const MIN_RANDOM = 16;
const MAX_RANDOM = 512;
/** Bits for each character. English words without spaces have less than 3.2 in such lengths. */
const MIN_ENTROPY = 3.3;

/** Returns a note for each Secret whose values are readable in Git and look like credentials. Values are never in it.
 * `random`: templates that make random values. */
export function plaintextSecrets(documents: readonly Document[], random: readonly string[] = []): Note[] {
  return documents.flatMap((document) => {
    const { object, confidential, id, origin } = document;
    if (object.kind !== "Secret" || object.apiVersion !== "v1" || confidential || random.includes(origin.file))
      return [];
    if (object.metadata.annotations?.[ANNOTATION_PLAINTEXT] === "allowed") return [];
    const found = Object.entries(isRecord(object.data) ? object.data : {}).flatMap(([key, value]) => {
      const what = typeof value === "string" ? credentialIn(Buffer.from(value, "base64").toString("utf8")) : undefined;
      return what === undefined ? [] : [`${showKey(key)} (${what})`];
    });
    if (found.length === 0) return [];
    const shown = found.length > 3 ? `${found.slice(0, 3).join(", ")} and ${found.length - 3} more` : found.join(", ");
    const message = `is readable in Git: ${shown}; encrypt the file with SOPS (source.decryption), change the value, or set the annotation ${ANNOTATION_PLAINTEXT}: allowed if it is no secret`;
    return [{ message, origin, object: displayId(id) }];
  });
}

/** Returns what kind of credential a text looks like; undefined if it looks like none. */
export function credentialIn(value: string): string | undefined {
  const text = value.slice(0, MAX_EXAMINED);
  const shape = SHAPES.find(([pattern]) => pattern.test(text));
  if (shape !== undefined) return shape[1];
  const word = text.trim();
  const isWord = word.length >= MIN_RANDOM && word.length <= MAX_RANDOM && /^[\x21-\x7e]+$/.test(word);
  return isWord && /\d/.test(word) && /[A-Za-z]/.test(word) && !isReadable(word) && entropy(word) >= MIN_ENTROPY
    ? "looks random"
    : undefined;
}

/** Addresses, paths, references and version numbers are no credentials. */
function isReadable(word: string): boolean {
  return /^(?:[a-z][a-z0-9+]*:\/\/|\/|\$\{|\{\{|[a-z0-9.-]+:\d+$|[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:[:/]|$))/.test(word);
}

/** Shannon entropy of the characters of a text, in bits for each. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
