import { existsSync } from "node:fs";
import { BackupError } from "../backup/backup-error.js";
import { boundDevice } from "../host-access/judge-mounts.js";
import { realPath } from "../host-access/real-path.js";
import { isAnonymous } from "./anonymous-volumes.js";
import { type Container, type DockerEngine, type EngineVolume, LABEL_PROJECT, serviceOf } from "./engine.js";

/** Label of Compose with the name of a volume in the document. */
const LABEL_VOLUME = "com.docker.compose.volume";
/** Label of Compose with the number of a container of its service. */
const LABEL_NUMBER = "com.docker.compose.container-number";

/** A directory of the node with data of an app. */
export interface DataDirectory {
  /** Identifies the data on any node: `volume db`, `anonymous db-1 /var/lib/data`, `directory`. */
  readonly key: string;
  /** Without symbolic links: restic stores a link, and not where it leads. */
  readonly path: string;
  /** Name of the volume; undefined for other directories. */
  readonly volume?: string;
}

/** The data of an app on a node. */
export interface AppData {
  readonly directories: readonly DataDirectory[];
  /** What an app uses and backups cannot contain, as texts. */
  readonly excluded: readonly string[];
  /** Paths of the node that its containers mount, as they are declared: a symbolic link is followed whenever a container starts. */
  readonly mounted: readonly string[];
}

/**
 * Finds the data of an app: its named volumes, the anonymous ones of its containers, and its directory. Throws BackupError if the agent
 * cannot read it, or cannot tell two volumes apart.
 */
export async function findAppData(
  engine: DockerEngine,
  project: string,
  directory: string,
  containers: readonly Container[],
  signal: AbortSignal,
): Promise<AppData> {
  const keys = new Map<string, string>();
  for (const container of containers) {
    for (const { Type, Name, Destination } of container.Mounts ?? []) {
      const number = container.Config.Labels?.[LABEL_NUMBER] ?? "1";
      if (Type === "volume") keys.set(Name, `anonymous ${serviceOf(container)}-${number} ${Destination}`);
    }
  }
  for (const name of await engine.volumes(project, signal)) keys.set(name, `volume ${name}`);
  const directories: DataDirectory[] = existsSync(directory) ? [{ key: "directory", path: realPath(directory) }] : [];
  const binds = containers.flatMap(({ Mounts }) => (Mounts ?? []).filter(({ Type }) => Type === "bind"));
  const mounted = binds.map(({ Source }) => Source);
  const excluded = excludedMounts(binds, realPath(directory));
  for (const [name, fallback] of [...keys].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const volume = await engine.volume(name, signal);
    if (volume === undefined) continue;
    const path = pathOf(volume);
    if (path === undefined)
      excluded.push(`volume ${name} (${volume.Driver} with options: back it up where its data is)`);
    else {
      mounted.push(path);
      directories.push({ key: keyOf(volume, fallback, project), path: readable(path), volume: name });
    }
  }
  checkDistinct(directories);
  return { directories, excluded: excluded.slice(0, 20), mounted };
}

function keyOf({ Name, Labels }: EngineVolume, fallback: string, project: string): string {
  const declared = Labels?.[LABEL_VOLUME];
  // Volumes of other projects may have the same name in their documents.
  if (declared !== undefined && Labels?.[LABEL_PROJECT] === project) return `volume ${declared}`;
  // Names that the engine made up differ on each node.
  return isAnonymous(Name) ? fallback : `external ${Name}`;
}

/** Refuses data that a restore could not tell apart, as after a change of the `name` of a volume in the document. */
function checkDistinct(directories: readonly DataDirectory[]): void {
  for (const [index, { key, volume, path }] of directories.entries()) {
    const other = directories.slice(index + 1).find((one) => one.key === key);
    if (other === undefined) continue;
    throw new BackupError(
      `the volumes ${volume ?? path} and ${other.volume ?? other.path} of the app are both its ${key}: remove the one that it does not use any more by docker volume rm`,
    );
  }
}

/** Returns the directory of a volume; undefined if it is only there while a container runs. */
function pathOf({ Driver, Options, Mountpoint }: EngineVolume): string | undefined {
  if (Driver !== "local") return undefined;
  if (Object.keys(Options ?? {}).length === 0) return Mountpoint;
  return boundDevice({ driver: Driver, driver_opts: Options ?? {} });
}

function readable(path: string): string {
  if (existsSync(path)) return realPath(path);
  throw new BackupError(`the agent cannot read ${path}: run it as root on the machine of the Docker engine`);
}

/** Bind mounts that a container can change, outside of the directory of the app. Both may have symbolic links that lead elsewhere. */
function excludedMounts(
  binds: readonly { readonly RW: boolean; readonly Source: string }[],
  directory: string,
): string[] {
  const outside = binds.filter(({ RW, Source }) => RW && !`${realPath(Source)}/`.startsWith(`${directory}/`));
  return [...new Set(outside.map(({ Source }) => `directory ${Source} (mounted from the node)`))].sort();
}
