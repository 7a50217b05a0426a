import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./run-command.js";

/** An npm package, pinned by checksum. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** SHA-512 of its tarball, base64. */
  readonly sha512: string;
}

/**
 * Downloads a package into `folder` with the npm settings of the user, and returns the path of its tarball. Throws before
 * unpacking if the checksum does not match.
 */
export async function fetchNpmPackage({ name, version, sha512 }: NpmPackage, folder: string): Promise<string> {
  const spec = `${name}@${version}`;
  const answer = await runCommand("npm", ["pack", spec, "--json", "--ignore-scripts"], { cwd: folder });
  const tarball = join(folder, packedFile(answer));
  const actual = createHash("sha512")
    .update(await readFile(tarball))
    .digest("base64");
  if (actual !== sha512) throw new Error(`${spec} has an unexpected SHA-512: ${actual}`);
  return tarball;
}

function packedFile(answer: string): string {
  const packed = JSON.parse(answer) as readonly { readonly filename?: unknown }[];
  const name = packed[0]?.filename;
  if (typeof name !== "string" || name.includes("/")) throw new Error("npm pack did not print a file name");
  return name;
}
