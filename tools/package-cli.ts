import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { VERSION } from "../src/version.js";
import { makeExecutable } from "./cli-package/executable.js";
import { type KrewArchive, krewManifest } from "./cli-package/krew.js";
import { architectureOf, fetchArm64Node } from "./cli-package/node-of.js";
import { writeNpmLayout } from "./cli-package/npm-layout.js";
import { repositoryRoot } from "./repository-root.js";
import { runCommand } from "./run-command.js";

const USAGE = `usage: package-cli [--executable] [--node FILE --arch ARCH] [--download-url URL]

Writes the npm package of the command line and its tarball to build/cli; with --executable also single executables for Linux,
their archives and the manifest for krew: for the architecture of this machine, and on amd64 for arm64 as well. --node is the Node.js
to put the program into, of the version that runs this.
`;

const { values } = parseArgs({
  options: {
    executable: { type: "boolean", default: false },
    node: { type: "string", default: process.execPath },
    arch: { type: "string", default: process.arch === "x64" ? "amd64" : process.arch },
    "download-url": {
      type: "string",
      default: `https://github.com/overseer/overseer-gitops/releases/download/v${VERSION}`,
    },
    help: { type: "boolean", default: false },
  },
});

async function packageCli(): Promise<void> {
  const root = repositoryRoot();
  const folder = join(root, "build/cli");
  await rm(folder, { recursive: true, force: true });
  const npm = join(folder, "npm");
  await writeNpmLayout(root, npm);
  await runCommand("npm", ["pack", npm, "--ignore-scripts"], { cwd: folder });
  console.log(join(folder, `overseer-gitops-cli-${VERSION}.tgz`));
  if (!values.executable) return;
  const archives = [await packageExecutable(root, folder, values.node, values.arch)];
  const arm64 = values.arch === "amd64" ? await arm64Node(join(folder, "node")) : undefined;
  if (arm64 !== undefined) archives.push(await packageExecutable(root, folder, arm64, "arm64"));
  await rm(join(folder, "node"), { recursive: true, force: true });
  await writeFile(join(folder, "overseer.yaml"), krewManifest(VERSION, archives));
}

/** Makes the executable of an architecture, and its archive. */
async function packageExecutable(root: string, folder: string, node: string, arch: string): Promise<KrewArchive> {
  const release = join(folder, `linux-${arch}`);
  await mkdir(release);
  await makeExecutable(root, join(folder, "work"), node, join(release, "overseer"));
  const made = await architectureOf(join(release, "overseer"));
  if (made !== arch) throw new Error(`the executable is for ${made ?? "an unknown machine"}, not for ${arch}`);
  await copyFile(join(root, "LICENSE"), join(release, "LICENSE"));
  await rm(join(folder, "work"), { recursive: true });
  const archive = `overseer_${VERSION}_linux_${arch}.tar.gz`;
  await runCommand("tar", ["-czf", join(folder, archive), "-C", release, "overseer", "LICENSE"]);
  const sha256 = createHash("sha256")
    .update(await readFile(join(folder, archive)))
    .digest("hex");
  console.log(join(folder, archive));
  return { os: "linux", arch, uri: `${values["download-url"]}/${archive}`, sha256 };
}

async function arm64Node(work: string): Promise<string | undefined> {
  await mkdir(work, { recursive: true });
  const node = await fetchArm64Node(work);
  if (node === undefined)
    console.log(`no executable for arm64: no package of Node.js ${process.versions.node} is known; see --node`);
  return node;
}

if (values.help) console.log(USAGE);
else await packageCli();
