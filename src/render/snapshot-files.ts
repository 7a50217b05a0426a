import type { GitSnapshot } from "../git/engine.js";
import { isGitError } from "../git/errors.js";
import { recognizePointer } from "../manifest/recognize.js";
import type { Reads } from "./reads.js";
import { RenderError } from "./render-error.js";
import { joinPath, nameOf, parentOf, type RepositoryPath, resolveTarget } from "./repository-path.js";

/** A symbolic link in Git holds a path; a longer one is none. */
const MAX_TARGET = 4096;
/** Bytes of a kustomization, a Chart.yaml and the like: they are parsed on the main thread. */
const MAX_SETTINGS = 2 ** 20;
/** Bytes of all these files of one source, each as often as it is read. */
const MAX_ALL_SETTINGS = 8 * 2 ** 20;
/** Links over which one path leads. */
const MAX_HOPS = 8;

/** What stands at a path once links are followed. */
export type Found =
  | { readonly kind: "file"; readonly path: RepositoryPath; readonly blob: string }
  | { readonly kind: "folder"; readonly path: RepositoryPath; readonly tree: string }
  | { readonly kind: "missing" }
  | { readonly kind: "fault"; readonly message: string };

/**
 * Collects the files of a commit that a render reads: each lookup of a path is recorded, also one that finds nothing, so
 * that another commit can be compared; what was found is what the private copy for a child is made of.
 */
export class SnapshotFiles {
  readonly snapshot: GitSnapshot;
  readonly #reads = new Map<RepositoryPath, string>();
  readonly #files = new Map<RepositoryPath, string>();
  readonly #links = new Map<RepositoryPath, string>();
  /** Bytes of files that `read` has read. */
  #read = 0;

  constructor(snapshot: GitSnapshot) {
    this.snapshot = snapshot;
  }

  /** All looks so far. */
  get reads(): Reads {
    return this.#reads;
  }

  /** Blobs of the files to copy, by where they go. A link to a file is copied as that file. */
  get files(): ReadonlyMap<RepositoryPath, string> {
    return this.#files;
  }

  /** Symbolic links to folders of the repository, which are copied as links, with their targets. */
  get links(): ReadonlyMap<RepositoryPath, string> {
    return this.#links;
  }

  /** Takes a file into the copy that was found in another way. */
  add(path: RepositoryPath, blob: string): void {
    this.#files.set(path, blob);
  }

  /** Remembers a look that was made in another way: what stands at a path has this id. */
  note(path: RepositoryPath, id: string): void {
    this.#reads.set(path, id);
  }

  /** Looks for a file or folder, following links within the repository. A file that is found is part of the copy. */
  async find(path: RepositoryPath): Promise<Found> {
    try {
      return await this.#find(path);
    } catch (error) {
      if (!isGitError(error, "GIT_PATH_UNSAFE")) throw error;
      return { kind: "fault", message: `${JSON.stringify(path)} holds a name that cannot be used` };
    }
  }

  /**
   * The text of a file that says how a source is rendered.
   *
   * @throws RenderError when it is too large to be such a file, or all together are, or when it is a pointer of Git LFS.
   */
  async read(file: RepositoryPath, blob: string): Promise<string> {
    const bytes = await this.snapshot.readBlob(blob);
    const message = recognizePointer(bytes);
    if (message !== undefined) throw new RenderError([{ origin: { file, line: 1 }, message }]);
    const refuse = (what: string): RenderError => new RenderError([{ origin: { file }, message: what }]);
    if (bytes.length > MAX_SETTINGS) throw refuse(`the file is larger than ${MAX_SETTINGS} bytes: split it`);
    this.#read += bytes.length;
    if (this.#read <= MAX_ALL_SETTINGS) return new TextDecoder().decode(bytes);
    throw refuse(
      `with this file, what says how the source is rendered is larger than ${MAX_ALL_SETTINGS} bytes: split the source`,
    );
  }

  async #find(path: RepositoryPath): Promise<Found> {
    const folder = path === "" ? "" : await this.#folder(parentOf(path));
    if (typeof folder !== "string") return folder;
    const here = path === "" ? "" : joinPath(folder, nameOf(path));
    let at = here;
    for (let hop = 0; hop <= MAX_HOPS; hop++) {
      const entry = await this.#look(at);
      if (entry === undefined) return { kind: "missing" };
      if (entry.kind === "submodule") return fault(`${JSON.stringify(at)} is a submodule, which is not read`);
      if (entry.kind === "tree") {
        if (at !== here) this.#links.set(here, relativePath(parentOf(here), at));
        return { kind: "folder", path: at, tree: entry.id };
      }
      if (entry.kind === "file") {
        this.#files.set(here, entry.id);
        return { kind: "file", path: here, blob: entry.id };
      }
      const target = await this.#target(at, entry.id);
      if (target === undefined) return fault(`the symbolic link ${JSON.stringify(at)} leads out of the repository`);
      const parent = await this.#folder(parentOf(target));
      if (typeof parent !== "string") return parent;
      at = target === "" ? "" : joinPath(parent, nameOf(target));
    }
    return fault(`${JSON.stringify(path)} leads over more than ${MAX_HOPS} symbolic links, or to itself`);
  }

  /** Where a folder really is; links on the way become part of the copy. */
  async #folder(
    path: RepositoryPath,
    depth = 0,
  ): Promise<RepositoryPath | Exclude<Found, { kind: "file" | "folder" }>> {
    let at = "";
    for (const name of path === "" ? [] : path.split("/")) {
      const next = joinPath(at, name);
      const entry = await this.#look(next);
      if (entry === undefined) return { kind: "missing" };
      if (entry.kind === "tree") at = next;
      else if (entry.kind !== "symlink") return { kind: "missing" };
      else {
        const target = depth < MAX_HOPS ? await this.#target(next, entry.id) : undefined;
        if (target === undefined) return fault(`the symbolic link ${JSON.stringify(next)} leads out of the repository`);
        const real = await this.#folder(target, depth + 1);
        if (typeof real !== "string") return real;
        this.#links.set(next, relativePath(at, real));
        at = real;
      }
    }
    return at;
  }

  async #look(path: RepositoryPath) {
    const entry = await this.snapshot.treeAt(path);
    // A folder's id would change with all that is in it: what is read there is recorded separately.
    if (entry?.kind !== "tree") this.#reads.set(path, entry?.id ?? "");
    return entry;
  }

  async #target(link: RepositoryPath, blob: string): Promise<RepositoryPath | undefined> {
    const bytes = await this.snapshot.readBlob(blob);
    return bytes.length > MAX_TARGET ? undefined : resolveTarget(link, new TextDecoder().decode(bytes));
  }
}

/** The way from one folder to another path. */
export function relativePath(from: RepositoryPath, to: RepositoryPath): string {
  const [a, b] = [from === "" ? [] : from.split("/"), to === "" ? [] : to.split("/")];
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  return [...a.slice(same).map(() => ".."), ...b.slice(same)].join("/") || ".";
}

function fault(message: string): { kind: "fault"; message: string } {
  return { kind: "fault", message };
}
