import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CommitRecord, PackRecord } from "../stores/store-records.js";

/**
 * Content of a store. Written last and atomically: only packs and commits in it exist, regardless of other files in the directory,
 * and they have been verified.
 */
export interface Manifest {
  readonly version: 1;
  /** Informational; contains no credential. */
  readonly url: string;
  readonly packs: readonly PackRecord[];
  /** Commits whose parents are not in the packs. */
  readonly shallow: readonly string[];
  readonly commits: Readonly<Record<string, CommitRecord>>;
  /** Size of the store when it was created or last repacked: the baseline for deciding when to repack. */
  readonly compactBytes: number;
}

/** File name of the manifest in the directory of a store. */
export const MANIFEST_FILE = "manifest.json";

/** Returns the manifest of an empty store. */
export function emptyManifest(url: string): Manifest {
  return { version: 1, url, packs: [], shallow: [], commits: {}, compactBytes: 0 };
}

/** Reads the manifest in `directory`; undefined if it is missing or unreadable, which means an empty store. */
export async function readManifest(directory: string): Promise<Manifest | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(directory, MANIFEST_FILE), "utf8"));
    return isManifest(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces the manifest atomically. */
export async function writeManifest(directory: string, manifest: Manifest): Promise<void> {
  const path = join(directory, MANIFEST_FILE);
  await writeFile(`${path}.tmp`, JSON.stringify(manifest), { mode: 0o600 });
  await rename(`${path}.tmp`, path);
}

function isManifest(value: unknown): value is Manifest {
  if (typeof value !== "object" || value === null) return false;
  const { version, packs, shallow, commits, compactBytes } = value as Partial<Record<keyof Manifest, unknown>>;
  return (
    version === 1 &&
    Array.isArray(packs) &&
    packs.every((pack) => /^pack-[0-9a-f]{40}$/.test(pack?.name) && typeof pack?.bytes === "number") &&
    Array.isArray(shallow) &&
    typeof commits === "object" &&
    commits !== null &&
    typeof compactBytes === "number"
  );
}
