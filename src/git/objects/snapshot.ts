import type { CommitInfo, GitSnapshot, TreeEntry, TreeFile, TreeLimits } from "../engine.js";
import { GitError } from "../errors.js";
import { invalidTree, isSafeName, nameFault, type ParsedTree, type TreeRow } from "./tree.js";

/** Where a snapshot reads from. */
export interface SnapshotSource {
  /** The tree `id`. Throws when it is not there. */
  readTree(id: string): Promise<ParsedTree>;
  /** The content of the blob `id`. Throws when it is not there. */
  readBlob(id: string): Promise<Buffer>;
}

/** Read access to one verified commit, whoever holds its objects. */
export class TreeSnapshot implements GitSnapshot {
  readonly commit: CommitInfo;
  readonly #root: string;
  readonly #source: SnapshotSource;

  constructor(commit: CommitInfo, root: string, source: SnapshotSource) {
    this.commit = commit;
    this.#root = root;
    this.#source = source;
  }

  /** As the contract says. Throws `GIT_PATH_UNSAFE` for a path that leaves the repository or is none of Git's. */
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

  /** As the contract says. Throws `GIT_TREE_TOO_LARGE` or `GIT_TREE_INVALID`, both terminal. */
  async listFiles(tree: string, limits: TreeLimits): Promise<readonly TreeFile[]> {
    const files: TreeFile[] = [];
    await this.#list({ tree, prefix: "", depth: 1 }, limits, files);
    return files;
  }

  /** As the contract says. */
  async listNames(tree: string): Promise<readonly string[]> {
    const { rows } = await this.#source.readTree(tree);
    return rows.flatMap(({ name }) => (isSafeName(name) ? [name] : []));
  }

  /** As the contract says. Throws `GIT_OBJECT_NOT_FOUND` when the commit has no such file. */
  readBlob(blob: string): Promise<Uint8Array> {
    return this.#source.readBlob(blob);
  }

  async #list(folder: Folder, limits: TreeLimits, files: TreeFile[]): Promise<void> {
    const { tree, prefix, depth } = folder;
    if (depth > limits.maxDepth) {
      throw tooLarge(`directories are nested more than ${limits.maxDepth} deep at ${shown(prefix)}`);
    }
    for (const { name, text, id, kind } of await this.#soundRows(tree, prefix)) {
      const why = nameFault(name);
      // What cannot be used is still listed: only the source can tell whether it is meant.
      const path = prefix + (why === undefined ? text : text.replace(/\p{C}/gu, "\ufffd"));
      const fault = folder.fault ?? (why && `the name ${shown(text)} in the folder ${shown(prefix)} ${why}`);
      if (kind === "tree") {
        await this.#list({ tree: id, prefix: `${path}/`, depth: depth + 1, ...(fault && { fault }) }, limits, files);
      } else if (files.length >= limits.maxFiles) {
        throw tooLarge(`there are more than ${limits.maxFiles} files`, ", or raise --max-source-files of the operator");
      } else files.push({ path, blob: id, kind, ...(fault && { fault }) });
    }
  }

  async #soundRows(tree: string, prefix: string): Promise<readonly TreeRow[]> {
    const { rows, flaw } = await this.#source.readTree(tree);
    if (flaw !== undefined) throw invalidTree(tree, `${flaw} (directory ${shown(prefix)})`);
    return rows;
  }
}

/** A folder that is being listed. */
interface Folder {
  readonly tree: string;
  /** Before the names in it. */
  readonly prefix: string;
  readonly depth: number;
  /** What is wrong with a name on the way to it. */
  readonly fault?: string;
}

/** The names along a path; `.` and doubled or trailing slashes mean nothing. */
function segments(path: string): string[] {
  if (path.startsWith("/") || path.includes("\\") || path.includes("\0")) {
    throw unsafe(`the path ${shown(path)}: it must be relative to the repository, with / between names`);
  }
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  if (!names.every(isSafeName)) throw unsafe(`the path ${shown(path)}: it must not leave the repository or name .git`);
  return names;
}

/** A name or path for people: quoted, cut, without what a terminal would act upon. */
function shown(path: string): string {
  return JSON.stringify(path === "" ? "." : path.slice(0, 200).replace(/\/$/, "").replace(/\p{C}/gu, "?"));
}

function unsafe(what: string): GitError {
  return new GitError("GIT_PATH_UNSAFE", `refused ${what}`);
}

function tooLarge(what: string, remedy = ""): GitError {
  return new GitError("GIT_TREE_TOO_LARGE", `${what}: name a smaller directory in path${remedy}`);
}
