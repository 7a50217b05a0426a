import type { TreeFile } from "../git/engine.js";
import { compileGlobs } from "./glob.js";
import type { SourceSelection } from "./request.js";

/**
 * The files of a folder that a source means: those that `include` names (all, if it names none) and `exclude` does not.
 * Hidden files and folders (`.github`) are never meant.
 */
export function selectFiles(files: readonly TreeFile[], source: SourceSelection): TreeFile[] {
  const include = source.include ?? [];
  const isIncluded = include.length === 0 ? () => true : compileGlobs("source.include", include);
  const isExcluded = compileGlobs("source.exclude", source.exclude ?? []);
  return files.filter(({ path }) => !isHidden(path) && isIncluded(path) && !isExcluded(path));
}

function isHidden(path: string): boolean {
  return path.startsWith(".") || path.includes("/.");
}
