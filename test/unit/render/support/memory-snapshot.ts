import { sha256 } from "../../../../src/base/hash.js";
import type { CommitInfo, GitSnapshot, TreeEntry, TreeFile, TreeLimits } from "../../../../src/git/engine.js";
import { isSafeName, nameFault } from "../../../../src/git/objects/tree.js";

/** A file: its content, also as an executable one, a symbolic link, or a submodule. */
export type MemoryFile =
  | string
  | Uint8Array
  | { readonly link: string }
  | { readonly executable: string }
  | "submodule";

/** A commit that is held in memory. Counts what is read of it. */
export class MemorySnapshot implements GitSnapshot {
  readonly commit: CommitInfo;
  readonly reads: string[] = [];
  readonly #files = new Map<string, { entry: Omit<TreeFile, "path">; bytes: Uint8Array }>();

  constructor(files: Readonly<Record<string, MemoryFile>>) {
    for (const [path, file] of Object.entries(files)) {
      const [kind, content] = contentOf(file);
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      this.#files.set(path, { entry: { blob: sha256(bytes, 40), kind }, bytes });
    }
    this.commit = { id: this.#digestOf(""), author: "A", email: "a@example.com", time: 0, message: "m" };
  }

  async treeAt(path: string): Promise<TreeEntry | undefined> {
    const file = this.#files.get(path);
    if (file) return { id: file.entry.blob, kind: file.entry.kind === "executable" ? "file" : file.entry.kind };
    const prefix = path === "" ? "" : `${path}/`;
    const exists = path === "" || [...this.#files.keys()].some((name) => name.startsWith(prefix));
    return exists ? { id: `tree:${this.#digestOf(prefix)}:${path}`, kind: "tree" } : undefined;
  }

  async treeId(path: string): Promise<string> {
    return this.#digestOf(path === "" ? "" : `${path}/`);
  }

  async listFiles(tree: string, limits: TreeLimits): Promise<readonly TreeFile[]> {
    const path = tree.slice("tree:".length + 40 + 1);
    const prefix = path === "" ? "" : `${path}/`;
    const found = [...this.#files].flatMap(([name, { entry }]) =>
      name.startsWith(prefix) ? [{ path: name.slice(prefix.length), ...entry, ...faultOf(name) }] : [],
    );
    if (found.length > limits.maxFiles) throw new Error(`more than ${limits.maxFiles} files`);
    return found.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async listNames(tree: string): Promise<readonly string[]> {
    const files = await this.listFiles(tree, { maxFiles: Number.POSITIVE_INFINITY, maxDepth: 100 });
    return [...new Set(files.map(({ path }) => path.split("/", 1)[0] ?? ""))].filter(isSafeName);
  }

  /** As with Git, another content below a folder gives the folder another id. */
  #digestOf(prefix: string): string {
    const below = [...this.#files].filter(([name]) => name.startsWith(prefix));
    return sha256(JSON.stringify(below.map(([name, { entry }]) => [name, entry]).sort()), 40);
  }

  async readBlob(blob: string): Promise<Uint8Array> {
    const file = [...this.#files.values()].find(({ entry }) => entry.blob === blob);
    if (!file) throw new Error(`no blob ${blob}`);
    this.reads.push(blob);
    return file.bytes;
  }
}

function faultOf(path: string): { readonly fault?: string } {
  const why = path.split("/").flatMap((name) => nameFault(name) ?? [])[0];
  return why === undefined ? {} : { fault: `the name ${JSON.stringify(path)} ${why}` };
}

function contentOf(file: MemoryFile): readonly [kind: TreeFile["kind"], content: string | Uint8Array] {
  if (file === "submodule") return [file, file];
  if (typeof file === "string" || file instanceof Uint8Array) return ["file", file];
  return "link" in file ? ["symlink", file.link] : ["executable", file.executable];
}
