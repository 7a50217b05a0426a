import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { INSTALL_FOLDERS } from "./install.js";
import type { Output } from "./outputs.js";

/** Directories with only generated files; any other file in them is stale. */
const OWNED_FOLDERS = [
  "crds",
  "docs/resources",
  "docs/documents",
  "schemas/overseer.io/v1",
  "schemas/openapi",
  "charts/overseer-gitops/files/dashboards",
  ...INSTALL_FOLDERS,
];

/** Returns the paths of stale files, relative to `root`. */
export async function staleFiles(root: string, outputs: readonly Output[]): Promise<string[]> {
  const changed = await Promise.all(
    outputs.map(async ({ path, text }) => ((await readIfThere(join(root, path))) === text ? [] : [path])),
  );
  return [...changed.flat(), ...(await obsoleteFiles(root, outputs))].sort();
}

/** Writes stale files and removes obsolete ones; returns their paths. */
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

async function obsoleteFiles(root: string, outputs: readonly Output[]): Promise<string[]> {
  const generated = new Set(outputs.map(({ path }) => path));
  const found = await Promise.all(
    OWNED_FOLDERS.map(async (folder) => (await listIfThere(join(root, folder))).map((name) => `${folder}/${name}`)),
  );
  return found.flat().filter((path) => !generated.has(path));
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

async function listIfThere(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
