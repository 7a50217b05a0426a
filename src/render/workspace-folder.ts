import { mkdtemp, readdir, readFile, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system in memory, in every container. */
const MEMORY = "/dev/shm";
/** Free space in memory that a workspace needs. */
const MIN_FREE = 32 * 2 ** 20;
/** Bytes of a small workspace. */
const SMALL = 2 ** 20;
const PREFIX = "overseer-render-";
/** When this process started. */
let ownStart: Promise<string> | undefined;

/** What a workspace will hold. */
export interface WorkspaceContent {
  readonly bytes: number;
  readonly secret: boolean;
}

/** The folder of a workspace. */
export interface WorkspaceFolder {
  readonly path: string;
  /** Whether it is in memory: operations on it wait for no disk. */
  readonly inMemory: boolean;
  /** Bytes that it may hold: in memory, half of what was free, so that renders at the same time have room as well. */
  readonly room: number;
}

/**
 * Creates a private folder whose name says which process it belongs to. It is in memory if there is room and the content is secret or
 * small.
 */
export async function makeWorkspaceFolder(
  { bytes, secret }: WorkspaceContent,
  memory = MEMORY,
): Promise<WorkspaceFolder> {
  ownStart ??= startOf(process.pid);
  const name = `${PREFIX}${process.pid}-${await ownStart}-`;
  const free = secret || bytes <= SMALL ? await freeBytes(memory) : 0;
  if (free >= MIN_FREE) {
    const path = await mkdtemp(join(memory, name)).catch(() => undefined);
    if (path !== undefined) return { path, inMemory: true, room: Math.floor(free / 2) };
  }
  return { path: await mkdtemp(join(tmpdir(), name)), inMemory: false, room: Number.POSITIVE_INFINITY };
}

/** Removes folders of processes that were killed, in memory and on disk. */
export async function removeStaleWorkspaces(places: readonly string[] = [MEMORY, tmpdir()]): Promise<void> {
  for (const place of places) {
    for (const name of await readdir(place).catch(() => [])) {
      const match = /^overseer-render-(\d+)-(\d+)-[A-Za-z0-9]+$/.exec(name);
      if (match === null || (await startOf(Number(match[1]))) === match[2]) continue;
      // Another user's cannot be removed.
      await rm(join(place, name), { recursive: true, force: true }).catch(() => {});
    }
  }
}

async function freeBytes(folder: string): Promise<number> {
  const found = await statfs(folder).catch(() => undefined);
  return found === undefined ? 0 : found.bavail * found.bsize;
}

/** When a process started, in ticks since the machine started; "0" if it does not run, or the system does not say. */
async function startOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
  // The name of the program, in parentheses, can hold anything.
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "0";
}
