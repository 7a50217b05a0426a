import type { SourceFile } from "./links.js";
import type { RenderProblem } from "./render-error.js";
import type { RendererInput } from "./renderer.js";
import { joinPath, type RepositoryPath } from "./repository-path.js";
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
  /** Why objects may be missing that the source still wants; undefined where all of it was read. */
  readonly unread: string | undefined;
}

/** What lets deletions go on that a link holds up. */
const UNTIL_READ = "until the link is corrected or removed, or excluded with source.exclude";

/** The same for a submodule: an earlier commit, or earlier settings of the repository, may have had manifests in its place. */
const UNTIL_RECURSED =
  "until recurseSubmodules of the GitRepository is set to read it, or it is excluded with source.exclude";

/**
 * Picks the manifests among the selected files: `.yaml`, `.yml` and `.json`. A name or a link that cannot be used is an
 * error of a file that is meant, and of no other. Each file of the repository is read once, however many links lead to it.
 */
export function pickManifestFiles({
  folder,
  selected,
  anyName,
}: Pick<RendererInput, "folder" | "selected" | "anyName">): ManifestFiles {
  const isMeant = (file: SourceFile): boolean => anyName || isManifest(file);
  const read = new Map<RepositoryPath, string>();
  for (const { path, ...rest } of selected) {
    if (rest.linked === undefined && isMeant({ path, ...rest })) read.set(joinPath(folder, path), path);
  }
  const picked: ManifestFile[] = [];
  const notes: Note[] = [];
  const problems: RenderProblem[] = [];
  let unread: string | undefined;
  for (const entry of selected) {
    const { fault, linked, blocking = false } = entry;
    const file = joinPath(folder, entry.path);
    const origin = { file, line: 1 };
    if (entry.kind === "submodule") {
      const submodule = unreadSubmodule(file);
      unread ??= submodule.unread;
      notes.push(submodule.note);
    } else if (fault !== undefined && (blocking || isMeant(entry))) {
      problems.push({ origin, message: `${fault}; ${remedyFor(entry)}` });
    } else if (fault !== undefined && entry.unread) {
      unread ??= `${file}: ${fault}; nothing is pruned ${UNTIL_READ}`;
      notes.push({ message: `${fault}; it is ignored, and nothing is pruned ${UNTIL_READ}`, origin });
    } else if (fault !== undefined && entry.kind === "symlink") {
      notes.push({ message: `${fault}; it is ignored`, origin });
    } else if (isMeant(entry)) {
      const first = linked === undefined ? undefined : read.get(linked);
      if (linked !== undefined) read.set(linked, first ?? entry.path);
      if (first === undefined) picked.push({ file, blob: entry.blob });
      else notes.push({ message: `is a link to ${first}, which is read itself`, origin });
    }
  }
  return { files: picked, notes, problems, unread };
}

/** What is to be said about a submodule, and why nothing is pruned meanwhile. */
export function unreadSubmodule(file: RepositoryPath): { readonly note: Note; readonly unread: string } {
  const message = `submodules are not read; it is ignored, and nothing is pruned ${UNTIL_RECURSED}`;
  return { note: { message, origin: { file, line: 1 } }, unread: `${file}: ${message}` };
}

function remedyFor({ kind }: SourceFile): string {
  return `${kind === "symlink" ? "remove the link" : "rename it"}, or leave it out with source.exclude`;
}

/** Whether a file is read as manifests, by its name. */
export function isManifest(file: Pick<SourceFile, "path">): boolean {
  return /\.(?:yaml|yml|json)$/.test(file.path);
}
