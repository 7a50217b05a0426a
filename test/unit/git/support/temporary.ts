import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made: string[] = [];

/** A new empty directory, removed after the test file. */
export async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "overseer-git-test-"));
  made.push(path);
  return path;
}

/** For `after`: removes all of them. */
export async function removeTemporaryDirectories(): Promise<void> {
  for (const path of made.splice(0)) await rm(path, { recursive: true, force: true });
}
