import type { GitRemote, GitSnapshot, TreeEntry, TreeFile, TreeLimits } from "../engine.js";
import { GitError, type GitErrorCode } from "../errors.js";
import { GITMODULES, parseGitmodules, type SubmoduleEntry } from "./gitmodules.js";

/** How deep submodules may be nested. */
const MAX_DEPTH = 8;
/** Submodules that one snapshot may open. */
const MAX_SUBMODULES = 100;
const MAX_GITMODULES_BYTES = 256 * 1024;

/** A commit of a repository, and where its submodules are. */
export interface SubmoduleParent {
  readonly remote: GitRemote;
  readonly snapshot: GitSnapshot;
}

/** Fetches and opens the submodule `entry` of `parent` at `commit`. */
export type OpenSubmodule = (parent: GitRemote, entry: SubmoduleEntry, commit: string) => Promise<SubmoduleParent>;

/** A repository in the tree of snapshots. */
interface Node extends SubmoduleParent {
  readonly commit: string;
  readonly parents: readonly Node[];
  /** Path of its root in the outermost repository, with a slash at the end unless empty. */
  readonly root: string;
  entries?: readonly SubmoduleEntry[];
}

/** Where a tree was found. */
interface Place {
  readonly node: Node;
  /** Path in the repository of the node. */
  readonly path: string;
}

/**
 * A commit whose submodules are read as directories. They are fetched when something below them is read. The id of a directory that
 * contains a submodule depends on the commit of the submodule, so keys made from ids need no more.
 */
export class RecursiveSnapshot implements GitSnapshot {
  readonly commit: GitSnapshot["commit"];
  readonly #top: Node;
  readonly #open: OpenSubmodule;
  readonly #nodes = new Map<string, Promise<Node>>();
  readonly #trees = new Map<string, Place>();
  readonly #blobs = new Map<string, Node>();

  constructor(top: SubmoduleParent, open: OpenSubmodule) {
    this.commit = top.snapshot.commit;
    this.#top = { ...top, commit: top.snapshot.commit.id, parents: [], root: "" };
    this.#open = open;
  }

  /** See `GitSnapshot.treeAt`. Throws the errors of `OpenSubmodule` with the line of `.gitmodules`. */
  treeAt(path: string): Promise<TreeEntry | undefined> {
    return this.#entryAt(this.#top, path);
  }

