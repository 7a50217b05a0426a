import { chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fetchNpmPackage } from "../npm-package.js";
import { runCommand } from "../run-command.js";
import { bundleToOneFile } from "./bundle-cli.js";

/** Injects the program into a copy of Node.js. */
const POSTJECT = {
  name: "postject",
  version: "1.0.0-alpha.6",
  sha512: "b9Eb8h2eVqNE8edvKdwqkrY6O7kAwmI8kcnBv1NScolYJbo59XUF0noFq+lxbC1yN20bmC0WBEbDC5H/7ASb0A==",
};
/** Marks in Node.js where the program is; it must be flipped. */
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

interface Postject {
  inject(file: string, name: string, data: Buffer, options: { readonly sentinelFuse: string }): Promise<void>;
}

/**
 * Makes a single executable of the command line: a copy of `node` with the program in it. `node` may be of another architecture, but must
 * have the version of the Node.js that runs this.
 */
export async function makeExecutable(root: string, work: string, node: string, target: string): Promise<void> {
  await mkdir(work, { recursive: true });
  const [main, blob, config] = [join(work, "overseer.cjs"), join(work, "overseer.blob"), join(work, "sea.json")];
  // Compiled code is of one architecture and version.
  const useCodeCache = node === process.execPath;
  await bundleToOneFile(root, work);
  await writeFile(config, JSON.stringify({ main, output: blob, disableExperimentalSEAWarning: true, useCodeCache }));
  await runCommand(process.execPath, ["--experimental-sea-config", config], { cwd: work });
  await copyFile(node, target);
  await chmod(target, 0o755);
  const archive = await fetchNpmPackage(POSTJECT, work);
  await runCommand("tar", ["-xzf", archive, "-C", work]);
  const { inject } = createRequire(import.meta.url)(join(work, "package/dist/api.js")) as Postject;
  await inject(target, "NODE_SEA_BLOB", await readFile(blob), { sentinelFuse: FUSE });
}
