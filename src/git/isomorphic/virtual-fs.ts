import type { PromiseFsClient } from "isomorphic-git";

/** What Node's fs throws for a file that is not there; isomorphic-git looks at the code alone. */
function notFound(path: string): Error {
  return Object.assign(new Error(`${path} is not in the virtual Git directory`), { code: "ENOENT" });
}

const FILE = { isFile: () => true, isDirectory: () => false, isSymbolicLink: () => false };

/**
 * The Git directory that isomorphic-git sees during one fetch: a few small files in memory, gone afterwards. So the refs
 * that it publishes before it has received anything (its issue 2435) are never on a disk, and a fetch leaves nothing behind
 * however it ends. `objects` are the ids that it may tell the server we have.
 */
export class VirtualGitDirectory {
  /** Where it claims to be. */
  readonly path: string;
  readonly #files: Map<string, string>;

  constructor(path: string, files: Readonly<Record<string, string>>, objects: readonly string[]) {
    this.path = path;
    const loose = objects.map((id) => [`objects/${id.slice(0, 2)}/${id.slice(2)}`, ""] as const);
    this.#files = new Map([...loose, ...Object.entries(files)]);
  }

  /** The text of a file, as isomorphic-git left it. */
  read(name: string): string | undefined {
    return this.#files.get(name);
  }

  /** The file system to hand to isomorphic-git. */
  get fs(): PromiseFsClient {
    const files = this.#files;
    const name = (path: string): string => path.slice(this.path.length + 1);
    const stat = async (path: string): Promise<typeof FILE> => {
      if (files.has(name(path))) return FILE;
      throw notFound(path);
    };
    return {
      promises: {
        stat,
        lstat: stat,
        async readFile(path: string, options?: { encoding?: string } | string) {
          const text = files.get(name(path));
          if (text === undefined) throw notFound(path);
          return options === undefined ? Buffer.from(text) : text;
        },
        async writeFile(path: string, content: string | Uint8Array) {
          files.set(name(path), typeof content === "string" ? content : Buffer.from(content).toString("utf8"));
        },
        async unlink(path: string) {
          files.delete(name(path));
        },
        readdir: async () => [],
        mkdir: async () => {},
        rmdir: async () => {},
        async readlink(path: string) {
          throw notFound(path);
        },
        symlink: async () => {},
      },
    };
  }
}
