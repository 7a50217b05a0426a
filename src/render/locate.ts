import type { GitSnapshot, TreeFile, TreeLimits } from "../git/engine.js";
import { closest } from "./closest.js";
import { PathNotFoundError } from "./render-error.js";
import { joinPath, nameOf, normalisePath, parentOf, type RepositoryPath } from "./repository-path.js";

/** The files that a source may take from. */
export interface LocatedSource {
  /** Folder that the paths of `files` are relative to. */
  readonly folder: RepositoryPath;
  readonly files: readonly TreeFile[];
  /** True when `source.path` names one file: that file is meant, whatever `include` and `exclude` say. */
  readonly singleFile: boolean;
}

/**
 * Finds what stands at `path` in a commit: all files of a folder, or one file.
 *
 * @throws PathNotFoundError naming the path, the commit and the nearest thing that is there.
 */
export async function locate(snapshot: GitSnapshot, path: string, limits: TreeLimits): Promise<LocatedSource> {
  const wanted = normalisePath(path);
  const entry = await snapshot.treeAt(wanted);
  switch (entry?.kind) {
    case "tree":
      return { folder: wanted, files: await snapshot.listFiles(entry.id, limits), singleFile: false };
    case "file":
      return {
        folder: parentOf(wanted),
        files: [{ path: nameOf(wanted), blob: entry.id, kind: "file" }],
        singleFile: true,
      };
    case "symlink":
      throw new PathNotFoundError(`${at(snapshot, wanted)} is a symbolic link; set source.path to what it points to`);
    case "submodule":
      throw new PathNotFoundError(`${at(snapshot, wanted)} is a submodule; make a GitRepository for it and use that`);
    case undefined:
      throw new PathNotFoundError(`${at(snapshot, wanted)} does not exist${await nearest(snapshot, wanted, limits)}`);
  }
}

function at(snapshot: GitSnapshot, path: RepositoryPath): string {
  return `source.path ${JSON.stringify(path)} in commit ${snapshot.commit.id.slice(0, 12)}`;
}

/** A hint: the entry most like the missing one in the deepest folder that exists, or what that folder holds. */
async function nearest(snapshot: GitSnapshot, path: RepositoryPath, limits: TreeLimits): Promise<string> {
  let missing = path;
  while (missing !== "") {
    const folder = parentOf(missing);
    const entry = await snapshot.treeAt(folder);
    if (entry?.kind === "tree") {
      const names = await childrenOf(snapshot, entry.id, limits);
      const best = closest(nameOf(missing), names);
      if (best !== undefined) return `; did you mean ${JSON.stringify(joinPath(folder, best))}?`;
      const shown = names.slice(0, 5).map((name) => JSON.stringify(joinPath(folder, name)));
      return shown.length === 0 ? "; the repository is empty there" : `; there is ${shown.join(", ")}`;
    }
    if (entry) return `; ${JSON.stringify(folder)} is a ${entry.kind}`;
    missing = folder;
  }
  return "";
}

async function childrenOf(snapshot: GitSnapshot, tree: string, limits: TreeLimits): Promise<string[]> {
  try {
    const files = await snapshot.listFiles(tree, limits);
    return [...new Set(files.map((file) => file.path.split("/", 1)[0] ?? ""))].filter((name) => !name.startsWith("."));
  } catch {
    return [];
  }
}
