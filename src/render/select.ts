import { compileFolderGlobs, compileGlobs } from "./glob.js";
import type { SourceFile } from "./links.js";
import type { SourceSelection } from "./request.js";

/**
 * The files of a folder that a source means: those that `include` names (all, if it names none) and `exclude` does not.
 * Hidden files and folders (`.github`) are never meant. A link that cannot be followed counts as the folder that it may stand for, and
 * so does a submodule.
 */
export function selectFiles<F extends Pick<SourceFile, "path" | "unread"> & Partial<Pick<SourceFile, "kind">>>(
  files: readonly F[],
  source: SourceSelection,
): F[] {
  const include = source.include ?? [];
  const isIncluded = include.length === 0 ? () => true : compileGlobs("source.include", include);
  const mayHoldIncluded = include.length === 0 ? () => true : compileFolderGlobs("source.include", include);
  const isLeftOut = leavesOut(source);
  return files.filter(
    ({ path, unread, kind }) =>
      (isIncluded(path) || ((unread === true || kind === "submodule") && mayHoldIncluded(path))) && !isLeftOut(path),
  );
}

/** Whether a source leaves out what stands at a path, and with it all that is below. */
export function leavesOut(source: SourceSelection): (path: string) => boolean {
  const isExcluded = compileGlobs("source.exclude", source.exclude ?? []);
  return (path) => isHidden(path) || isExcluded(path);
}

/** Whether a path is that of a hidden file, or of a file in a hidden folder: it is never read. */
export function isHidden(path: string): boolean {
  return path.startsWith(".") || path.includes("/.");
}
