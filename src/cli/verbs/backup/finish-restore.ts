import type { OverseerAppSet } from "../../../api/app-set.js";
import { findCondition } from "../../../api/conditions.js";
import { ANNOTATION_RESTORED_POLICY, LABEL_APP_SET } from "../../../api/group.js";
import type { RawObject } from "../../../kube/object.js";
import { restoredCommit, restoredPin, returnPolicy } from "../../../migration/backup/restored.js";
import type { Cluster } from "../../cluster/cluster.js";
import { withCluster } from "../../cluster/with-cluster.js";
import { selectTargets, shownName } from "../../connection/apps.js";
import type { LiveApp } from "../../connection/live.js";
import { EXIT, type ExitCode } from "../../exit-codes.js";
import type { ClusterFlags, SelectionFlags } from "../../flags.js";
import { KINDS, type Kind } from "../../kinds.js";
import { print, say } from "../../terminal.js";

/** Flags of `overseer restore --finish`. */
export interface FinishFlags extends ClusterFlags, SelectionFlags {
  readonly endRollbacks?: boolean;
}

type LiveSet = OverseerAppSet & RawObject;

/** An object to give its policy to. */
interface Restored {
  readonly kind: Kind;
  readonly object: LiveApp | LiveSet;
}

/**
 * Runs `overseer restore --finish`: gives restored apps the policy that they had, once they are Ready, and then the sets whose apps all
 * have it again.
 */
export function finishRestore(names: readonly string[], flags: FinishFlags): Promise<ExitCode> {
  return withCluster(flags, async (cluster) => {
    let waiting = 0;
    for (const one of await restoredObjects(cluster, names, flags))
      if (!(await finish(cluster, one, flags.endRollbacks === true))) waiting++;
    return waiting === 0 ? EXIT.done : EXIT.failed;
  });
}

/** Gives one object its policy. Returns false if it has to wait, after a message. */
async function finish(cluster: Cluster, { kind, object }: Restored, endRollbacks: boolean): Promise<boolean> {
  const isSet = kind === KINDS.appSet;
  const shown = isSet ? `OverseerAppSet ${shownName(object)}` : shownName(object);
  const result = returnPolicy(object, endRollbacks);
  const problem = isSet ? await setProblem(cluster, object) : appProblem(object as LiveApp);
  if (problem !== undefined || result === undefined) {
    say(
      `${shown}: ${problem ?? `the annotation ${ANNOTATION_RESTORED_POLICY} is missing or cannot be read: set the policy by hand`}`,
    );
    return false;
  }
  const { name, namespace = "" } = object.metadata;
  await cluster.patch({ kind, namespace, name }, result.patch);
  print(`${shown} has its policy again\n`);
  if (result.keptAt === undefined) return true;
  const { change, commit, requester } = result.keptAt;
  const who = requester === undefined ? "" : `, requested by ${requester}`;
  print(
    `${shown} stays at commit ${commit.slice(0, 12)}, since it was rolled back (Change ${change}${who}): to apply the newest commit, run "overseer restore --finish --end-rollbacks ${shown}"\n`,
  );
  return true;
}

async function restoredObjects(
  cluster: Cluster,
  names: readonly string[],
  flags: FinishFlags,
): Promise<readonly Restored[]> {
  if (names.length > 0 || flags.selector !== undefined) {
    const targets = await selectTargets(cluster, names, flags, [KINDS.app, KINDS.appSet]);
    return Promise.all(
      targets.map(async (target) => ({ kind: target.kind, object: await cluster.get<LiveApp | LiveSet>(target) })),
    );
  }
  const namespace = flags.allNamespaces === true ? "" : cluster.namespace;
  const found: Restored[] = [];
  for (const kind of [KINDS.app, KINDS.appSet]) {
    const { items } = await cluster.list<LiveApp | LiveSet>(kind, { namespace });
    found.push(...items.filter(isRestored).map((object) => ({ kind, object })));
  }
  return found;
}

function isRestored({ metadata }: RawObject): boolean {
  return metadata.annotations?.[ANNOTATION_RESTORED_POLICY] !== undefined;
}

/** Why an app must not move on yet. */
function appProblem(app: LiveApp): string | undefined {
  const { metadata, spec, status } = app;
  const ready = findCondition(status?.conditions, "Ready");
  if (status?.observedGeneration !== metadata.generation) return "the operator has not seen it yet";
  if (ready?.status !== "True" || findCondition(status?.conditions, "Synced")?.status !== "True")
    return `is not synced: ${ready?.message ?? "it has no status"}. Request it with "overseer sync ${metadata.name}"`;
  const commit = restoredCommit(app);
  if (commit !== undefined && status?.applied?.commit !== commit)
    return `has applied ${status?.applied?.commit}, but the backup ${commit}: the tag ${spec.source.ref?.tag} was moved. Set spec.source.ref.commit to the one that it is to have, and sync it`;
  return undefined;
}

/** Why a set must not write its apps yet: it would give them the policy of the template, and the newest commit. */
async function setProblem(cluster: Cluster, { metadata }: RawObject): Promise<string | undefined> {
  const scope = { namespace: metadata.namespace ?? "", selector: `${LABEL_APP_SET}=${metadata.name}` };
  const { items } = await cluster.list<LiveApp>(KINDS.app, scope);
  const open = items.filter(isRestored);
  if (open.length === 0) return undefined;
  const pinned = open.filter((app) => restoredPin(app) !== undefined);
  const names = open.map((app) => app.metadata.name).sort();
  const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
  const hint =
    pinned.length === 0
      ? "finish these apps first"
      : 'finish these apps first, those that were rolled back with "--end-rollbacks"';
  return `stays suspended, since apps of it do not have their policy again: ${names.slice(0, 5).join(", ")}${more}: ${hint}`;
}
