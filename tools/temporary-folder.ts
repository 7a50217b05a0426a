import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that goes with `remove`, and at the latest when this process exits in an orderly manner. */
export interface TemporaryFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** Folders to remove at exit; one listener for all, because Node warns of the eleventh. */
const pending = new Set<string>();

/** Makes an empty folder that only this user can read; `prefix` tells people whose it is. */
export async function makeTemporaryFolder(prefix: string): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  if (pending.size === 0) process.on("exit", removePending);
  pending.add(path);
  return {
    path,
    remove: async () => {
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
      pending.delete(path);
      if (pending.size === 0) process.off("exit", removePending);
    },
  };
}

function removePending(): void {
  for (const path of pending) rmSync(path, { recursive: true, force: true });
}
