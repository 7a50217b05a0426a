/** How many digits of a commit are shown where space is short, as Git does. */
const DIGITS = 7;

/**
 * The revisions in a text as columns and labels show them: `main@sha1:1234567` for `main@sha1:1234567890…`. Everything else stays
 * as it is.
 */
export function shortRevision(text: string): string {
  return text.replace(/(sha1:)([0-9a-f]{40})\b/g, (_, prefix: string, id: string) => prefix + id.slice(0, DIGITS));
}
