import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { API_VERSION } from "../../../api/group.js";
import { rfc3339, systemClock } from "../../../base/clock.js";
import { isStatus } from "../../../kube/errors.js";
import { yamlText } from "../../../manifest/yaml/dump.js";
import { type BackupObject, makeBackup } from "../../../migration/backup/backup.js";
import type { Cluster } from "../../cluster/cluster.js";
import { withCluster } from "../../cluster/with-cluster.js";
import { EXIT, type ExitCode } from "../../exit-codes.js";
import type { ClusterFlags, OutputFlags } from "../../flags.js";
import { KINDS, type Kind } from "../../kinds.js";
import { jsonOutput } from "../../output/objects.js";
import { hint, print } from "../../terminal.js";
import { type BackupScope, backupFile, expiredFiles } from "./file-names.js";

/** Flags of `overseer export --all`. */
export interface BackupFlags extends ClusterFlags, OutputFlags {
  readonly outputDir?: string;
  readonly keep?: number;
}

/** Kinds in the order in which they are restored. */
export const BACKUP_KINDS: readonly Kind[] = [
  KINDS.environment,
  KINDS.channel,
  KINDS.repository,
  KINDS.appSet,
  KINDS.app,
  KINDS.change,
  KINDS.approval,
];

/** Runs `overseer export --all`: a backup of all objects of the operator. */
export function writeBackup(flags: BackupFlags): Promise<ExitCode> {
  return withCluster(flags, async (cluster) => {
    const objects: BackupObject[] = [];
    for (const kind of BACKUP_KINDS) {
      const { items } = await cluster.list<BackupObject>(kind, { namespace: flags.namespace ?? "" });
      objects.push(...items.map((item) => ({ ...item, apiVersion: API_VERSION, kind: kind.kind })));
    }
    const time = rfc3339(systemClock.now());
    const id = await clusterId(cluster);
    const backup = makeBackup(objects, { time, cluster: id ?? "" });
    if (flags.outputDir === undefined) print(flags.output === "json" ? jsonOutput(backup) : yamlText(backup));
    else {
      const scope = { cluster: id, namespace: flags.namespace };
      await writeFileOf(flags.outputDir, { scope, time, text: yamlText(backup) }, flags);
    }
    hint(flags, `${objects.length} objects; ${backup.secrets.length} Secrets are named, but not part of it`);
    return EXIT.done;
  });
}

/** UID of the namespace kube-system, which identifies the cluster; undefined if the user may not read it. */
async function clusterId(cluster: Cluster): Promise<string | undefined> {
  try {
    const path = "/api/v1/namespaces/kube-system";
    return (await cluster.request<{ metadata: { uid: string } }>({ method: "GET", path })).metadata.uid;
  } catch (error) {
    if (isStatus(error, 403)) return undefined;
    throw error;
  }
}

/** Writes a file under a temporary name first, so that no half-written one is taken for a backup, and deletes the oldest ones. */
async function writeFileOf(
  directory: string,
  { scope, time, text }: { readonly scope: BackupScope; readonly time: string; readonly text: string },
  flags: BackupFlags,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const name = backupFile(scope, time);
  const temporary = join(directory, `.${name}.part`);
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, join(directory, name));
  hint(flags, `written to ${join(directory, name)}`);
  if (flags.keep === undefined) return;
  for (const file of expiredFiles(await readdir(directory), scope, flags.keep)) await rm(join(directory, file));
}
