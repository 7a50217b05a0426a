import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PackRecord } from "../stores/store-records.js";
import { PackDirectory } from "./pack-directory.js";

/** What the name of each one begins with, beside the packs of a store. */
export const WORKSPACE_PREFIX = "work-";

/** What a workspace knows when it is made. */
export interface WorkspaceContent {
  readonly packs: readonly PackRecord[];
  /** Verified commits of these packs. Git tells the server that we have them, and does not look for their parents. */
  readonly commits: readonly string[];
}

/**
 * A bare repository for one piece of work, made and removed by us. What Git writes on the way (refs, locks, the list of
 * shallow commits, half a pack) is in here alone and means nothing to anybody else.
 */
export class Workspace {
  readonly path: string;
  /** The packs of the store, as they were when this was made. */
  readonly known: PackDirectory;
  /** Where new packs arrive. */
  readonly fresh: PackDirectory;

  private constructor(path: string) {
    this.path = path;
    this.known = new PackDirectory(join(path, "known"));
    this.fresh = new PackDirectory(join(path, "fresh"));
  }

  /** Makes one in the directory of a store whose packs are `source`. Throws what the file system says. */
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

  /** Never throws: what is left, because a killed child was not quite dead, is swept later. */
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

/** Makes of `directory` what Git takes for a bare repository; its objects are elsewhere. */
export async function makeBareRepository(directory: string): Promise<void> {
  await mkdir(join(directory, "refs"), { recursive: true, mode: 0o700 });
  await writeFile(join(directory, "HEAD"), "ref: refs/heads/none\n");
}
