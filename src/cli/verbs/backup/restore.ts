import { readFile } from "node:fs/promises";
import { findCondition } from "../../../api/conditions.js";
import { ANNOTATION_RESTORED_POLICY } from "../../../api/group.js";
import { messageOf } from "../../../base/errors.js";
import { isStatus } from "../../../kube/errors.js";
import { readValue } from "../../../manifest/yaml/read-value.js";
import { KUBERNETES_SCHEMA } from "../../../manifest/yaml/yaml-schema.js";
import {
  type Backup,
  type BackupObject,
  backupProblem,
  policyPatch,
  restoredManifest,
} from "../../../migration/backup/backup.js";
import { type LiveApp, selectTargets, shownName } from "../../cluster/apps.js";
import type { Cluster } from "../../cluster/cluster.js";
import { withCluster } from "../../cluster/with-cluster.js";
import { CommandError, EXIT, type ExitCode } from "../../exit-codes.js";
import type { ClusterFlags, SelectionFlags } from "../../flags.js";
import { KINDS, type Kind } from "../../kinds.js";
import { hint, print, say } from "../../terminal.js";

/** Runs `overseer restore FILE`: creates what is missing, and changes nothing that exists. */
export function restore(file: string, flags: ClusterFlags): Promise<ExitCode> {
  return withCluster(flags, async (cluster) => {
    const backup = await readBackup(file);
    const problems: string[] = [];
    let created = 0;
    let kept = 0;
    for (const object of backup.objects) {
      const manifest = restoredManifest(object);
      if (manifest === undefined) continue;
      const outcome = await create(cluster, manifest);
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
      'apps stay at the commit that they had applied, and wait: look at their plans, sync them, and then run "overseer restore --finish"',
    );
    return problems.length === 0 ? EXIT.done : EXIT.failed;
  });
}

async function readBackup(file: string): Promise<Backup> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new CommandError(`${file} cannot be read: ${messageOf(error)}`, EXIT.notAllowed);
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

/** Flags of `overseer restore --finish`. */
export type FinishFlags = ClusterFlags & SelectionFlags;

/** Runs `overseer restore --finish`: gives restored apps the policy that they had, once they are Ready. */
export function finishRestore(names: readonly string[], flags: FinishFlags): Promise<ExitCode> {
  return withCluster(flags, async (cluster) => {
    let waiting = 0;
    for (const app of await restoredApps(cluster, names, flags)) {
      const problem = problemOf(app);
      const patch = policyPatch(app.metadata.annotations);
      const { name, namespace = "" } = app.metadata;
      if (problem !== undefined || patch === undefined) {
        waiting++;
        say(
          `${shownName(app)}: ${problem ?? `the annotation ${ANNOTATION_RESTORED_POLICY} cannot be read: set the policy by hand`}`,
        );
        continue;
      }
      await cluster.patch({ kind: KINDS.app, namespace, name }, patch);
      print(`${shownName(app)} has its policy again\n`);
    }
    return waiting === 0 ? EXIT.done : EXIT.failed;
  });
}

async function restoredApps(
  cluster: Cluster,
  names: readonly string[],
  flags: FinishFlags,
): Promise<readonly LiveApp[]> {
  if (names.length > 0 || flags.selector !== undefined) {
    const targets = await selectTargets(cluster, names, flags);
    return Promise.all(targets.map((target) => cluster.get<LiveApp>(target)));
  }
  const namespace = flags.allNamespaces === true ? "" : cluster.namespace;
  const { items } = await cluster.list<LiveApp>(KINDS.app, { namespace });
  return items.filter(({ metadata }) => metadata.annotations?.[ANNOTATION_RESTORED_POLICY] !== undefined);
}

/** Why an app must not move on yet. */
function problemOf({ metadata, status }: LiveApp): string | undefined {
  const ready = findCondition(status?.conditions, "Ready");
  if (status?.observedGeneration !== metadata.generation) return "the operator has not seen it yet";
  if (ready?.status !== "True" || findCondition(status?.conditions, "Synced")?.status !== "True")
    return `is not synced: ${ready?.message ?? "it has no status"}. Request it with "overseer sync ${metadata.name}"`;
  return undefined;
}
