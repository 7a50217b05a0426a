import { execFile } from "node:child_process";
import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import type { CommitInfo, GitSnapshot, TreeEntry, TreeFile, TreeLimits } from "../../git/engine.js";
import { GitError } from "../../git/errors.js";
import { isSafeName, nameFault } from "../../git/objects/tree.js";
import { treeId } from "../../git/objects/tree-id.js";
import { objectId } from "../../git/pack/object-id.js";

/** Bytes of the list of files that Git may print. */
const MAX_LIST = 256 * 2 ** 20;
/** Files of a directory that is not in a repository. */
const MAX_FILES = 100_000;

/** Directory of attached files. It appears in no listing, so that nothing but their own paths leads to them. */
const ATTACHED = ".attached";

interface Entry {
  readonly kind: TreeFile["kind"];
  /** Object ID in Git, for files of a commit. */
  readonly blob?: string;
}

/**
 * The files of a directory as if they were committed now. In a Git work tree these are its tracked and new files, without the ignored
 * ones: what the operator would see after `git add --all` and a commit. Elsewhere they are all files of the directory.
 */
export class WorkingTree implements GitSnapshot {
  readonly commit: CommitInfo = { id: "0".repeat(40), author: "", email: "", time: 0, message: "" };
  /** Absolute path of the top directory. */
  readonly root: string;
  readonly #files: ReadonlyMap<string, Entry>;
  readonly #directories: ReadonlySet<string>;
  readonly #attached = new Map<string, Uint8Array>();
  /** Names of attached files for people, by their paths. */
  readonly #names = new Map<string, string>();
  readonly #read: (name: string, entry: Entry) => Promise<Uint8Array>;

  private constructor(
    root: string,
    files: ReadonlyMap<string, Entry>,
    read: (name: string, entry: Entry) => Promise<Uint8Array>,
  ) {
    this.root = root;
    this.#files = files;
    this.#directories = new Set(["", ...[...files.keys()].flatMap(parents)]);
    this.#read = read;
  }

  /**
   * Lists the files of the work tree that `path` is in. Where there is none, those of the current directory if `path` is below it, so that
   * a kustomization there can refer to `../base`, or else those of `path`.
   */
  static async open(path: string): Promise<WorkingTree> {
    const directory = (await lstat(path)).isDirectory() ? resolve(path) : dirname(resolve(path));
    const root = await workTreeOf(directory);
    const here = process.cwd();
    const top = root ?? (`${directory}/`.startsWith(`${here}/`) ? here : directory);
    const names = root === undefined ? await walk(top) : await trackedFiles(root);
    const files = new Map<string, Entry>();
    for (const name of names) {
      const kind = await kindOf(join(top, name));
      if (kind !== undefined) files.set(name, { kind });
    }
    return new WorkingTree(top, files, (name, { kind }) => readDisk(join(top, name), kind));
  }

  /**
   * Lists the files of a commit in the repository that `path` is in, which is not checked out.
   *
   * @throws GitError if there is no repository or no such commit.
   */
  static async openCommit(path: string, revision: string): Promise<WorkingTree> {
    const directory = (await lstat(path)).isDirectory() ? resolve(path) : dirname(resolve(path));
    const root = await workTreeOf(directory);
    if (root === undefined) throw new GitError("GIT_OBJECT_NOT_FOUND", `${directory} is in no Git work tree`);
    const listed = await git(root, ["ls-tree", "-r", "-z", "--full-tree", "--end-of-options", revision]);
    if (listed === undefined)
      throw new GitError(
        "GIT_OBJECT_NOT_FOUND",
        `there is no commit ${JSON.stringify(revision)} in ${root}: fetch it, or name another one`,
      );
    const files = new Map(listed.split("\0").flatMap(commitEntry));
    return new WorkingTree(root, files, (_, { blob = "" }) => readCommitted(root, blob));
  }

