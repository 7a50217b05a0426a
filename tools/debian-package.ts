import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { BinaryName } from "./binary-catalog.js";
import { runCommand } from "./run-command.js";

/** Puts `programs` of a Debian package into `folder`. The package is only unpacked: no service is installed. Throws where apt is missing. */
export async function unpackFromDebianPackage(
  name: string,
  programs: readonly BinaryName[],
  folder: string,
): Promise<void> {
  const scratch = await mkdtemp(join(folder, "debian-"));
  try {
    const download = () => runCommand("apt-get", ["download", "-qq", name], { cwd: scratch });
    // A new machine has no lists of packages yet.
    await download().catch(async () => {
      await runCommand("apt-get", ["update", "-qq"], { cwd: scratch });
      await download();
    });
    const file = (await readdir(scratch)).find((entry) => entry.endsWith(".deb"));
    if (file === undefined) throw new Error(`apt-get has downloaded no package ${name}`);
    await runCommand("dpkg-deb", ["--extract", join(scratch, file), join(scratch, "content")]);
    for (const program of programs) await rename(join(scratch, "content/usr/bin", program), join(folder, program));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
