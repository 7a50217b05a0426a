import type { GitSnapshot, TreeFile } from "../git/engine.js";
import type { RenderProblem } from "./render-error.js";
import type { RendererInput } from "./renderer.js";
import { joinPath, nameOf, type RepositoryPath, resolveTarget } from "./repository-path.js";
import type { Note } from "./request.js";

/** A file of manifests to read. */
export interface ManifestFile {
  /** Path in the repository: what messages show. */
  readonly file: RepositoryPath;
  /** Object id of the content. */
  readonly blob: string;
}

/** The files to read, and what is to be said about the others. */
export interface ManifestFiles {
  readonly files: readonly ManifestFile[];
  readonly notes: readonly Note[];
  readonly problems: readonly RenderProblem[];
}

/** A symbolic link in Git holds a path; what is longer is none. */
const MAX_TARGET = 4096;
const MAX_HOPS = 8;

/**
 * Picks the manifests among the selected files: `.yaml`, `.yml` and `.json`. Symbolic links are followed within the
 * source only; one that leads out of it is an error, because Git content is not to be trusted and the file it means is
 * not here.
 */
export async function pickManifestFiles({
  snapshot,
  folder,
  files,
  selected,
  anyName,
}: Pick<RendererInput, "snapshot" | "folder" | "files" | "selected" | "anyName">): Promise<ManifestFiles> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const chosen = new Set(selected.filter((file) => isManifest(file)).map((file) => file.path));
  const picked: ManifestFile[] = [];
  const notes: Note[] = [];
  const problems: RenderProblem[] = [];
  for (const entry of selected) {
    const file = joinPath(folder, entry.path);
    const origin = { file, line: 1 };
    if (entry.kind === "submodule") notes.push({ message: "submodules are not read; it is left out", origin });
    if (entry.kind === "symlink" && !nameOf(entry.path).includes(".")) {
      notes.push({ message: "symbolic links to folders are not followed; it is left out", origin });
    }
    if (entry.kind === "submodule" || !(anyName || isManifest(entry))) continue;
    if (entry.kind !== "symlink") {
      picked.push({ file, blob: entry.blob });
      continue;
    }
    const target = await followLink(entry, byPath, snapshot);
    if (typeof target === "string") problems.push({ origin, message: target });
    else if (chosen.has(target.path))
      notes.push({ message: `is a link to ${target.path}, which is read itself`, origin });
    else picked.push({ file, blob: target.blob });
  }
  return { files: picked, notes, problems };
}

function isManifest(file: TreeFile): boolean {
  return /\.(?:yaml|yml|json)$/.test(file.path);
}

/** The regular file at the end of a chain of links within the source; otherwise what is wrong. */
export async function followLink(
  link: TreeFile,
  byPath: ReadonlyMap<string, TreeFile>,
  snapshot: Pick<GitSnapshot, "readBlob">,
): Promise<TreeFile | string> {
  let current = link;
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    const bytes = await snapshot.readBlob(current.blob);
    const text = bytes.length > MAX_TARGET ? "" : new TextDecoder().decode(bytes);
    const target = text === "" ? undefined : resolveTarget(current.path, text);
    if (target === undefined) return `the symbolic link leads out of the source path, to ${JSON.stringify(text)}`;
    const next = byPath.get(target);
    if (next === undefined) return `the symbolic link leads to ${JSON.stringify(target)}, where no file is`;
    if (next.kind === "submodule") return `the symbolic link leads to the submodule ${JSON.stringify(target)}`;
    if (next.kind !== "symlink") return next;
    current = next;
  }
  return `the symbolic link leads over more than ${MAX_HOPS} others, or to itself`;
}