  /** Returns the paths of all files below a directory of the tree, which may be the root. */
  filesBelow(directory: string): readonly string[] {
    const prefix = directory === "" ? "" : `${directory}/`;
    return [...this.#files.keys()].filter((name) => name === directory || name.startsWith(prefix));
  }

  /** Returns the path in the tree of a file on disk; undefined if the file does not belong to the tree. */
  pathOf(file: string): string | undefined {
    const path = relative(this.root, resolve(file)).split(sep).join("/");
    return this.#files.has(path) ? path : undefined;
  }

  /** Adds a file that does not belong to the tree, and returns its path in it. `name` is for messages. */
  attach(name: string, content: string | Uint8Array): string {
    const path = `${ATTACHED}/${this.#attached.size}/${name.slice(name.lastIndexOf("/") + 1)}`;
    this.#names.set(path, name);
    this.#attached.set(path, typeof content === "string" ? Buffer.from(content) : content);
    return path;
  }

  /** A message with the names of attached files in the place of their paths. */
  withNames(message: string): string {
    return [...this.#names].reduce((text, [path, name]) => text.replaceAll(path, () => name), message);
  }

  async treeAt(path: string): Promise<TreeEntry | undefined> {
    const clean = path.split("/").filter((part) => part !== "" && part !== ".");
    const name = clean.join("/");
    const file = this.#files.get(name);
    if (file !== undefined) return { id: name, kind: file.kind === "executable" ? "file" : file.kind };
    if (this.#attached.has(name)) return { id: name, kind: "file" };
    const isDirectory =
      this.#directories.has(name) || [...this.#attached.keys()].some((at) => at.startsWith(`${name}/`));
    return isDirectory ? { id: name, kind: "tree" } : undefined;
  }

  /** As if the files were committed now. Conversions of line ends by Git are not considered. */
  async treeId(path: string): Promise<string> {
    const prefix = path === "" ? "" : `${path}/`;
    const files = this.filesBelow(path).filter((name) => name.startsWith(prefix));
    const entries = files.map(async (name) => {
      const entry = this.#files.get(name) ?? { kind: "file" };
      // The commit of a submodule is in the index of Git only.
      if (entry.kind === "submodule" && entry.blob === undefined) return [];
      const blob = entry.blob ?? objectId("blob", await this.#read(name, entry)).toString("hex");
      return [{ path: name.slice(prefix.length), kind: entry.kind, blob }];
    });
    return treeId((await Promise.all(entries)).flat());
  }

  async listFiles(tree: string, limits: TreeLimits): Promise<readonly TreeFile[]> {
    const prefix = tree === "" ? "" : `${tree}/`;
    const files: TreeFile[] = [];
    for (const [name, { kind }] of this.#files) {
      if (!name.startsWith(prefix)) continue;
      const path = name.slice(prefix.length);
      const parts = path.split("/");
      if (parts.length > limits.maxDepth)
        throw tooLarge(`directories are nested more than ${limits.maxDepth} levels deep`);
      if (files.length >= limits.maxFiles) throw tooLarge(`there are more than ${limits.maxFiles} files`);
      const why = parts.flatMap((part) => nameFault(part) ?? [])[0];
      files.push({
        path,
        blob: name,
        kind,
        ...(why === undefined ? {} : { fault: `the name ${JSON.stringify(path)} ${why}` }),
      });
    }
    return files.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  }

  async listNames(tree: string): Promise<readonly string[]> {
    const prefix = tree === "" ? "" : `${tree}/`;
    const names = [...this.#files.keys()].flatMap((name) =>
      name.startsWith(prefix) ? [name.slice(prefix.length).split("/", 1)[0] ?? ""] : [],
    );
    return [...new Set(names)].filter(isSafeName);
  }

  async readBlob(blob: string): Promise<Uint8Array> {
    const attached = this.#attached.get(blob);
    if (attached !== undefined) return attached;
    const entry = this.#files.get(blob);
    if (entry === undefined) throw new GitError("GIT_OBJECT_NOT_FOUND", `there is no file ${blob} in ${this.root}`);
    return this.#read(blob, entry);
  }
}

async function readDisk(path: string, kind: TreeFile["kind"]): Promise<Uint8Array> {
  return kind === "symlink" ? Buffer.from(await readlink(path)) : readFile(path);
}

/** `100644 blob ID<tab>path`. */
function commitEntry(line: string): [string, Entry][] {
  const [, mode, blob = "", name = ""] = /^(\d+) \w+ ([0-9a-f]+)\t(.+)$/s.exec(line) ?? [];
  const kinds: Readonly<Record<string, TreeFile["kind"]>> = {
    "100644": "file",
    "100755": "executable",
    "120000": "symlink",
    "160000": "submodule",
  };
  const kind = kinds[mode ?? ""];
  return kind === undefined ? [] : [[name, { kind, blob }]];
}

function readCommitted(cwd: string, blob: string): Promise<Uint8Array> {
  return new Promise((done, fail) => {
    execFile("git", ["cat-file", "blob", blob], { cwd, maxBuffer: MAX_LIST, encoding: "buffer" }, (error, stdout) =>
      error ? fail(new GitError("GIT_OBJECT_NOT_FOUND", `git cannot read the object ${blob}`)) : done(stdout),
    );
  });
}

function parents(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}

async function kindOf(path: string): Promise<TreeFile["kind"] | undefined> {
  // A file that Git still lists may have been deleted.
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSymbolicLink()) return "symlink";
  if (found?.isDirectory()) return "submodule";
  if (!found?.isFile()) return undefined;
  return (found.mode & 0o100) === 0 ? "file" : "executable";
}

/** All files below a directory, links not followed, without `.git`. */
async function walk(directory: string, prefix = "", names: string[] = []): Promise<string[]> {
  for (const entry of await readdir(join(directory, prefix), { withFileTypes: true })) {
    if (entry.name === ".git") continue;
    const name = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) await walk(directory, name, names);
    else if (names.push(name) > MAX_FILES) throw tooLarge(`there are more than ${MAX_FILES} files in ${directory}`);
  }
  return names;
}

async function workTreeOf(directory: string): Promise<string | undefined> {
  return (await git(directory, ["rev-parse", "--show-toplevel"]))?.replace(/\n$/, "");
}

async function trackedFiles(root: string): Promise<string[]> {
  const listed = await git(root, ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
  if (listed === undefined) throw new GitError("GIT_OBJECT_NOT_FOUND", `git cannot list the files of ${root}`);
  return [...new Set(listed.split("\0").filter((name) => name !== ""))];
}

/** Output of a command of Git; undefined where it fails, or there is no Git. */
function git(cwd: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((done) => {
    execFile("git", [...args], { cwd, maxBuffer: MAX_LIST }, (error, stdout) => done(error ? undefined : stdout));
  });
}

function tooLarge(what: string): GitError {
  return new GitError("GIT_TREE_TOO_LARGE", `${what}: name a smaller directory`);
}
