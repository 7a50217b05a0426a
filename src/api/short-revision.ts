/** How many digits of a commit are shown where space is short, as Git does. */
const DIGITS = 7;

/**
 * A revision for columns, messages and labels: `main@sha1:1234567` for `main@sha1:1234567890…`. What is no revision stays as it
 * is.
 */
export function shortRevision(revision: string): string {
  return revision.replace(
    /(sha(?:1|256):)([0-9a-f]+)/,
    (_, prefix: string, id: string) => prefix + id.slice(0, DIGITS),
  );
}
