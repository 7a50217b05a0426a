import type { TreeLimits } from "../../git/engine.js";
import { MARKERS } from "../detect.js";
import { joinPath, nameOf, parentOf, type RepositoryPath } from "../repository-path.js";
import type { SourceSelection } from "../request.js";
import { selectFiles } from "../select.js";
import type { SnapshotFiles } from "../snapshot-files.js";

/** What a kustomization is generated from. */
export interface GenerateOptions {
  readonly source: SourceSelection;
  readonly limits: TreeLimits;
}

/** The resources of a folder without a kustomization. */
export interface GeneratedResources {
  /** ID of the folder's tree. */
  readonly tree: string;
  /** Paths relative to the folder, sorted. */
  readonly resources: readonly string[];
  /** Submodules below it, which are not read. Paths in the repository. */
  readonly submodules: readonly RepositoryPath[];
}

/**
 * Lists what the kustomization that Flux generates for a folder names: each file below it that ends in `.yaml` or `.yml`, and each folder
 * with a kustomization of its own instead of its files. Hidden files, and those that the source excludes, are ignored.
 */
export async function resourcesBelow(
  { snapshot }: SnapshotFiles,
  folder: RepositoryPath,
  { source, limits }: GenerateOptions,
): Promise<GeneratedResources> {
  const entry = await snapshot.treeAt(folder);
  if (entry?.kind !== "tree") return { tree: "", resources: [], submodules: [] };
  const selected = selectFiles(await snapshot.listFiles(entry.id, limits), source);
  const files = selected.filter(({ kind }) => kind !== "submodule");
  const kustomized = new Set(
    files.flatMap(({ path }) => (MARKERS.get(nameOf(path)) === "kustomize" ? [parentOf(path)] : [])),
  );
  const resources = files.flatMap(({ path }) => {
    const top = foldersAbove(path).find((one) => kustomized.has(one));
    return top ?? (/\.ya?ml$/.test(path) ? path : []);
  });
  const submodules = selected.flatMap(({ path, kind }) => (kind === "submodule" ? [joinPath(folder, path)] : []));
  return { tree: entry.id, resources: [...new Set(resources)].sort(), submodules };
}

/** Folders that a path is in, topmost first. */
function foldersAbove(path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join("/"));
}
