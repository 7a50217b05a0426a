import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Returns the directory of package.json. Compiled tools run from `build/tools`, while Go modules and scripts stay in
 * `tools`, so all paths are relative to the root. Throws outside of a checkout.
 */
export function repositoryRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
  }
  throw new Error(`no package.json above ${start}: run the tools from a checkout of the repository`);
}
