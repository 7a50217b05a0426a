import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The folder that holds package.json. The tools run compiled from `build/tools`, while the Go modules and scripts they
 * need stay in `tools`, so every path starts here. Throws when the sources were moved out of their repository.
 */
export function repositoryRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
  }
  throw new Error(`no package.json above ${start}: run the tools from a checkout of the repository`);
}
