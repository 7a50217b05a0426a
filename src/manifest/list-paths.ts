import { sha256 } from "../base/hash.js";

/** Maximum number of paths in a message. */
const MAX_PATHS = 5;

/** Lists paths of fields. The digest of those that are not listed tells different ones apart: the text identifies a change. */
export function listPaths(paths: readonly string[]): string {
  const left = paths.slice(MAX_PATHS);
  const more = left.length > 0 ? ` and ${left.length} more (${sha256(left.join("\n"), 8)})` : "";
  return `${paths.slice(0, MAX_PATHS).join(", ")}${more}`;
}
