import { randomBytes } from "node:crypto";
import { link, readdir, readFile, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CommitRecord, PackRecord } from "../stores/store-records.js";

/** Content of a store. Only packs and commits in it exist, and they have been verified. */
export interface NativeManifest {
  readonly version: 1;
  /** Informational; contains no credential. */
  readonly url: string;
  readonly packs: readonly PackRecord[];
  readonly commits: Readonly<Record<string, CommitRecord>>;
  /** Size of the store when it was created or last repacked: the baseline for deciding when to repack. */
  readonly compactBytes: number;
}

/** A manifest and its generation number: each change writes a new file with the next number. */
export interface Generation {
  /** 0 for a store without a manifest. */
  readonly number: number;
  /** Distinguishes files with the same number: a removed store starts over. */
  readonly stamp: string;
  readonly manifest: NativeManifest;
}

const NAME = /^manifest-(\d{1,15})\.json$/;

/**
 * Reads the newest generation in `directory`. An unreadable one counts as an empty store with that number. Returns `known` if
 * nothing changed, so that the check costs one directory listing.
 */
export async function readGeneration(directory: string, url: string, known?: Generation): Promise<Generation> {
  for (;;) {
    const number = Math.max(0, ...(await numbers(directory)));
    const stamp = number === 0 ? "" : await versionOf(path(directory, number));
    if (known !== undefined && number === known.number && stamp === known.stamp) return known;
    if (number === 0) return { number, stamp, manifest: emptyManifest(url) };
    const text = await readFile(path(directory, number), "utf8").catch(() => undefined);
    // Another process replaced it between listing and reading.
    if (text === undefined && !(await numbers(directory)).includes(number)) continue;
    return { number, stamp, manifest: parse(text) ?? emptyManifest(url) };
  }
}

/**
 * Publishes `manifest` as the generation after `number`. Returns false if another process was faster: its generation must be read
 * first. Linking a complete file under a new name is atomic and needs no lock that a killed process could leave behind.
 */
export async function publishGeneration(directory: string, number: number, manifest: NativeManifest): Promise<boolean> {
  const temporary = join(directory, `manifest-${randomBytes(8).toString("hex")}.tmp`);
  await writeFile(temporary, JSON.stringify(manifest), { mode: 0o600 });
  try {
    await link(temporary, path(directory, number + 1));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    await unlink(temporary).catch(() => {});
  }
  for (const old of await numbers(directory)) if (old <= number) await unlink(path(directory, old)).catch(() => {});
  return true;
}

function path(directory: string, number: number): string {
  return join(directory, `manifest-${number}.json`);
}

async function versionOf(file: string): Promise<string> {
  const { ino, mtimeMs, size } = await stat(file).catch(() => ({ ino: 0, mtimeMs: 0, size: 0 }));
  return `${ino} ${mtimeMs} ${size}`;
}

async function numbers(directory: string): Promise<number[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
    throw error;
  });
  return names.flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number);
}

function emptyManifest(url: string): NativeManifest {
  return { version: 1, url, packs: [], commits: {}, compactBytes: 0 };
}

function parse(text: string | undefined): NativeManifest | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return isManifest(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isManifest(value: unknown): value is NativeManifest {
  if (typeof value !== "object" || value === null) return false;
  const { version, packs, commits, compactBytes } = value as Partial<Record<keyof NativeManifest, unknown>>;
  return (
    version === 1 &&
    Array.isArray(packs) &&
    packs.every((pack) => /^pack-[0-9a-f]{40}$/.test(pack?.name) && typeof pack?.bytes === "number") &&
    typeof commits === "object" &&
    commits !== null &&
    typeof compactBytes === "number"
  );
}
