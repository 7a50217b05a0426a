import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { installOnce } from "../../tools/cache.js";
import { fetchNpmPackage } from "../../tools/npm-package.js";
import { runCommand } from "../../tools/run-command.js";
import { currentArchitecture, NODE_24_PACKAGE } from "../../tools/versions.js";

/** What an image can do without. */
const LEFT_OUT = [
  "dev",
  "proc",
  "sys",
  "var/cache",
  "var/lib/apt/lists",
  "usr/share/doc",
  "usr/share/locale",
  "usr/share/man",
];

/**
 * The files of a base image for the Dockerfile, as a tar: this machine's Debian with Git and OpenSSH, from the packages that
 * apt takes them from, and Node 24. Made once and cached. Needs debootstrap and root.
 */
export async function baseImageTar(): Promise<string> {
  const { code, mirror } = await debian();
  const artefact = { name: `node24-on-${code}`, version: NODE_24_PACKAGE.version, arch: currentArchitecture() };
  return join(await installOnce(artefact, (folder) => make(folder, code, mirror)), "image.tar");
}

async function make(folder: string, code: string, mirror: string): Promise<void> {
  const root = join(folder, "root");
  const npm = join(folder, "npm");
  const packages = "--include=git,gpgv,openssh-client,ca-certificates";
  await runCommand("debootstrap", ["--variant=minbase", packages, code, root, mirror]);
  await mkdir(npm);
  const node = await fetchNpmPackage(NODE_24_PACKAGE, npm);
  const target = join(root, "usr/local/bin");
  await runCommand("tar", ["-xzf", node, "-C", target, "--strip-components=2", "package/bin/node"]);
  const without = LEFT_OUT.map((path) => `--exclude=./${path}/*`);
  await runCommand("tar", ["-C", root, ...without, "-cf", join(folder, "image.tar"), "."]);
  for (const one of [root, npm]) await rm(one, { recursive: true });
}

/** The release that this machine runs, and where its packages come from. */
async function debian(): Promise<{ code: string; mirror: string }> {
  const code = /^VERSION_CODENAME=(\w+)$/m.exec(await readFile("/etc/os-release", "utf8"))?.[1] ?? "";
  const targets = await runCommand("apt-get", [
    "indextargets",
    "--format",
    "$(CODENAME) $(SITE)",
    "Created-By: Packages",
  ]);
  const mirror = targets
    .split("\n")
    .find((line) => line.startsWith(`${code} `))
    ?.split(" ")[1];
  if (mirror === undefined) throw new Error(`apt has no packages of the release ${code}: run apt-get update`);
  return { code, mirror };
}
