import type { GitFolders } from "../../../api/app-set-generators.js";
import type { TreeFile } from "../../../git/engine.js";
import { compileExactGlobs, compileGlobs } from "../../../render/glob.js";
import { AppSetError } from "../app-set-error.js";
import type { ParameterSet } from "../parameters.js";

/** A file of a commit, as far as folders are concerned. Its path is relative to the root of the repository. */
export type FolderFile = Pick<TreeFile, "path" | "fault"> & Partial<Pick<TreeFile, "kind">>;

/**
 * Returns one set of parameters for each folder that matches, sorted by path. A folder exists if it holds a file, at any depth. A
 * submodule is a folder, too, which is marked unless submodules are read: an app that it has already says what is missing, instead of being deleted.
 *
 * @throws AppSetError for a matching folder with a name that cannot be used.
 * @throws UnsupportedSourceError for a pattern that is not valid.
 */
export function folderParameters(
  { folders, exclude = [] }: Pick<GitFolders, "folders" | "exclude">,
  files: readonly FolderFile[],
  field: string,
  readsSubmodules = false,
): ParameterSet[] {
  const isWanted = compileExactGlobs(`${field}.folders`, folders);
  const isExcluded = compileGlobs(`${field}.exclude`, exclude);
  const found = foldersOf(files);
  const submodules = new Set(
    readsSubmodules ? [] : files.flatMap(({ path, kind }) => (kind === "submodule" ? [path] : [])),
  );
  const matching = [...found].filter(([folder]) => !isHidden(folder) && isWanted(folder) && !isExcluded(folder));
  return matching
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([folder, fault]) => {
      if (fault !== undefined) throw new AppSetError("GeneratorFailed", `${field}: ${fault}`);
      const submodule = submodules.has(folder) ? { submodule: folder } : {};
      const values = { path: pathParameters(folder) };
      return { values, fromGit: new Set(["path"]), origin: `folder ${folder}`, ...submodule };
    });
}

/** Returns all folders, with the fault of their files if all have one. */
function foldersOf(files: readonly FolderFile[]): Map<string, string | undefined> {
  const found = new Map<string, string | undefined>();
  for (const { path, fault, kind } of files) {
    if (kind === "submodule") found.set(path, fault);
    for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
      const folder = path.slice(0, slash);
      if (found.has(folder) && (fault !== undefined || found.get(folder) === undefined)) break;
      found.set(folder, fault);
    }
  }
  return found;
}

/** Returns the parameters of a folder: path, basename and segments. */
export function pathParameters(folder: string): { path: string; basename: string; segments: string[] } {
  const segments = folder.split("/");
  return { path: folder, basename: segments.at(-1) ?? "", segments };
}

function isHidden(folder: string): boolean {
  return folder.split("/").some((part) => part.startsWith("."));
}
