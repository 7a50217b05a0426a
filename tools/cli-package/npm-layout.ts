import { chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { VERSION } from "../../src/version.js";
import { bundleForNode } from "./bundle-cli.js";

/** kubectl asks this file for completions of the plug-in. */
const COMPLETE = '#!/bin/sh\nexec overseer __complete "$@"\n';

const README = `# overseer

Command line of Overseer GitOps, also \`kubectl overseer\`. Needs Node.js 20.19 or later.

    overseer get apps -A
    overseer why web
    overseer sync web
`;

/** Writes the files of the npm package into a folder: one program, under the names of the program and of the plug-in of kubectl. */
export async function writeNpmLayout(root: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await bundleForNode(root, folder);
  const program = join(folder, "overseer.mjs");
  await writeFile(program, `#!/usr/bin/env node\n${await readFile(program, "utf8")}`);
  await chmod(program, 0o755);
  await copyFile(join(root, "LICENSE"), join(folder, "LICENSE"));
  await writeFile(join(folder, "README.md"), README);
  await writeFile(join(folder, "kubectl_complete-overseer"), COMPLETE, { mode: 0o755 });
  const manifest = {
    name: "overseer-gitops-cli",
    version: VERSION,
    description: "Command line of Overseer GitOps",
    license: "Apache-2.0",
    type: "module",
    engines: { node: ">=20.19" },
    bin: {
      overseer: "overseer.mjs",
      "kubectl-overseer": "overseer.mjs",
      "kubectl_complete-overseer": "kubectl_complete-overseer",
    },
    files: ["overseer.mjs", "lib", "kubectl_complete-overseer"],
  };
  await writeFile(join(folder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
}
