import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { repositoryRoot } from "../../tools/repository-root.js";

/** The text of a file below test/cases: an input that was handled wrongly once. */
export function caseFile(path: string): Promise<string> {
  return readFile(join(repositoryRoot(), "test/cases", path), "utf8");
}
