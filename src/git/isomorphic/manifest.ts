import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CommitRecord, PackRecord } from "../stores/store-records.js";

/**
 * All that is known of a store. Written last and in one piece: what it does not name does not exist, whatever lies in the
 * directory, and what it names was verified before.
 */
export interface Manifest {
  readonly version: 1;
  /** For people who look into the directory; holds no credential. */
  readonly url: string;
  readonly packs: readonly PackRecord[];
  /** Commits whose parents the packs do not hold. */
  readonly shallow: readonly string[];
  readonly commits: Readonly<Record<string, CommitRecord>>;
  /** Bytes of one whole commit when the store was last made or packed anew: the measure for what is much. */
  readonly compactBytes: number;
}

/** Its file in the directory of a store. */
export const MANIFEST_FILE = "manifest.json";

/** A store that holds nothing. */
export function emptyManifest(url: string): Manifest {
  return { version: 1, url, packs: [], shallow: [], commits: {}, compactBytes: 0 };
}

/** The manifest in `directory`; undefined when there is none that can be read, which means an empty store. */
export async function readManifest(directory: string): Promise<Manifest | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(directory, MANIFEST_FILE), "utf8"));
    return isManifest(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces the manifest in one step. */
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
