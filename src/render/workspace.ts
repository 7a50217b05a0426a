import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setImmediate as otherWork } from "node:timers/promises";
import { OverseerError } from "../base/errors.js";
import { mapLimit } from "../base/semaphore.js";
import { ManifestError, type ManifestProblem } from "../manifest/manifest-error.js";
import { recognizePointer } from "../manifest/recognize.js";
import type { FileDecryptor } from "../secrets/file-decryptor.js";
import type { RenderLimits } from "./limits.js";
import { fromManifestProblem, RenderError } from "./render-error.js";
import type { RepositoryPath } from "./repository-path.js";
import type { SnapshotFiles } from "./snapshot-files.js";
import { makeWorkspaceFolder, type WorkspaceFolder } from "./workspace-folder.js";

const READS_AT_ONCE = 8;
/** Bytes that are read before a place for the copy is chosen. */
const BUFFERED = 2 ** 20;
/** Operations in memory on this thread between two turns of other work: about a millisecond. */
const OPERATIONS_IN_A_TURN = 32;
/** Workspaces in memory with at most so many files are removed on this thread. */
const SMALL_COPY = 256;

/** Files of a commit to copy. */
export interface CopiedFiles {
  readonly files: SnapshotFiles;
  readonly decryptor: FileDecryptor;
  /** Folder of the workspace. */
  readonly to: string;
  /** What paths begin with in messages. Defaults to nothing. */
  readonly label?: string;
  /** Whether a pointer of Git LFS can do no harm in the place of a file. Defaults to no. */
  readonly mayBePointer?: (path: RepositoryPath) => boolean;
}

interface ReadFile {
  readonly to: string;
  readonly bytes: Uint8Array;
}

/** A private folder for one child: a copy of what it reads under `repo`, and nothing else of the machine's. */
export class Workspace {
  readonly #secret: boolean;
  #folder: Promise<WorkspaceFolder> | undefined;
  #made: WorkspaceFolder | undefined;
  /** Copied so far. */
  #files = 0;
  #bytes = 0;
  #operations = 0;
  /** Bytes of the files that were written. */
  #written = 0;
  readonly #makeFolder: typeof makeWorkspaceFolder;

  private constructor(secret: boolean, makeFolder: typeof makeWorkspaceFolder) {
    this.#secret = secret;
    this.#makeFolder = makeFolder;
  }

  /**
   * Makes one for the time of `work`, and removes it however that ends. Its folder is created by `create` or with the first files: in
   * memory, if they are small or `secret`, and there is room.
   */
  static async use<T>(
    work: (workspace: Workspace) => Promise<T>,
    secret = false,
    makeFolder = makeWorkspaceFolder,
  ): Promise<T> {
    const workspace = new Workspace(secret, makeFolder);
    try {
      return await work(workspace);
    } finally {
      await workspace.#remove();
    }
  }

  /** Absolute path of the folder, which must have been created. */
  get folder(): string {
    if (this.#made === undefined) throw new Error("the workspace has no folder yet");
    return this.#made.path;
  }

  /** Where a file of the workspace is. */
  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }

  /** Where a file of the repository is in the copy. */
  repositoryPath(path: RepositoryPath): string {
    return this.path("repo", path);
  }

