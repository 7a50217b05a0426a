import { lstatSync, mkdirSync, rmSync } from "node:fs";
import { basename, join, posix, relative } from "node:path";
import { z } from "zod";
import { BackupError } from "../backup/backup-error.js";
import { stagingOf } from "../backup/replace-directories.js";
import { isIncomplete, type Restic, type Snapshot } from "../backup/restic.js";
import { realPath } from "../host-access/real-path.js";
import type { AppData, DataDirectory } from "./app-data.js";

/** Name of the file in each backup that says which directory has which data. */
export const MANIFEST = "overseer-backup.json";

/** Content of that file. */
export const Manifest = z.object({
  format: z.literal(1),
  app: z.string(),
  version: z.number().nullable(),
  directories: z.array(z.object({ key: z.string(), path: z.string() })),
});
export type Manifest = z.infer<typeof Manifest>;

/**
 * Returns a snapshot of an app by ID, or the latest complete one: of this node if it has one, since nodes share repositories. Throws
 * BackupError if there is none.
 */
export async function findSnapshot(restic: Restic, app: string, wanted: string, node: string): Promise<Snapshot> {
  const snapshots = await restic.snapshots(app);
  const latest = wanted === "latest";
  const complete = snapshots.filter((one) => !isIncomplete(one));
  const found = latest
    ? (complete.find(({ hostname }) => hostname === node) ?? complete[0])
    : snapshots.find(({ id }) => id.startsWith(wanted));
  if (found !== undefined) return found;
  const known = snapshots.slice(0, 5).map(({ short_id: id, time }) => `${id} of ${time.slice(0, 16)}`);
  const rest = known.length === 0 ? "it has none of this app" : `the newest are ${known.join(", ")}`;
  throw new BackupError(`the repository has no backup ${wanted} of ${app}: ${rest}`);
}

/**
 * Reads which directories a snapshot contains. Nothing in it is trusted: who can write to the repository can write any manifest. Throws
 * BackupError if it was not made by an agent.
 */
export async function manifestOf(restic: Restic, { id, short_id: shortId, paths }: Snapshot): Promise<Manifest> {
  const file = paths.find((path) => basename(path) === MANIFEST);
  if (file === undefined) throw new BackupError(`snapshot ${shortId} was not made by Overseer: restore it by restic`);
  const manifest = Manifest.safeParse(parsed(await restic.dump(id, file), shortId)).data;
  if (manifest === undefined)
    throw new BackupError(`snapshot ${shortId} was made by a later version of Overseer: update the agent`);
  const directories = manifest.directories.map(({ key, path }) => ({ key, path: cleanPath(path) }));
  const bad = directories.findIndex(({ path }) => path === undefined || !paths.includes(path));
  if (bad >= 0 || new Set(directories.map(({ key }) => key)).size < directories.length)
    throw new BackupError(
      `snapshot ${shortId} has a false ${MANIFEST}${bad < 0 ? "" : `: it does not contain ${manifest.directories[bad]?.path.slice(0, 200)}`}; someone may have changed the repository: choose another backup, or restore it by restic`,
    );
  return { ...manifest, directories: directories.map(({ key, path = "" }) => ({ key, path })) };
}

function parsed(text: string, snapshot: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BackupError(
      `${MANIFEST} of snapshot ${snapshot} is not JSON: choose another backup, or restore it by restic`,
    );
  }
}

/** Returns an absolute path as restic stores it; undefined for one that is relative, has parts `..`, or is the root. */
function cleanPath(path: string): string | undefined {
  if (!path.startsWith("/") || path.split("/").includes("..")) return undefined;
  const clean = posix.normalize(path).replace(/\/$/, "");
  return clean === "" ? undefined : clean;
}

/** A stored directory, and the one of the app that it replaces. */
interface Pair {
  readonly from: string;
  readonly to: DataDirectory;
}

/** Assigns the stored directories to those of the app. Throws BackupError if the app has no place for one of them. */
export function pairsOf({ version, directories }: Manifest, data: AppData, snapshot: string): Pair[] {
  const missing: string[] = [];
  const pairs = directories.flatMap(({ key, path }) => {
    const to = data.directories.find((one) => one.key === key);
    if (to === undefined) missing.push(key);
    return to === undefined ? [] : [{ from: path, to }];
  });
  if (missing.length === 0) return pairs;
  const made = version === null ? "" : `; the backup is of version ${version}`;
  throw new BackupError(
    `the app has no ${missing.join(" and no ")}, which backup ${snapshot} contains: deploy the version that has them first${made}`,
  );
}

/**
 * Returns the directories that are not part of another one, as a volume can bind a directory in that of the app. Throws BackupError if
 * the backup has the part in another place.
 */
export function outermost(pairs: readonly Pair[], snapshot: string): Pair[] {
  return pairs.filter((pair, index) => {
    const outer = pairs.find(({ to }, other) => {
      const below = `${pair.to.path}/`.startsWith(`${to.path}/`);
      return other !== index && below && (pair.to.path !== to.path || other < index);
    });
    if (outer === undefined) return true;
    if (relative(outer.from, pair.from) === relative(outer.to.path, pair.to.path)) return false;
    throw new BackupError(
      `the app has its ${pair.to.key} in its ${outer.to.key}, and backup ${snapshot} has it elsewhere: deploy the version that the backup is of first, or restore it by restic`,
    );
  });
}

/** Restores a directory beside the present one. */
export async function stage(restic: Restic, snapshot: string, from: string, target: string): Promise<void> {
  const staging = stagingOf(target);
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { mode: 0o700 });
  await restic.restore(snapshot, from, staging);
  checkDirectories(snapshot, from, staging);
}

/** Throws BackupError unless all parts of a restored path are directories: a symbolic link would lead to other files of the node. */
function checkDirectories(snapshot: string, from: string, staging: string): void {
  let path = staging;
  for (const part of from.split("/").filter((one) => one !== "")) {
    path = join(path, part);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) throw new BackupError(`backup ${snapshot} has no content of ${from}`);
    if (found.isDirectory()) continue;
    throw new BackupError(
      `backup ${snapshot} has no directory ${path.slice(staging.length)}, but a ${found.isSymbolicLink() ? "symbolic link" : "file"}: choose another backup, or restore it by restic`,
    );
  }
}

/**
 * Returns a check, to be called after restored directories took their place, that each of `mounted` still leads where it does now. Symbolic links in a
 * backup could otherwise make containers mount any directory of the node when they start again.
 */
export function sameMounts(mounted: readonly string[], snapshot: string): () => void {
  const before = mounted.map((path) => ({ path, real: realPath(path) }));
  return () => {
    const moved = before.find(({ path, real }) => realPath(path) !== real);
    if (moved === undefined) return;
    throw new BackupError(
      `a container of the app mounts ${moved.path}, which leads elsewhere with the content of backup ${snapshot}, as by a symbolic link in it: choose another backup, or deploy the version that the backup is of first`,
    );
  };
}
