import { existsSync, mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { BackupError } from "../backup/backup-error.js";
import { stagingOf } from "../backup/replace-directories.js";
import { isIncomplete, type Restic, type Snapshot } from "../backup/restic.js";
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

/** Returns a snapshot of an app by ID, or the latest complete one. Throws BackupError if there is none. */
export async function findSnapshot(restic: Restic, app: string, wanted: string): Promise<Snapshot> {
  const snapshots = await restic.snapshots(app);
  const latest = wanted === "latest";
  const found = latest
    ? snapshots.find((one) => !isIncomplete(one))
    : snapshots.find(({ id }) => id.startsWith(wanted));
  if (found !== undefined) return found;
  const known = snapshots.slice(0, 5).map(({ short_id: id, time }) => `${id} of ${time.slice(0, 16)}`);
  const rest = known.length === 0 ? "it has none of this app" : `the newest are ${known.join(", ")}`;
  throw new BackupError(`the repository has no backup ${wanted} of ${app}: ${rest}`);
}

/** Reads which directories a snapshot contains. Throws BackupError if it was not made by an agent. */
export async function manifestOf(restic: Restic, { id, short_id: shortId, paths }: Snapshot): Promise<Manifest> {
  const file = paths.find((path) => basename(path) === MANIFEST);
  if (file === undefined) throw new BackupError(`snapshot ${shortId} was not made by Overseer: restore it by restic`);
  const manifest = Manifest.safeParse(JSON.parse(await restic.dump(id, file))).data;
  if (manifest !== undefined) return manifest;
  throw new BackupError(`snapshot ${shortId} was made by a later version of Overseer: update the agent`);
}

/** Assigns the stored directories to those of the app. Throws BackupError if the app has no place for one of them. */
export function pairsOf(
  { version, directories }: Manifest,
  data: AppData,
  snapshot: string,
): { readonly from: string; readonly to: DataDirectory }[] {
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

/** Restores a directory beside the present one. */
export async function stage(restic: Restic, snapshot: string, from: string, target: string): Promise<void> {
  const staging = stagingOf(target);
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { mode: 0o700 });
  await restic.restore(snapshot, from, staging);
  if (!existsSync(join(staging, from))) throw new BackupError(`backup ${snapshot} has no content of ${from}`);
}
