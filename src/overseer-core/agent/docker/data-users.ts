import { BackupError } from "../backup/backup-error.js";
import { realPath } from "../host-access/real-path.js";
import type { DataDirectory } from "./app-data.js";
import { type DockerEngine, LABEL_PROJECT, type MountingContainer } from "./engine.js";

/**
 * Throws BackupError if a running container of the engine, of any project, mounts one of the directories: it would keep the old content
 * after an exchange, and lose what it writes. `except`: a project whose containers are stopped later.
 */
export async function checkUnused(
  engine: DockerEngine,
  directories: readonly DataDirectory[],
  except: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const running = await engine.mountingContainers(signal);
  const others = running.filter(({ Labels }) => except === undefined || Labels?.[LABEL_PROJECT] !== except);
  const uses = others.flatMap((container) => {
    const used = directories.find((directory) => isMounted(container, directory));
    return used === undefined ? [] : [`${describe(container)} mounts ${used.key}`];
  });
  if (uses.length === 0) return;
  throw new BackupError(
    `containers that run use the data that would be replaced: ${uses.slice(0, 5).join(", ")}${uses.length > 5 ? ` and ${uses.length - 5} more` : ""}; stop them by docker stop, and restore again`,
  );
}

function isMounted({ Mounts }: MountingContainer, { path, volume }: DataDirectory): boolean {
  return (Mounts ?? []).some(({ Name, Source }) => {
    return (volume !== undefined && Name === volume) || `${realPath(Source)}/`.startsWith(`${path}/`);
  });
}

function describe({ Names, Labels }: MountingContainer): string {
  const project = Labels?.[LABEL_PROJECT];
  const name = (Names[0] ?? "a container").replace(/^\//, "");
  return project === undefined ? name : `${name} of project ${project}`;
}
