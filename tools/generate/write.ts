import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { INSTALL_FOLDERS } from "./install.js";
import type { Output } from "./outputs.js";

/** Folders in which every file is generated: what is there and is not generated any more is stale too. */
const OWNED_FOLDERS = ["crds", "docs/resources", "docs/documents", "schemas/overseer.io/v1", ...INSTALL_FOLDERS];

/** Paths, relative to `root`, of the files that are not what the generator would write. */
export async function staleFiles(root: string, outputs: readonly Output[]): Promise<string[]> {
  const wrong = await Promise.all(
    outputs.map(async ({ path, text }) => ((await readIfThere(join(root, path))) === text ? [] : [path])),
  );
  return [...wrong.flat(), ...(await leftovers(root, outputs))].sort();
}

/** Writes what is stale, removes what is not generated any more, and says which files these were. */
export async function writeFiles(root: string, outputs: readonly Output[]): Promise<string[]> {
  const stale = await staleFiles(root, outputs);
  for (const path of stale) {
    const output = outputs.find((candidate) => candidate.path === path);
    if (output === undefined) await rm(join(root, path));
    else {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), output.text);
    }
  }
  return stale;
}

async function leftovers(root: string, outputs: readonly Output[]): Promise<string[]> {
  const wanted = new Set(outputs.map(({ path }) => path));
  const found = await Promise.all(
    OWNED_FOLDERS.map(async (folder) => (await listIfThere(join(root, folder))).map((name) => `${folder}/${name}`)),
  );
  return found.flat().filter((path) => !wanted.has(path));
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

async function listIfThere(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
