import type { AppRecord } from "../../../destinations/overseer/state/core-records.js";
import { CommandError, EXIT, type ExitCode } from "../../exit-codes.js";
import { age } from "../../output/age.js";
import { jsonOutput } from "../../output/objects.js";
import { formatTable } from "../../output/table.js";
import { confirm, hint, print, say } from "../../terminal.js";
import { type Core, type CoreFlags, withCore } from "./connect-core.js";
import { awaitJob, startJob } from "./core-jobs.js";
import { appsOf, named, nodesOf } from "./core-resources.js";

/** Flags of commands that list. */
export interface ListFlags {
  readonly output?: "json";
}
/** Flags of `overseer core backup`. */
export interface BackupFlags extends CoreFlags {
  /** Set to false by `--no-wait`. */
  readonly wait: boolean;
  /** Milliseconds; 0 is no limit. */
  readonly timeout: number;
}
/** Flags of `overseer core restore`. */
export interface RestoreFlags extends BackupFlags {
  readonly snapshot: string;
  readonly yes?: boolean;
}

type Snapshot = NonNullable<AppRecord["backup"]>["snapshots"][number];

/** Lists the stored backups of an app, or of all. */
export function listBackups(name: string | undefined, flags: CoreFlags & ListFlags): Promise<ExitCode> {
  return withCore(flags, async (core) => {
    const all = await appsOf(core);
    const apps = name === undefined ? all : [named("app", name, all)];
    if (flags.output === "json") {
      print(jsonOutput(apps.map(({ name: app, backup }) => ({ app, ...backup }))));
      return EXIT.done;
    }
    const rows = apps.flatMap(({ name: app, backup }) =>
      (backup?.snapshots ?? []).map((snapshot, index) => [
        app,
        snapshot.id.slice(0, 8),
        age(snapshot.time),
        // The Core knows the size of the last backup only.
        index === 0 && backup?.sizeBytes != null ? formatBytes(backup.sizeBytes) : "-",
        snapshot.node,
        snapshot.incomplete ? "incomplete" : "complete",
      ]),
    );
    print(formatTable(["app", "id", "age", "size", "node", "state"], rows));
    for (const { name: app, backup } of apps) {
      if (backup?.problem != null) say(`${app}: ${backup.problem}`);
      else if ((backup?.snapshots ?? []).length === 0) hint(flags, `${app} has no backup`);
    }
    return EXIT.done;
  });
}

/** Backs an app up. */
export function backUp(name: string, flags: BackupFlags): Promise<ExitCode> {
  return withCore(flags, async (core) => {
    const app = named("app", name, await appsOf(core));
    const job = await startJob(core, `/api/apps/${encodeURIComponent(app.id)}/backup`, {});
    if (!flags.wait) {
      print(`backup of ${name} started: job ${job}\n`);
      return EXIT.done;
    }
    await awaitJob(core, job, { what: `the backup of ${name}`, timeoutMs: flags.timeout });
    const { backup } = named("app", name, await appsOf(core));
    const [newest] = backup?.snapshots ?? [];
    const size = backup?.sizeBytes == null ? "" : ` of ${formatBytes(backup.sizeBytes)}`;
    print(`${name}: backup ${newest?.id.slice(0, 8) ?? ""}${size} is stored and verified\n`);
    for (const item of backup?.excluded ?? []) say(`not part of it: ${item}`);
    return EXIT.done;
  });
}

/** Replaces the data of an app by that of a backup, after a question that names both. */
export function restoreApp(name: string, flags: RestoreFlags): Promise<ExitCode> {
  return withCore(flags, async (core) => {
    const app = named("app", name, await appsOf(core));
    const snapshot = chosenSnapshot(app, flags.snapshot);
    await confirm(await questionOf(core, app, flags.snapshot, snapshot), flags);
    const path = `/api/apps/${encodeURIComponent(app.id)}/restore`;
    // What the question named: "latest" would be another one if a backup ends meanwhile, or its node has one of its own.
    const job = await startJob(core, path, { snapshot: snapshot?.id ?? flags.snapshot });
    if (!flags.wait) {
      print(`restore of ${name} started: job ${job}\n`);
      return EXIT.done;
    }
    const { result } = await awaitJob(core, job, { what: `the restore of ${name}`, timeoutMs: flags.timeout });
    const restored = Array.isArray(result?.restored) ? result.restored.map(String) : [];
    print(`${name} is restored${restored.length === 0 ? "" : `: ${restored.join(", ")}`}\n`);
    return EXIT.done;
  });
}

/** Returns the backup that is known under an ID; undefined if the Core does not list it, as after the loss of the Core. */
function chosenSnapshot({ name, backup }: AppRecord, id: string): Snapshot | undefined {
  const snapshots = backup?.snapshots ?? [];
  if (id === "latest") return snapshots.find(({ incomplete }) => !incomplete);
  const found = snapshots.filter((snapshot) => snapshot.id.startsWith(id));
  if (found.length > 1)
    throw new CommandError(`${id} is the beginning of several backups of ${name}: give more of it`, EXIT.usage);
  return found[0];
}

async function questionOf(core: Core, app: AppRecord, id: string, snapshot: Snapshot | undefined): Promise<string> {
  const node = (await nodesOf(core)).find((one) => one.id === (app.assignedNodeId ?? app.nodeId))?.name;
  const from =
    snapshot === undefined
      ? `backup ${id}, which the Core does not list`
      : `backup ${snapshot.id.slice(0, 8)} of ${snapshot.time} (${age(snapshot.time)} ago, made on ${snapshot.node})`;
  return `Restore ${app.name} from ${from}? The volumes and files of the app${node === undefined ? "" : ` on ${node}`} that the backup contains are overwritten, what was written since then is lost, and the app is stopped meanwhile.`;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** Formats a number of bytes with a unit: `512 B`, `1.5 MiB`, `20 GiB`. */
export function formatBytes(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}
