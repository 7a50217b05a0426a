import type { TreeFile } from "../git/engine.js";
import { compileGlobs } from "./glob.js";
import type { SourceSelection } from "./request.js";

/**
 * The files of a folder that a source means: those that `include` names (all, if it names none) and `exclude` does not.
 * Hidden files and folders (`.github`) are never meant.
 */
export function selectFiles<F extends TreeFile>(files: readonly F[], source: SourceSelection): F[] {
  const include = source.include ?? [];
  const isIncluded = include.length === 0 ? () => true : compileGlobs("source.include", include);
  const isLeftOut = leavesOut(source);
  return files.filter(({ path }) => isIncluded(path) && !isLeftOut(path));
}

/** Whether a source leaves out what stands at a path, and with it all that is below. */
export function leavesOut(source: SourceSelection): (path: string) => boolean {
  const isExcluded = compileGlobs("source.exclude", source.exclude ?? []);
  return (path) => isHidden(path) || isExcluded(path);
}

function isHidden(path: string): boolean {
  return path.startsWith(".") || path.includes("/.");
}