  /** See `GitSnapshot.listFiles`. Contains the files of submodules. */
  async listFiles(tree: string, limits: TreeLimits): Promise<readonly TreeFile[]> {
    const { node, path } = this.#trees.get(tree) ?? { node: this.#top, path: "" };
    const files: TreeFile[] = [];
    let isExpanded = false;
    for (const file of await node.snapshot.listFiles(tree, limits)) {
      if (file.kind !== "submodule") {
        this.#blobs.set(file.blob, node);
        files.push(file);
        continue;
      }
      isExpanded = true;
      const inside = await this.#child(node, joined(path, file.path), file.blob);
      const root = await this.#entryAt(inside, "");
      if (root === undefined) continue;
      const rest = { ...limits, maxFiles: Math.max(0, limits.maxFiles - files.length) };
      for (const nested of await this.listFiles(root.id, rest))
        files.push({ ...nested, path: `${file.path}/${nested.path}`, ...(file.fault ? { fault: file.fault } : {}) });
    }
    // Git sorts a submodule like a file.
    return isExpanded ? files.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path))) : files;
  }

  /** See `GitSnapshot.listNames`. */
  listNames(tree: string): Promise<readonly string[]> {
    return (this.#trees.get(tree)?.node ?? this.#top).snapshot.listNames(tree);
  }

  /** See `GitSnapshot.readBlob`. */
  readBlob(blob: string): Promise<Uint8Array> {
    return (this.#blobs.get(blob) ?? this.#top).snapshot.readBlob(blob);
  }

  /** See `GitSnapshot.prepare`. */
  async prepare(blobs: readonly string[]): Promise<void> {
    const nodeOf = (blob: string): Node => this.#blobs.get(blob) ?? this.#top;
    for (const node of new Set(blobs.map(nodeOf))) {
      await node.snapshot.prepare?.(blobs.filter((blob) => nodeOf(blob) === node));
    }
  }

  async #entryAt(node: Node, path: string): Promise<TreeEntry | undefined> {
    const entry = await node.snapshot.treeAt(path);
    if (entry?.kind === "submodule") return this.#entryAt(await this.#child(node, normal(path), entry.id), "");
    if (entry === undefined) return this.#belowSubmodule(node, normal(path));
    if (entry.kind === "tree") this.#trees.set(entry.id, { node, path: normal(path) });
    else this.#blobs.set(entry.id, node);
    return entry;
  }

  /** Returns the entry at a path that may lead through a submodule. */
  async #belowSubmodule(node: Node, path: string): Promise<TreeEntry | undefined> {
    const names = path.split("/");
    for (let count = 1; count < names.length; count++) {
      const outer = names.slice(0, count).join("/");
      const entry = await node.snapshot.treeAt(outer);
      if (entry === undefined || (entry.kind !== "tree" && entry.kind !== "submodule")) return undefined;
      if (entry.kind === "submodule")
        return this.#entryAt(await this.#child(node, outer, entry.id), names.slice(count).join("/"));
    }
    return undefined;
  }

  #child(node: Node, path: string, commit: string): Promise<Node> {
    const key = `${node.root}${path}`;
    const known = this.#nodes.get(key) ?? this.#enter(node, path, commit);
    this.#nodes.set(key, known);
    return known;
  }

  async #enter(node: Node, path: string, commit: string): Promise<Node> {
    const where = node.root === "" ? "" : ` (of the submodule ${node.root.slice(0, -1)})`;
    const fault = (place: string, what: string, code: GitErrorCode = "GIT_SUBMODULE_INVALID"): GitError =>
      new GitError(code, `${GITMODULES}${place}${where}: the submodule at ${JSON.stringify(path)} ${what}`);
    node.entries ??= await readEntries(node.snapshot);
    const entry = node.entries.find((candidate) => candidate.path === path);
    if (entry === undefined) throw fault("", "is not listed: add it with git submodule add, or remove the directory");
    const place = `:${entry.line}`;
    const parents = [...node.parents, node];
    if (parents.length > MAX_DEPTH) throw fault(place, `is nested more than ${MAX_DEPTH} levels deep: remove a level`);
    if (this.#nodes.size >= MAX_SUBMODULES)
      throw fault(place, `is one of more than ${MAX_SUBMODULES}: set source.path to a smaller directory`);
    try {
      const opened = await this.#open(node.remote, entry, commit);
      if (parents.some((parent) => parent.remote.id === opened.remote.id && parent.commit === commit))
        throw fault(place, "contains itself: remove it");
      return { ...opened, commit, parents, root: `${node.root}${path}/` };
    } catch (error) {
      if (!(error instanceof GitError) || error.code === "GIT_SUBMODULE_INVALID") throw error;
      throw fault(place, `cannot be read at commit ${commit.slice(0, 12)}: ${error.message}`, error.code);
    }
  }
}

async function readEntries(snapshot: GitSnapshot): Promise<readonly SubmoduleEntry[]> {
  const file = await snapshot.treeAt(GITMODULES);
  if (file === undefined) return [];
  if (file.kind !== "file")
    throw new GitError("GIT_SUBMODULE_INVALID", `${GITMODULES} is not a regular file: replace it`);
  const content = await snapshot.readBlob(file.id);
  if (content.length > MAX_GITMODULES_BYTES)
    throw new GitError(
      "GIT_SUBMODULE_INVALID",
      `${GITMODULES} has more than ${MAX_GITMODULES_BYTES} bytes: remove entries`,
    );
  return parseGitmodules(new TextDecoder().decode(content));
}

function joined(folder: string, path: string): string {
  return folder === "" ? path : `${folder}/${path}`;
}

function normal(path: string): string {
  return path
    .split("/")
    .filter((name) => name !== "" && name !== ".")
    .join("/");
}
