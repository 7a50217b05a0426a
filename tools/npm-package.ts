import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./run-command.js";

/** A package of the npm registry, pinned to its content. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** SHA-512 of its tarball, base64. */
  readonly sha512: string;
}

/**
 * Fetches a package into `folder`, with the person's own npm settings, and gives the path of its tarball. Throws when its content
 * is another one than what is pinned: nothing of it has been unpacked then.
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
  if (typeof name !== "string" || name.includes("/")) throw new Error("npm pack did not say what file it wrote");
  return name;
}
