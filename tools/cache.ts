import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { withKernelLock } from "./kernel-lock.js";

/** A cached artifact. Name, version and architecture form its key, so versions never replace each other. */
export interface Artefact {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
}

/** Options of an installation. */
export interface InstallOptions {
  /** Defaults to `cacheRoot()`. */
  readonly root?: string;
  /** Called with the process id of another process that is installing the same artifact. */
  readonly onWait?: (holderPid: string) => void;
}

/** Marks an installation as complete and records the size of each file in bytes. */
type Manifest = Readonly<Record<string, number>>;

const MANIFEST = ".complete.json";

/** Returns the cache directory, which can be deleted at any time. Ignores a relative `XDG_CACHE_HOME`, as XDG requires. */
export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_CACHE_HOME;
  const parent = base !== undefined && isAbsolute(base) ? base : join(env.HOME ?? homedir(), ".cache");
  return join(parent, "overseer-gitops");
}

/** Returns the directory name of an artifact, for example `etcd-v3.6.8-linux-amd64`. */
export function artefactKey(artefact: Artefact): string {
  const key = `${artefact.name}-${artefact.version}-linux-${artefact.arch}`;
  if (!/^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(key)) throw new Error(`invalid name of a cache directory: ${key}`);
  return key;
}

/** Returns the directory of a completely installed artifact; undefined otherwise. */
export async function findInstalled(artefact: Artefact, root = cacheRoot()): Promise<string | undefined> {
  const folder = join(root, "bin", artefactKey(artefact));
  return (await isComplete(folder)) ? folder : undefined;
}

/**
 * Returns the directory of an artifact; installs it with `build` if it is missing or damaged. `build` fills an empty
 * directory that is renamed when complete, so that partial artifacts are never visible. The next process removes what a
 * killed process left. Only one process builds; the others wait. If `build` throws, nothing is left.
 */
export async function installOnce(
  artefact: Artefact,
  build: (folder: string) => Promise<void>,
  options: InstallOptions = {},
): Promise<string> {
  const root = options.root ?? cacheRoot();
  const found = await findInstalled(artefact, root);
  if (found !== undefined) return found;
  const key = artefactKey(artefact);
  const work = async () => (await findInstalled(artefact, root)) ?? (await install(root, key, build));
  return withKernelLock(`install ${join(root, key)}`, work, options.onWait);
}

async function install(root: string, key: string, build: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(root, "bin", key);
  const staging = join(root, "staging");
  await mkdir(staging, { recursive: true });
  await mkdir(join(root, "bin"), { recursive: true });
  await removeLeftovers(staging, key);
  const fresh = join(staging, `${key}~${randomBytes(6).toString("hex")}`);
  try {
    await mkdir(fresh);
    await build(fresh);
    await writeFile(join(fresh, MANIFEST), JSON.stringify(await measure(fresh)));
    await replace(folder, fresh);
    return folder;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Replaces a damaged `folder` with `fresh`. */
async function replace(folder: string, fresh: string): Promise<void> {
  await rename(folder, `${fresh}.broken`).catch(ignoreMissing);
  await rename(fresh, folder);
  await rm(`${fresh}.broken`, { recursive: true, force: true });
}

/** Removes staging directories of exited processes; the lock of `key` is held, so no other process uses them. */
async function removeLeftovers(staging: string, key: string): Promise<void> {
  for (const name of await readdir(staging)) {
    if (name.startsWith(`${key}~`)) await rm(join(staging, name), { recursive: true, force: true });
  }
}

async function measure(folder: string): Promise<Manifest> {
  const manifest: Record<string, number> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) manifest[path.slice(folder.length + 1)] = (await stat(path)).size;
  }
  return manifest;
}

/** Compares file sizes, since a power failure can leave truncated files. */
async function isComplete(folder: string): Promise<boolean> {
  try {
    const manifest = JSON.parse(await readFile(join(folder, MANIFEST), "utf8")) as Manifest;
    for (const [path, size] of Object.entries(manifest)) {
      if ((await stat(join(folder, path))).size !== size) return false;
    }
    return true;
  } catch {
    return false;
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
