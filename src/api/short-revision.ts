/** Number of digits of an abbreviated commit ID, as in Git. */
const DIGITS = 7;
/** Number of digits in messages and Events, which users copy commit IDs from. */
export const MESSAGE_DIGITS = 12;

/**
 * Abbreviates the revisions in a text, by default to 7 digits as in columns: `main@sha1:1234567890…` becomes `main@sha1:1234567`.
 */
export function shortRevision(text: string, digits: number = DIGITS): string {
  return text.replace(/(sha1:)([0-9a-f]{7,40})\b/g, (_, prefix: string, id: string) => prefix + id.slice(0, digits));
}