  /** Creates the folder for about so many bytes, unless it exists. */
  async create(bytes: number): Promise<void> {
    this.#folder ??= this.#makeFolder({ bytes, secret: this.#secret });
    const made = await this.#folder;
    if (this.#made !== undefined) return;
    this.#made = made;
    await this.#makeFolders([this.path("home")]);
  }

  /**
   * Copies files of commits, decrypted, to folders of the workspace. Their paths were checked by the snapshot; links lead to folders
   * of the copy. The limits hold for all copies together. `more` are bytes that will be written later.
   *
   * @throws RenderError when they are more or larger than the limits allow, cannot be decrypted, or are pointers of Git LFS.
   */
  async copy(parts: readonly CopiedFiles[], limits: RenderLimits, more = 0): Promise<void> {
    this.#bytes += more;
    for (const { files } of parts) this.#files += files.files.size;
    if (this.#files > limits.maxFiles) throw tooMuch(`more than ${limits.maxFiles} files`);
    const problems: ManifestProblem[] = [];
    let buffered: ReadFile[] = [];
    let laidOut: Promise<void> | undefined;
    const flush = async (): Promise<void> => {
      const taken = buffered;
      buffered = [];
      laidOut ??= this.create(this.#bytes).then(() => this.#layOut(parts));
      await laidOut;
      for (const { to, bytes } of taken) await this.#write(this.path(to), bytes);
    };
    for (const { files, decryptor, to, label = "", mayBePointer } of parts) {
      await files.snapshot.prepare?.([...files.files.values()]);
      await mapLimit([...files.files], READS_AT_ONCE, async ([path, blob]) => {
        const content = await decryptor.read(await files.snapshot.readBlob(blob), path).catch((error: unknown) => {
          if (!(error instanceof ManifestError)) throw error;
          problems.push(...error.problems);
        });
        if (content === undefined) return;
        const { bytes } = content;
        const pointer = recognizePointer(bytes);
        if (pointer !== undefined && mayBePointer?.(path) !== true)
          problems.push({ file: `${label}${path}`, line: 1, message: pointer });
        this.#bytes += bytes.length;
        if (this.#bytes > limits.maxTotalBytes) throw tooMuch(`more than ${limits.maxTotalBytes} bytes`);
        buffered.push({ to: join(to, path), bytes });
        if (this.#bytes > BUFFERED) await flush();
      });
    }
    if (problems.length > 0) throw new RenderError(problems.map(fromManifestProblem));
    await flush();
  }

  /** Writes a file of the workspace, which only this user can read. */
  async write(path: string, content: string | Uint8Array): Promise<string> {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    await this.create(bytes.length);
    const to = this.path(path);
    await this.#makeFolders([dirname(to)]);
    await this.#write(to, bytes);
    return to;
  }

  /** Creates the folders and links of a copy. */
  async #layOut(parts: readonly CopiedFiles[]): Promise<void> {
    for (const { files, to } of parts) {
      await this.#makeFolders([this.path(to), ...this.#foldersOf(files.links.keys(), to)]);
      for (const [path, target] of files.links) {
        if (await this.#isQuick()) symlinkSync(target, this.path(to, path));
        else await symlink(target, this.path(to, path));
      }
      await this.#makeFolders(this.#foldersOf(files.files.keys(), to));
    }
  }

  /** The directories of files, each once: many files share one. */
  #foldersOf(paths: Iterable<RepositoryPath>, to: string): ReadonlySet<string> {
    return new Set([...paths].map((path) => dirname(this.path(to, path))));
  }

  async #makeFolders(folders: Iterable<string>): Promise<void> {
    for (const folder of folders) {
      if (await this.#isQuick()) mkdirSync(folder, { recursive: true });
      else await mkdir(folder, { recursive: true });
    }
  }

  async #write(path: string, bytes: Uint8Array): Promise<void> {
    this.#written += bytes.length;
    const { room = Number.POSITIVE_INFINITY, inMemory = false } = this.#made ?? {};
    if (this.#written > room) throw noRoom(inMemory, `more than ${room} bytes, half of what was free`);
    try {
      if (await this.#isQuick()) writeFileSync(path, bytes, { mode: 0o600 });
      else await writeFile(path, bytes, { mode: 0o600 });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOSPC" && code !== "EDQUOT") throw error;
      throw noRoom(inMemory, "more than what is free");
    }
  }

  /**
   * Whether the next operation takes no longer on this thread than its hand-over to another one. Waits for other work of this thread
   * from time to time.
   */
  async #isQuick(): Promise<boolean> {
    if (this.#made?.inMemory !== true) return false;
    if (++this.#operations % OPERATIONS_IN_A_TURN === 0) await otherWork();
    return true;
  }

  async #remove(): Promise<void> {
    const made = await this.#folder?.catch(() => undefined);
    if (made === undefined) return;
    const how = { recursive: true, force: true };
    if (made.inMemory && this.#files <= SMALL_COPY) rmSync(made.path, how);
    else await rm(made.path, how);
  }
}

/** Other renders give their room back, so this one is retried. */
function noRoom(inMemory: boolean, what: string): OverseerError {
  const place = inMemory ? "memory (/dev/shm)" : "the temporary folder of the operator";
  const remedy = inMemory
    ? "mount a larger emptyDir with medium Memory at /dev/shm of the operator"
    : "give it more space";
  return new OverseerError(
    `the private copy of the files for the renderer does not fit into ${place}: it needs ${what}; split the source, or ${remedy}`,
    { code: "WORKSPACE_FULL", reason: "RenderFailed", class: "retryable" },
  );
}

function tooMuch(what: string): RenderError {
  return new RenderError([
    {
      message: `the files that the render reads are ${what}: split the source, or raise --max-source-bytes and --max-source-files of the operator`,
    },
  ]);
}
