import { sha256 } from "../../../base/hash.js";
import type { CommitInfo, GitSnapshot, TreeEntry, TreeFile, TreeLimits } from "../../../git/engine.js";
import type { RepositoryPath } from "../../repository-path.js";
import type { ChartFiles } from "./archive.js";

/** A commit with the files of a chart from a registry at `mount`, in place of what the commit may hold there. */
export class ChartSnapshot implements GitSnapshot {
  readonly commit: CommitInfo;
  readonly #below: GitSnapshot;
  readonly #mount: RepositoryPath;
  readonly #files: ReadonlyMap<string, { readonly id: string; readonly bytes: Uint8Array }>;
  readonly #byId: ReadonlyMap<string, Uint8Array>;

  constructor(below: GitSnapshot, mount: RepositoryPath, files: ChartFiles) {
    this.commit = below.commit;
    this.#below = below;
    this.#mount = mount;
    const entries = [...files].map(([path, bytes]) => [path, { id: `chart:${sha256(bytes)}`, bytes }] as const);
    this.#files = new Map(entries);
    this.#byId = new Map(entries.map(([, { id, bytes }]) => [id, bytes]));
  }

  async treeAt(path: string): Promise<TreeEntry | undefined> {
    const inChart = this.#inChart(path);
    if (inChart === undefined) return this.#below.treeAt(path);
    const file = this.#files.get(inChart);
    if (file !== undefined) return { id: file.id, kind: "file" };
    const prefix = inChart === "" ? "" : `${inChart}/`;
    const isFolder = [...this.#files.keys()].some((name) => name.startsWith(prefix));
    return isFolder ? { id: treeId(inChart), kind: "tree" } : undefined;
  }

  async listFiles(tree: string, limits: TreeLimits): Promise<readonly TreeFile[]> {
    const folder = folderOfTree(tree);
    if (folder === undefined) return this.#below.listFiles(tree, limits);
    // The limits were checked when the archive was unpacked.
    return this.#filesBelow(folder).map(([path, { id }]) => ({ path, blob: id, kind: "file" }));
  }

  async listNames(tree: string): Promise<readonly string[]> {
    const folder = folderOfTree(tree);
    if (folder === undefined) return this.#below.listNames(tree);
    return [...new Set(this.#filesBelow(folder).map(([path]) => path.split("/", 1)[0] ?? ""))];
  }

  async readBlob(blob: string): Promise<Uint8Array> {
    return this.#byId.get(blob) ?? this.#below.readBlob(blob);
  }

  async prepare(blobs: readonly string[]): Promise<void> {
    await this.#below.prepare?.(blobs.filter((blob) => !this.#byId.has(blob)));
  }

  /** Path below the chart; undefined for paths of the commit. */
  #inChart(path: string): string | undefined {
    if (path === this.#mount) return "";
    return path.startsWith(`${this.#mount}/`) ? path.slice(this.#mount.length + 1) : undefined;
  }

  #filesBelow(folder: string): (readonly [string, { readonly id: string }])[] {
    const prefix = folder === "" ? "" : `${folder}/`;
    return [...this.#files]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, file]) => [name.slice(prefix.length), file] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

const TREE = "chart-tree:";

function treeId(folder: string): string {
  return `${TREE}${folder}`;
}

function folderOfTree(tree: string): string | undefined {
  return tree.startsWith(TREE) ? tree.slice(TREE.length) : undefined;
}
