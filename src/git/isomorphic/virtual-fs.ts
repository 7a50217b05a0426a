import type { PromiseFsClient } from "isomorphic-git";

/** Returns an ENOENT error like Node's fs; isomorphic-git checks only the code. */
function notFound(path: string): Error {
  return Object.assign(new Error(`${path} is not in the virtual Git directory`), { code: "ENOENT" });
}

const FILE = { isFile: () => true, isDirectory: () => false, isSymbolicLink: () => false };

/**
 * In-memory Git directory for one fetch of isomorphic-git. The refs that it writes before it has received anything (its issue
 * 2435) never reach a disk, and a fetch leaves no files behind. `objects` are the ids that it may offer as `have`.
 */
export class VirtualGitDirectory {
  /** Path of the virtual directory. */
  readonly path: string;
  readonly #files: Map<string, string>;

  constructor(path: string, files: Readonly<Record<string, string>>, objects: readonly string[]) {
    this.path = path;
    const loose = objects.map((id) => [`objects/${id.slice(0, 2)}/${id.slice(2)}`, ""] as const);
    this.#files = new Map([...loose, ...Object.entries(files)]);
  }

  /** Returns the text of a file as last written by isomorphic-git. */
  read(name: string): string | undefined {
    return this.#files.get(name);
  }

  /** File system interface for isomorphic-git. */
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
