import { editDistance } from "../../base/edit-distance.js";

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
