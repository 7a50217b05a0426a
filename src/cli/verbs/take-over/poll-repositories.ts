import { isStatus } from "../../../kube/errors.js";
import type { RawObject } from "../../../kube/object.js";
import type { Cluster } from "../../cluster/cluster.js";
import { requestReconcile } from "../../cluster/cluster-connection.js";
import { follow } from "../../connection/follow.js";
import type { LiveApp } from "../../connection/live.js";
import { CommandError, EXIT } from "../../exit-codes.js";
import { KINDS } from "../../kinds.js";
import type { Target } from "../../target.js";
import { say } from "../../terminal.js";
import { deadline } from "../wait/deadline.js";

type LiveRepository = RawObject & {
  readonly spec?: { readonly suspend?: boolean };
  readonly status?: { readonly lastHandledReconcileAt?: string; readonly shortRevision?: string };
};

/**
 * Lets the operator poll the repositories of apps, so that the plans are not for an older commit than the one that the other tool has applied.
 * A repository that the user may not patch is named.
 *
 * @throws CommandError if the operator does not poll within the time.
 */
export async function pollRepositories(cluster: Cluster, apps: readonly LiveApp[], timeoutMs: number): Promise<void> {
  const targets = new Map<string, Target>();
  for (const { metadata, spec } of apps) {
    const { name, namespace = metadata.namespace ?? "" } = spec.source.repositoryRef;
    targets.set(`${namespace}/${name}`, { kind: KINDS.repository, namespace, name });
  }
  for (const [shown, target] of targets) await poll(cluster, target, shown, timeoutMs);
}

async function poll(cluster: Cluster, target: Target, shown: string, timeoutMs: number): Promise<void> {
  try {
    const live = await cluster.find<LiveRepository>(target);
    if (live?.spec?.suspend === true)
      return say(
        `note: GitRepository ${shown} is suspended: the plan is for ${live.status?.shortRevision ?? "what it has read"}`,
      );
    const value = await requestReconcile(cluster, target);
    const { signal } = deadline(timeoutMs);
    for await (const repository of follow<LiveRepository>(cluster, target, signal))
      if (repository === undefined || repository.status?.lastHandledReconcileAt === value) return;
  } catch (error) {
    if (!isStatus(error, 403)) throw error;
    return say(
      `note: you may not patch GitRepository ${shown}, so that it is not polled now: if the other tool has applied a newer commit than the app has planned, wait for the next poll`,
    );
  }
  throw new CommandError(
    `GitRepository ${shown} was not polled in time, so that nothing was adopted: see "overseer doctor" whether the operator runs, and run this again`,
    EXIT.timeout,
  );
}
