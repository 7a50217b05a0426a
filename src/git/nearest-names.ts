/** Names that are compared; a repository can have a hundred thousand tags. */
const MAX_COMPARED = 2000;

/** The `count` names that take the fewest edits to reach from `wanted`, nearest first. */
export function nearestNames(wanted: string, names: readonly string[], count = 3): string[] {
  return names
    .slice(0, MAX_COMPARED)
    .map((name) => ({ name, edits: editDistance(wanted, name) }))
    .sort((a, b) => a.edits - b.edits || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name);
}

/** Letters to insert, delete or replace (Levenshtein); one row is kept at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
