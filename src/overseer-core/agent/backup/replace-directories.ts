import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readJson, writeJson } from "../private-file.js";
import { BackupError } from "./backup-error.js";

/** A directory and the new content that is to take its place. */
export interface Replacement {
  readonly target: string;
  /** The new content, on the same file system. */
  readonly content: string;
}

/** Progress of a restore, kept on disk. */
interface Progress {
  readonly job: string;
  /** While `replacing`, the old content returns after a crash. Once `replaced`, the new one stays. */
  readonly phase: "replacing" | "replaced" | "done";
  readonly targets: readonly string[];
}

/** Where new content of a directory is prepared. No app can have this name. */
export function stagingOf(target: string): string {
  return join(dirname(target), `.overseer-new-${basename(target)}`);
}

function oldOf(target: string): string {
  return join(dirname(target), `.overseer-old-${basename(target)}`);
}

/** Throws BackupError if a directory cannot be replaced by renaming. */
export function checkReplaceable(target: string): void {
  if (statSync(target).dev === statSync(dirname(target)).dev) return;
  throw new BackupError(`${target} is a mount point, which cannot be replaced: restore it by hand with restic`);
}

/**
 * Replaces directories all together: after a crash, either all have their old content or all have the new one. Old content is deleted
 * by `finish` only.
 */
export class DirectoryReplacer {
  readonly #file: string;

  /** `file`: where progress is kept, one for each app. */
  constructor(file: string) {
    this.#file = file;
  }

  /** Reports whether a job has replaced the directories, and only has to be finished. */
  replacedBy(job: string): boolean {
    const progress = this.#read();
    return progress?.job === job && progress.phase !== "replacing";
  }

  /** Puts old content back if a crash interrupted `replace`. Finishes what was complete. */
  recover(): void {
    const progress = this.#read();
    if (progress?.phase === "replacing") {
      for (const target of progress.targets) {
        const old = oldOf(target);
        if (existsSync(old)) {
          rmSync(target, { recursive: true, force: true });
          renameSync(old, target);
          syncDirectory(dirname(target));
        }
        rmSync(stagingOf(target), { recursive: true, force: true });
      }
      rmSync(this.#file, { force: true });
    }
    if (progress?.phase === "replaced") this.finish();
  }

  /** Replaces the directories. If this or `check` of the new content fails, the old content returns, and the error is thrown. */
  replace(job: string, replacements: readonly Replacement[], check: () => void): void {
    const targets = replacements.map(({ target }) => target);
    const left = targets.map(oldOf).find((path) => existsSync(path));
    if (left !== undefined) throw new BackupError(`${left} exists, which no restore of this agent has left: remove it`);
    this.#write({ job, phase: "replacing", targets });
    try {
      for (const { target, content } of replacements) {
        renameSync(target, oldOf(target));
        renameSync(content, target);
        syncDirectory(dirname(target));
      }
      check();
      this.#write({ job, phase: "replaced", targets });
    } catch (error) {
      this.recover();
      throw error;
    }
  }

  /** Deletes old content. */
  finish(): void {
    const progress = this.#read();
    if (progress === undefined || progress.phase === "replacing") return;
    for (const target of progress.targets) {
      for (const path of [oldOf(target), stagingOf(target)]) rmSync(path, { recursive: true, force: true });
    }
    this.#write({ ...progress, phase: "done" });
  }

  #read(): Progress | undefined {
    return readJson(this.#file);
  }

  #write(progress: Progress): void {
    writeJson(this.#file, progress);
  }
}

function syncDirectory(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
