import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { API_VERSION } from "../../../api/group.js";
import { rfc3339, systemClock } from "../../../base/clock.js";
import { yamlText } from "../../../manifest/yaml/dump.js";
import { type BackupObject, makeBackup } from "../../../migration/backup/backup.js";
import type { Cluster } from "../../cluster/cluster.js";
import { withCluster } from "../../cluster/with-cluster.js";
import { EXIT, type ExitCode } from "../../exit-codes.js";
import type { ClusterFlags, OutputFlags } from "../../flags.js";
import { KINDS, type Kind } from "../../kinds.js";
import { jsonOutput } from "../../output/objects.js";
import { hint, print } from "../../terminal.js";

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
const FILE = /^overseer-\d{8}T\d{6}Z\.yaml$/;

/** Runs `overseer export --all`: a backup of all objects of the operator. */
export function writeBackup(flags: BackupFlags): Promise<ExitCode> {
  return withCluster(flags, async (cluster) => {
    const objects: BackupObject[] = [];
    for (const kind of BACKUP_KINDS) {
      const { items } = await cluster.list<BackupObject>(kind, { namespace: flags.namespace ?? "" });
      objects.push(...items.map((item) => ({ ...item, apiVersion: API_VERSION, kind: kind.kind })));
    }
    const time = rfc3339(systemClock.now());
    const backup = makeBackup(objects, { time, cluster: await clusterId(cluster) });
    if (flags.outputDir === undefined) print(flags.output === "json" ? jsonOutput(backup) : yamlText(backup));
    else await writeFileOf(flags.outputDir, time, yamlText(backup), flags);
    hint(flags, `${objects.length} objects; ${backup.secrets.length} Secrets are named, but not part of it`);
    return EXIT.done;
  });
}

async function clusterId(cluster: Cluster): Promise<string> {
  const { metadata } = await cluster.request<{ metadata: { uid: string } }>({
    method: "GET",
    path: "/api/v1/namespaces/kube-system",
  });
  return metadata.uid;
}

/** Writes a file under a temporary name first, so that no half-written one is taken for a backup, and deletes the oldest ones. */
async function writeFileOf(directory: string, time: string, text: string, flags: BackupFlags): Promise<void> {
  await mkdir(directory, { recursive: true });
  const name = `overseer-${time.replace(/\.\d+/, "").replace(/[-:]/g, "")}.yaml`;
  const temporary = join(directory, `.${name}.part`);
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, join(directory, name));
  hint(flags, `written to ${join(directory, name)}`);
  const { keep } = flags;
  if (keep === undefined) return;
  const files = (await readdir(directory)).filter((file) => FILE.test(file)).sort();
  for (const file of files.slice(0, Math.max(0, files.length - keep))) await rm(join(directory, file));
}
