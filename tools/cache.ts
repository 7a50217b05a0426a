import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { withKernelLock } from "./kernel-lock.js";

/** One thing in the cache. Name, version and processor together are its key: another version never replaces it. */
export interface Artefact {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
}

/** Where an artefact goes and what to say while another process installs it. */
export interface InstallOptions {
  /** `cacheRoot()` unless told. */
  readonly root?: string;
  /** Told the process id of whoever installs the same artefact right now. */
  readonly onWait?: (holderPid: string) => void;
}

/** Says that an installation is complete, and how long each of its files is, in bytes. */
type Manifest = Readonly<Record<string, number>>;

const MANIFEST = ".complete.json";

/** The folder for everything that may be deleted at any time. A relative `XDG_CACHE_HOME` is ignored, as XDG says. */
export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_CACHE_HOME;
  const parent = base !== undefined && isAbsolute(base) ? base : join(env.HOME ?? homedir(), ".cache");
  return join(parent, "overseer-gitops");
}

/** The folder name of an artefact, for example `etcd-v3.6.8-linux-amd64`. */
export function artefactKey(artefact: Artefact): string {
  const key = `${artefact.name}-${artefact.version}-linux-${artefact.arch}`;
  if (!/^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(key)) throw new Error(`not a name for a cache folder: ${key}`);
  return key;
}

/** The folder of an artefact that is completely there, else undefined. */
export async function findInstalled(artefact: Artefact, root = cacheRoot()): Promise<string | undefined> {
  const folder = join(root, "bin", artefactKey(artefact));
  return (await isComplete(folder)) ? folder : undefined;
}

/**
 * Returns the folder of an artefact, installing it by `build` when it is missing or broken.
 *
 * `build` fills an empty folder that becomes visible by one rename when it is done, so that nobody ever sees half of an
 * artefact, and what a killed process left is removed by the next. Of several processes only one builds; the others
 * wait for it. An error of `build` is passed on and leaves nothing behind.
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

/** Puts `fresh` in the place of whatever broken thing is at `folder`. */
async function replace(folder: string, fresh: string): Promise<void> {
  await rename(folder, `${fresh}.broken`).catch(ignoreMissing);
  await rename(fresh, folder);
  await rm(`${fresh}.broken`, { recursive: true, force: true });
}

/** We hold the lock of `key`, so any other staging folder of it belongs to a process that is gone. */
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

/** A power cut can leave files shorter than they were written, hence the look at each size. */
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
