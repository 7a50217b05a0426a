import type { CommitInfo, GitSnapshot, TreeEntry, TreeFile, TreeLimits } from "../engine.js";
import { GitError, isGitError } from "../errors.js";
import type { GitObject, ObjectType } from "../pack/entry.js";
import { invalidTree, isSafeName, type ParsedTree, parseTree, type TreeRow } from "../tree.js";
import type { ReadCaches } from "./read-caches.js";
import type { Store } from "./store.js";

/** Reads a verified commit out of a store. */
export class StoreSnapshot implements GitSnapshot {
  readonly commit: CommitInfo;
  readonly #root: string;
  readonly #store: Store;
  readonly #caches: ReadCaches;

  constructor(commit: CommitInfo, root: string, store: Store, caches: ReadCaches) {
    this.commit = commit;
    this.#root = root;
    this.#store = store;
    this.#caches = caches;
  }

  /** As the contract says. Throws `GIT_PATH_UNSAFE` for a path that leaves the repository or is none of Git's. */
  async treeAt(path: string): Promise<TreeEntry | undefined> {
    let at: TreeEntry = { id: this.#root, kind: "tree" };
    for (const name of segments(path)) {
      if (at.kind !== "tree") return undefined;
      const row = (await this.#tree(at.id)).rows.find((candidate) => candidate.name === name);
      if (row === undefined) return undefined;
      at = { id: row.id, kind: row.kind === "executable" ? "file" : row.kind };
    }
    return at;
  }

  /** As the contract says. Throws `GIT_TREE_TOO_LARGE`, `GIT_TREE_INVALID` or `GIT_PATH_UNSAFE`, all terminal. */
  async listFiles(tree: string, limits: TreeLimits): Promise<readonly TreeFile[]> {
    const files: TreeFile[] = [];
    await this.#list(tree, "", 1, limits, files);
    return files;
  }

  /** As the contract says. Throws `GIT_OBJECT_NOT_FOUND` when the commit has no such file. */
  async readBlob(blob: string): Promise<Uint8Array> {
    return (await this.#read(blob, "blob")).content;
  }

  async #list(tree: string, prefix: string, depth: number, limits: TreeLimits, files: TreeFile[]): Promise<void> {
    if (depth > limits.maxDepth) {
      throw tooLarge(`directories are nested more than ${limits.maxDepth} deep at ${shown(prefix)}`);
    }
    for (const { name, id, kind } of await this.#soundRows(tree, prefix)) {
      if (!isSafeName(name)) throw unsafe(`the name ${shown(name)} in ${shown(prefix)}`);
      if (kind === "tree") await this.#list(id, `${prefix}${name}/`, depth + 1, limits, files);
      else if (files.length >= limits.maxFiles) throw tooLarge(`there are more than ${limits.maxFiles} files`);
      else files.push({ path: prefix + name, blob: id, kind });
    }
  }

  async #soundRows(tree: string, prefix: string): Promise<readonly TreeRow[]> {
    const { rows, flaw } = await this.#tree(tree);
    if (flaw !== undefined) throw invalidTree(tree, `${flaw} (directory ${shown(prefix)})`);
    return rows;
  }

  async #tree(id: string): Promise<ParsedTree> {
    this.#caches.touch();
    const known = this.#caches.trees.get(id);
    if (known !== undefined) return known;
    const parsed = parseTree((await this.#read(id, "tree")).content, id);
    this.#caches.trees.set(id, parsed);
    return parsed;
  }

  async #read(id: string, type: ObjectType): Promise<GitObject> {
    this.#caches.touch();
    const object = await readOrHeal(this.#store, id);
    if (object?.type === type) return object;
    if ((await this.#store.record(this.commit.id)) === undefined) throw damaged(`commit ${this.commit.id}`);
    throw new GitError("GIT_OBJECT_NOT_FOUND", `commit ${this.commit.id} has no ${type} ${id}`);
  }
}

/**
 * The object `id`; undefined when no pack holds it. When a pack cannot be read, the disk has changed under us (or the store
 * was packed anew this moment): the store is checked, drops what is damaged, and is asked once more. Throws
 * `GIT_STORE_DAMAGED`, after which `open` does not find the commit any more and `fetch` brings it again.
 */
export async function readOrHeal(store: Store, id: string): Promise<GitObject | undefined> {
  try {
    return await (await store.packs()).read(id);
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  await store.heal();
  try {
    return await (await store.packs()).read(id);
  } catch (error) {
    throw isDamage(error) ? damaged(`object ${id}`, error) : error;
  }
}

/** The error for what was verified once and is there no more: a fetch mends it. */
export function damaged(what: string, cause?: unknown): GitError {
  const message = `${what} is not whole in the cache any more; it will be fetched again`;
  return new GitError("GIT_STORE_DAMAGED", message, { cause });
}

/** What a damaged pack or index throws: our own check, or the file system for a file that is gone or cannot be read. */
export function isDamage(error: unknown): boolean {
  return isGitError(error, "GIT_PACK_CORRUPT") || (error instanceof Error && "syscall" in error);
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
function shown(path: string | undefined): string {
  if (path === undefined) return "(not UTF-8)";
  return JSON.stringify(path === "" ? "." : path.slice(0, 200).replace(/\p{C}/gu, "?"));
}

function unsafe(what: string): GitError {
  return new GitError("GIT_PATH_UNSAFE", `refused ${what}`);
}

function tooLarge(what: string): GitError {
  return new GitError("GIT_TREE_TOO_LARGE", `${what}: name a smaller directory in path`);
}
