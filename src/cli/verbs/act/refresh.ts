import { formatDuration } from "../../../base/duration.js";
import type { RawObject } from "../../../kube/object.js";
import { type LiveApp, selectTargets } from "../../cluster/apps.js";
import type { Cluster } from "../../cluster/cluster.js";
import { requestReconcile } from "../../cluster/reconcile-request.js";
import { follow } from "../../cluster/watch.js";
import { withCluster } from "../../cluster/with-cluster.js";
import { CommandError, EXIT, type ExitCode } from "../../exit-codes.js";
import type { ClusterFlags, SelectionFlags } from "../../flags.js";
import { KINDS } from "../../kinds.js";
import type { Target } from "../../target.js";
import { hint, print } from "../../terminal.js";

/** Flags of `overseer refresh`. */
export interface RefreshFlags extends ClusterFlags, SelectionFlags {
  /** False with --no-wait. */
  readonly wait: boolean;
  readonly timeout: number;
}

/** Runs `overseer refresh`: polls the repository of each app, then reconciles the app. */
export function refresh(names: readonly string[], flags: RefreshFlags): Promise<ExitCode> {
  return withCluster(flags, async (cluster) => {
    const targets = await selectTargets(cluster, names, flags, [KINDS.app, KINDS.repository]);
    const repositories = new Map<string, Target>();
    for (const target of targets) {
      const repository = target.kind === KINDS.app ? await repositoryOf(cluster, target) : target;
      repositories.set(`${cluster.namespaceOf(repository)}/${repository.name}`, repository);
    }
    await Promise.all([...repositories.values()].map((target) => refreshOne(cluster, target, flags)));
    const apps = targets.filter(({ kind }) => kind === KINDS.app);
    await Promise.all(apps.map((target) => refreshOne(cluster, target, flags)));
    return EXIT.done;
  });
}

async function repositoryOf(cluster: Cluster, target: Target): Promise<Target> {
  const app = await cluster.get<LiveApp>(target);
  const { name, namespace = cluster.namespaceOf(target) } = app.spec.source.repositoryRef;
  return { kind: KINDS.repository, namespace, name };
}

async function refreshOne(cluster: Cluster, target: Target, flags: RefreshFlags): Promise<void> {
  const what = `${target.kind.kind} ${cluster.namespaceOf(target)}/${target.name}`;
  const value = await requestReconcile(cluster, target);
  if (!flags.wait) return print(`${what} requested\n`);
  hint(flags, `${what}: waiting for the operator`);
  const signal = AbortSignal.timeout(flags.timeout);
  type Handled = RawObject & { readonly status?: { readonly lastHandledReconcileAt?: string } };
  for await (const object of follow<Handled>(cluster, target, signal)) {
    if (object === undefined) throw new CommandError(`${what} was deleted`, EXIT.failed);
    if (object.status?.lastHandledReconcileAt === value) return print(`${what} refreshed\n`);
  }
  throw new CommandError(
    `${what} was not reconciled within ${formatDuration(flags.timeout)}: see "overseer doctor" whether the operator runs`,
    EXIT.timeout,
  );
}
