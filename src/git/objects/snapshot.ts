import type { CommitInfo, CommitSnapshot, TreeEntry, TreeFile, TreeLimits } from "../engine.js";
import { GitError } from "../errors.js";
import type { ParsedCommit } from "./commit.js";
import { invalidTree, isSafeName, nameFault, type ParsedTree, type TreeRow } from "./tree.js";

/** Object source of a snapshot. */
export interface SnapshotSource {
  /** Returns the tree `id`. Throws if it does not exist. */
  readTree(id: string): Promise<ParsedTree>;
  /** Returns the content of the blob `id`. Throws if it does not exist. */
  readBlob(id: string): Promise<Buffer>;
  /** Makes all trees below the tree `id` available, for sources that do not have them all. */
  prepareTrees?(id: string): Promise<void>;
  /** Makes blobs available, for sources that do not have them all. */
  prepareBlobs?(ids: readonly string[]): Promise<void>;
}

/** Read access to one verified commit, independent of where its objects are stored. */
export class TreeSnapshot implements CommitSnapshot {
  readonly commit: CommitInfo;
  readonly raw: Uint8Array;
  readonly #root: string;
  readonly #source: SnapshotSource;

  constructor({ info, tree, raw }: ParsedCommit, source: SnapshotSource) {
    this.commit = info;
    this.raw = raw;
    this.#root = tree;
    this.#source = source;
  }

  /** See `GitSnapshot.treeAt`. Throws `GIT_PATH_UNSAFE` for a path outside the repository or not valid in Git. */
  async treeAt(path: string): Promise<TreeEntry | undefined> {
    let at: TreeEntry = { id: this.#root, kind: "tree" };
    for (const name of segments(path)) {
      if (at.kind !== "tree") return undefined;
      const row = (await this.#source.readTree(at.id)).rows.find((candidate) => candidate.name === name);
      if (row === undefined) return undefined;
      at = { id: row.id, kind: row.kind === "executable" ? "file" : row.kind };
    }
    return at;
  }

  /** See `GitSnapshot.listFiles`. Throws `GIT_TREE_TOO_LARGE` or `GIT_TREE_INVALID`, both terminal. */
  async listFiles(tree: string, limits: TreeLimits): Promise<readonly TreeFile[]> {
    const listed: Listed = { files: [], directories: 0 };
    await this.#source.prepareTrees?.(tree);
    await this.#list({ tree, prefix: "", depth: 1 }, limits, listed);
    return listed.files;
  }

  /** See `GitSnapshot.listNames`. */
  async listNames(tree: string): Promise<readonly string[]> {
    const { rows } = await this.#source.readTree(tree);
    return rows.flatMap(({ name }) => (isSafeName(name) ? [name] : []));
  }

  /** See `GitSnapshot.readBlob`. Throws `GIT_OBJECT_NOT_FOUND` if the commit has no such file. */
  readBlob(blob: string): Promise<Uint8Array> {
    return this.#source.readBlob(blob);
  }

  /** See `GitSnapshot.prepare`. */
  async prepare(blobs: readonly string[]): Promise<void> {
    await this.#source.prepareBlobs?.(blobs);
  }

  async #list(folder: Folder, limits: TreeLimits, listed: Listed): Promise<void> {
    const { tree, prefix, depth } = folder;
    const { files } = listed;
    // A few trees that contain each other many times stand for any number of directories.
    if (listed.directories++ > limits.maxFiles + limits.maxDepth) throw tooMany("directories", limits);
    if (depth > limits.maxDepth) {
      throw tooLarge(`directories are nested more than ${limits.maxDepth} levels deep at ${shown(prefix)}`);
    }
    for (const { name, text, id, kind } of await this.#soundRows(tree, prefix)) {
      const why = nameFault(name);
      // Unusable names are still listed: only the source decides whether it selects them.
      const path = prefix + (why === undefined ? text : text.replace(/\p{C}/gu, "\ufffd"));
      const fault = folder.fault ?? (why && `the name ${shown(text)} in the folder ${shown(prefix)} ${why}`);
      if (kind === "tree") {
        await this.#list({ tree: id, prefix: `${path}/`, depth: depth + 1, ...(fault && { fault }) }, limits, listed);
      } else if (files.length >= limits.maxFiles) throw tooMany("files", limits);
      else files.push({ path, blob: id, kind, ...(fault && { fault }) });
    }
  }

  async #soundRows(tree: string, prefix: string): Promise<readonly TreeRow[]> {
    const { rows, flaw } = await this.#source.readTree(tree);
    if (flaw !== undefined) throw invalidTree(tree, `${flaw} (directory ${shown(prefix)})`);
    return rows;
  }
}

/** A folder being listed. */
interface Folder {
  readonly tree: string;
  /** Prefix of the paths in it. */
  readonly prefix: string;
  readonly depth: number;
  /** Fault of a name in the path to it. */
  readonly fault?: string;
}

/** What a listing has found so far. */
interface Listed {
  readonly files: TreeFile[];
  directories: number;
}

/** Splits a path into names; `.` and duplicate or trailing slashes are ignored. */
function segments(path: string): string[] {
  if (path.startsWith("/") || path.includes("\\") || path.includes("\0")) {
    throw unsafe(path, "must be relative to the repository and use / as separator");
  }
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  if (!names.every(isSafeName)) throw unsafe(path, "must stay within the repository and outside .git");
  return names;
}

/** Formats a name or path for messages: quoted, truncated, without control characters. */
function shown(path: string): string {
  return JSON.stringify(path === "" ? "." : path.slice(0, 200).replace(/\/$/, "").replace(/\p{C}/gu, "?"));
}

function unsafe(path: string, rule: string): GitError {
  return new GitError("GIT_PATH_UNSAFE", `invalid path ${shown(path)}: it ${rule}`);
}

function tooMany(what: string, { maxFiles }: TreeLimits): GitError {
  return tooLarge(`there are more than ${maxFiles} ${what}`, ", or raise the operator flag --max-source-files");
}

function tooLarge(what: string, remedy = ""): GitError {
  return new GitError("GIT_TREE_TOO_LARGE", `${what}: set path to a smaller directory${remedy}`);
}
