import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory that is removed by `remove`, or when this process exits normally. */
export interface TemporaryFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** Directories to remove at exit; they share one listener, since Node.js warns about more than ten. */
const pending = new Set<string>();

/** Creates an empty private directory with a recognizable `prefix`. */
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
