import type { GitSnapshot, TreeEntry, TreeLimits } from "../git/engine.js";
import { closest } from "./closest.js";
import { followLinks, resolvePath, type SourceFile } from "./links.js";
import { PathNotFoundError } from "./render-error.js";
import { joinPath, nameOf, normalisePath, parentOf, type RepositoryPath } from "./repository-path.js";
import type { SourceSelection } from "./request.js";
import { leavesOut } from "./select.js";

/** What stands at the path of a source, symbolic links on the way followed. */
export interface SourcePlace {
  /** As the source names it. */
  readonly wanted: RepositoryPath;
  /** Where it is. */
  readonly path: RepositoryPath;
  readonly entry: TreeEntry & { readonly kind: "tree" | "file" };
}

/** The files that a source may take from. */
export interface LocatedSource {
  /** Folder that the paths of `files` are relative to. */
  readonly folder: RepositoryPath;
  readonly files: readonly SourceFile[];
  /** True when `source.path` names one file: that file is meant, whatever `include` and `exclude` say. */
  readonly singleFile: boolean;
}

/**
 * Finds what stands at the path of a source in a commit. Symbolic links are followed within the repository.
 *
 * @throws PathNotFoundError naming the path and the nearest thing that is there.
 */
export async function findPlace(
  snapshot: GitSnapshot,
  sourcePath: string,
  field: "source.path" | "source.overlay" = "source.path",
): Promise<SourcePlace> {
  const wanted = normalisePath(sourcePath);
  const at = `${field} ${JSON.stringify(wanted)}`;
  const end = await resolvePath(snapshot, wanted);
  if (end.kind === "fault") throw new PathNotFoundError(`${at}: a symbolic link on it ${end.message}`);
  if (end.kind === "missing") {
    const where = end.path === wanted ? "" : `; a symbolic link leads to ${JSON.stringify(end.path)}`;
    throw new PathNotFoundError(`${at} does not exist${where}${await nearest(snapshot, end.path)}`);
  }
  const { entry, path } = end;
  if (entry.kind === "submodule") {
    throw new PathNotFoundError(
      `${at} is a submodule: set recurseSubmodules of the GitRepository, or make a GitRepository for it`,
    );
  }
  return { wanted, path, entry: { id: entry.id, kind: entry.kind === "tree" ? "tree" : "file" } };
}

/** All files of a folder with what its symbolic links lead to, or the one file that the source names. */
export async function listSource(
  snapshot: GitSnapshot,
  { path, entry }: SourcePlace,
  source: SourceSelection,
  limits: TreeLimits,
): Promise<LocatedSource> {
  if (entry.kind !== "tree") {
    return { folder: parentOf(path), files: [{ path: nameOf(path), blob: entry.id, kind: "file" }], singleFile: true };
  }
  const files = await snapshot.listFiles(entry.id, limits);
  const isLeftOut = leavesOut(source);
  return { folder: path, files: await followLinks(path, files, { snapshot, limits, isLeftOut }), singleFile: false };
}

/** A hint: the entry most like the missing one in the deepest folder that exists, or what that folder holds. */
async function nearest(snapshot: GitSnapshot, path: RepositoryPath): Promise<string> {
  let missing = path;
  while (missing !== "") {
    const folder = parentOf(missing);
    const entry = await snapshot.treeAt(folder);
    if (entry?.kind === "tree") {
      const names = (await snapshot.listNames(entry.id)).filter((name) => !name.startsWith("."));
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
