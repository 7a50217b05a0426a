import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { mapLimit } from "../base/semaphore.js";
import { ManifestError, type ManifestProblem } from "../manifest/manifest-error.js";
import type { FileDecryptor } from "../secrets/file-decryptor.js";
import type { RenderLimits } from "./limits.js";
import { fromManifestProblem, RenderError } from "./render-error.js";
import type { RepositoryPath } from "./repository-path.js";
import type { SnapshotFiles } from "./snapshot-files.js";
import { makeWorkspaceFolder } from "./workspace-folder.js";

const READS_AT_ONCE = 8;

/** A private folder for one child: a copy of what it reads under `repo`, and nothing else of the machine's. */
export class Workspace {
  readonly folder: string;
  /** Copied so far. */
  #files = 0;
  #bytes = 0;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Makes one for the time of `work`, and removes it however that ends. With `secret`, it is in memory, if there is room. */
  static async use<T>(work: (workspace: Workspace) => Promise<T>, secret = false): Promise<T> {
    const workspace = new Workspace(await makeWorkspaceFolder(secret));
    try {
      await mkdir(workspace.path("home"));
      return await work(workspace);
    } finally {
      await rm(workspace.folder, { recursive: true, force: true });
    }
  }

  /** Where a file of the workspace is. */
  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }

  /** Where a file of the repository is in the copy. */
  repositoryPath(path: RepositoryPath): string {
    return this.path("repo", path);
  }

  /**
   * Copies files of a commit, decrypted, to a folder of the workspace. Their paths were checked by the snapshot; links lead to folders
   * of the copy. The limits hold for all copies together.
   *
   * @throws RenderError when they are more or larger than the limits allow, or cannot be decrypted.
   */
  async copy(files: SnapshotFiles, limits: RenderLimits, decryptor: FileDecryptor, to = "repo"): Promise<void> {
    this.#files += files.files.size;
    if (this.#files > limits.maxFiles) throw tooMuch(`more than ${limits.maxFiles} files`);
    const problems: ManifestProblem[] = [];
    await mkdir(this.path(to), { recursive: true });
    await this.#makeFolders(files.links.keys(), to);
    for (const [path, target] of files.links) await symlink(target, this.path(to, path));
    await this.#makeFolders(files.files.keys(), to);
    await files.snapshot.prepare?.([...files.files.values()]);
    await mapLimit([...files.files], READS_AT_ONCE, async ([path, blob]) => {
      const content = await decryptor.read(await files.snapshot.readBlob(blob), path).catch((error: unknown) => {
        if (!(error instanceof ManifestError)) throw error;
        problems.push(...error.problems);
      });
      if (content === undefined) return;
      const { bytes } = content;
      this.#bytes += bytes.length;
      if (this.#bytes > limits.maxTotalBytes) throw tooMuch(`more than ${limits.maxTotalBytes} bytes`);
      await writeFile(this.path(to, path), bytes, { mode: 0o600 });
    });
    if (problems.length > 0) throw new RenderError(problems.map(fromManifestProblem));
  }

  /** Creates the directories of files, each once: many files share one. */
  async #makeFolders(paths: Iterable<RepositoryPath>, to: string): Promise<void> {
    const folders = new Set([...paths].map((path) => dirname(this.path(to, path))));
    for (const folder of folders) await mkdir(folder, { recursive: true });
  }

  /** Writes a file of the workspace, which only this user can read. */
  async write(path: string, content: string | Uint8Array): Promise<string> {
    const to = this.path(path);
    await mkdir(dirname(to), { recursive: true });
    await writeFile(to, content, { mode: 0o600 });
    return to;
  }
}

function tooMuch(what: string): RenderError {
  return new RenderError([
    {
      message: `the files that the render reads are ${what}: split the source, or raise --max-source-bytes and --max-source-files of the operator`,
    },
  ]);
}
