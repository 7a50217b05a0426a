import { readFile } from "node:fs/promises";
import type { OverseerAppSet } from "../../../api/app-set.js";
import { LABEL_APP_SET } from "../../../api/group.js";
import { messageOf } from "../../../base/errors.js";
import { isStatus } from "../../../kube/errors.js";
import { readValue } from "../../../manifest/yaml/read-value.js";
import { KUBERNETES_SCHEMA } from "../../../manifest/yaml/yaml-schema.js";
import { type Backup, type BackupObject, backupProblem } from "../../../migration/backup/backup.js";
import { restoredManifest } from "../../../migration/backup/restored.js";
import type { Cluster } from "../../cluster/cluster.js";
import { withCluster } from "../../cluster/with-cluster.js";
import { CommandError, EXIT, type ExitCode } from "../../exit-codes.js";
import { fileFault } from "../../file-fault.js";
import type { ClusterFlags } from "../../flags.js";
import { KINDS, type Kind } from "../../kinds.js";
import { hint, print, say } from "../../terminal.js";

/** Runs `overseer restore FILE`: creates what is missing, and changes nothing that exists. */
export function restore(file: string, flags: ClusterFlags): Promise<ExitCode> {
  return withCluster(flags, async (cluster) => {
    const backup = await readBackup(file);
    const problems: string[] = [];
    let created = 0;
    let kept = 0;
    for (const object of setsFirst(backup.objects)) {
      const manifest = restoredManifest(object, backup.objects);
      if (manifest === undefined) continue;
      const outcome = (await activeSetOf(cluster, manifest)) ?? (await create(cluster, manifest));
      if (outcome === "created") created++;
      else if (outcome === "exists") kept++;
      else problems.push(outcome);
    }
    for (const { namespace, name, usedBy } of backup.secrets)
      if (!(await secretExists(cluster, namespace, name)))
        say(`missing: Secret ${namespace}/${name}, for ${usedBy.join(", ")}: restore it from where Secrets are kept`);
    for (const problem of problems) say(problem);
    print(`${created} created, ${kept} existed already and were not changed, ${problems.length} failed\n`);
    hint(
      flags,
      'apps stay at the commit that they had applied, and wait; sets of apps are suspended: look at the plans, sync the apps, and then run "overseer restore --finish"',
    );
    return problems.length === 0 ? EXIT.done : EXIT.failed;
  });
}

/** Sets come before their apps, so that none that is not suspended writes an app while it is restored. */
function setsFirst(objects: readonly BackupObject[]): readonly BackupObject[] {
  const isSet = ({ kind }: BackupObject): boolean => kind === KINDS.appSet.kind;
  return [...objects.filter(isSet), ...objects.filter((object) => !isSet(object))];
}

/** Returns why an app must not be created: its set exists already and would give it the policy of the template at once. */
async function activeSetOf(cluster: Cluster, { kind, metadata }: BackupObject): Promise<string | undefined> {
  const set = kind === KINDS.app.kind ? metadata.labels?.[LABEL_APP_SET] : undefined;
  const { namespace = "", name } = metadata;
  if (set === undefined) return undefined;
  const live = await cluster.find<OverseerAppSet>({ kind: KINDS.appSet, namespace, name: set });
  if (live === undefined || live.spec.suspend) return undefined;
  const exists = (await cluster.find({ kind: KINDS.app, namespace, name })) !== undefined;
  if (exists) return undefined;
  return `OverseerApp ${namespace}/${name}: OverseerAppSet ${namespace}/${set} is not suspended and would move the app to the newest commit: set its spec.suspend to true, and run this again`;
}

async function readBackup(file: string): Promise<Backup> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new CommandError(`${file} cannot be read: ${fileFault(error)}`, EXIT.notAllowed);
  });
  let value: unknown;
  try {
    value = readValue(text, file, KUBERNETES_SCHEMA);
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${messageOf(error)}`, EXIT.failed);
  }
  const problem = backupProblem(value);
  if (problem !== undefined) throw new CommandError(`${file}: ${problem}`, EXIT.failed);
  return value as Backup;
}

async function create(cluster: Cluster, manifest: BackupObject): Promise<string> {
  const kind = Object.values<Kind>(KINDS).find((one) => one.kind === manifest.kind);
  const { namespace = "", name } = manifest.metadata;
  const what = `${manifest.kind} ${namespace === "" ? "" : `${namespace}/`}${name}`;
  if (kind === undefined) return `${what}: this version does not know the kind`;
  try {
    await cluster.create(kind, namespace, manifest);
    return "created";
  } catch (error) {
    if (isStatus(error, 409)) return "exists";
    if (isStatus(error, 404) && namespace !== "")
      return `${what}: namespace ${namespace} does not exist: create it with its ServiceAccounts and permissions, and run this again`;
    if (isStatus(error, 422) || isStatus(error, 403) || isStatus(error, 400)) return `${what}: ${messageOf(error)}`;
    throw error;
  }
}

/** Whether a Secret exists, as far as the user may know that. Its values are not requested. */
async function secretExists(cluster: Cluster, namespace: string, name: string): Promise<boolean> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`;
  const accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
  try {
    await cluster.request({ method: "GET", path, accept });
    return true;
  } catch (error) {
    if (isStatus(error, 404)) return false;
    if (isStatus(error, 403)) return true;
    throw error;
  }
}
