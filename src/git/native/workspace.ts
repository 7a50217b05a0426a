import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PackRecord } from "../stores/store-records.js";
import { PackDirectory } from "./pack-directory.js";

/** Name prefix of workspaces in the directory of a store. */
export const WORKSPACE_PREFIX = "work-";

/** Initial content of a workspace. */
export interface WorkspaceContent {
  readonly packs: readonly PackRecord[];
  /** Verified commits of these packs. Git offers them to the server as `have`, and does not look for their parents. */
  readonly commits: readonly string[];
}

/**
 * A temporary bare repository for one operation. Files that Git writes on the way (refs, locks, the list of shallow commits,
 * incomplete packs) stay in it and do not affect the store.
 */
export class Workspace {
  readonly path: string;
  /** The packs of the store at creation. */
  readonly known: PackDirectory;
  /** Directory for new packs. */
  readonly fresh: PackDirectory;

  private constructor(path: string) {
    this.path = path;
    this.known = new PackDirectory(join(path, "known"));
    this.fresh = new PackDirectory(join(path, "fresh"));
  }

  /** Creates a workspace in the directory of a store whose packs are `source`. Throws file system errors. */
  static async make(directory: string, source: PackDirectory, content: WorkspaceContent): Promise<Workspace> {
    const workspace = new Workspace(await mkdtemp(join(directory, WORKSPACE_PREFIX)));
    try {
      await workspace.#fill(source, content);
    } catch (error) {
      await workspace.remove();
      throw error;
    }
    return workspace;
  }

  /** Never throws: files of a child that was still exiting are garbage-collected later. */
  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  }

  async #fill(source: PackDirectory, { packs, commits }: WorkspaceContent): Promise<void> {
    await makeBareRepository(this.path);
    await this.known.make();
    await this.fresh.make();
    await source.share(packs, this.known);
    if (commits.length === 0) return;
    const refs = commits.map((commit, index) => `${commit} refs/have/${index}\n`);
    await writeFile(join(this.path, "packed-refs"), refs.join(""));
    await writeFile(join(this.path, "shallow"), commits.map((commit) => `${commit}\n`).join(""));
  }
}

/** Creates the files that make `directory` a bare repository for Git; its objects are stored elsewhere. */
export async function makeBareRepository(directory: string): Promise<void> {
  await mkdir(join(directory, "refs"), { recursive: true, mode: 0o700 });
  await writeFile(join(directory, "HEAD"), "ref: refs/heads/none\n");
}
