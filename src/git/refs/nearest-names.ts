import { editDistance } from "../../base/edit-distance.js";

/** Maximum number of compared names: a repository can have a hundred thousand tags. */
const MAX_COMPARED = 2000;

/** Returns the `count` names with the smallest edit distance to `name`, nearest first. */
export function nearestNames(name: string, names: readonly string[], count = 3): string[] {
  return names
    .slice(0, MAX_COMPARED)
    .map((candidate) => ({ candidate, edits: editDistance(name, candidate) }))
    .sort((a, b) => a.edits - b.edits || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, count)
    .map(({ candidate }) => candidate);
}
