/** How many digits of a commit are shown where space is short, as Git does. */
const DIGITS = 7;
/** How many in messages and Events, from which people copy them. */
export const MESSAGE_DIGITS = 12;

/**
 * The revisions in a text with fewer digits: `main@sha1:1234567` for `main@sha1:1234567890…`, as columns and labels show them.
 * Everything else stays as it is.
 */
export function shortRevision(text: string, digits: number = DIGITS): string {
  return text.replace(/(sha1:)([0-9a-f]{7,40})\b/g, (_, prefix: string, id: string) => prefix + id.slice(0, digits));
}
