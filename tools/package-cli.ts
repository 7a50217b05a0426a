import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { VERSION } from "../src/version.js";
import { makeExecutable } from "./cli-package/executable.js";
import { krewManifest } from "./cli-package/krew.js";
import { writeNpmLayout } from "./cli-package/npm-layout.js";
import { repositoryRoot } from "./repository-root.js";
import { runCommand } from "./run-command.js";

const USAGE = `usage: package-cli [--executable] [--node FILE --arch ARCH] [--download-url URL]

Writes the npm package of the command line and its tarball to build/cli; with --executable also a single executable for Linux,
its archive and the manifest for krew. --node is the Node.js to put the program into, of the version that runs this.
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
  const release = join(folder, `linux-${values.arch}`);
  await mkdir(release);
  await makeExecutable(root, join(folder, "work"), values.node, join(release, "overseer"));
  await copyFile(join(root, "LICENSE"), join(release, "LICENSE"));
  await rm(join(folder, "work"), { recursive: true });
  const archive = `overseer_${VERSION}_linux_${values.arch}.tar.gz`;
  await runCommand("tar", ["-czf", join(folder, archive), "-C", release, "overseer", "LICENSE"]);
  const sha256 = createHash("sha256")
    .update(await readFile(join(folder, archive)))
    .digest("hex");
  const uri = `${values["download-url"]}/${archive}`;
  await writeFile(
    join(folder, "overseer.yaml"),
    krewManifest(VERSION, [{ os: "linux", arch: values.arch, uri, sha256 }]),
  );
  console.log(join(folder, archive));
}

if (values.help) console.log(USAGE);
else await packageCli();
