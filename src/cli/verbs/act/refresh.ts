import { formatDuration } from "../../../base/duration.js";
import type { RawObject } from "../../../kube/object.js";
import { selectTargets } from "../../connection/apps.js";
import type { Connection } from "../../connection/connection.js";
import { follow } from "../../connection/follow.js";
import type { LiveApp } from "../../connection/live.js";
import { withConnection } from "../../connection/with-connection.js";
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
  return withConnection(flags, async (connection) => {
    const targets = await selectTargets(connection, names, flags, [KINDS.app, KINDS.repository]);
    const repositories = new Map<string, Target>();
    for (const target of targets) {
      const repository = target.kind === KINDS.app ? await repositoryOf(connection, target) : target;
      repositories.set(`${connection.namespaceOf(repository)}/${repository.name}`, repository);
    }
    await Promise.all([...repositories.values()].map((target) => refreshOne(connection, target, flags)));
    const apps = targets.filter(({ kind }) => kind === KINDS.app);
    await Promise.all(apps.map((target) => refreshOne(connection, target, flags)));
    return EXIT.done;
  });
}

async function repositoryOf(connection: Connection, target: Target): Promise<Target> {
  const app = await connection.get<LiveApp>(target);
  const { name, namespace = connection.namespaceOf(target) } = app.spec.source.repositoryRef;
  return { kind: KINDS.repository, namespace, name };
}

async function refreshOne(connection: Connection, target: Target, flags: RefreshFlags): Promise<void> {
  const what = `${target.kind.kind} ${connection.namespaceOf(target)}/${target.name}`;
  const value = await connection.requestReconcile(target);
  if (!flags.wait) return print(`${what} requested\n`);
  hint(flags, `${what}: waiting for the operator`);
  const signal = AbortSignal.timeout(flags.timeout);
  type Handled = RawObject & { readonly status?: { readonly lastHandledReconcileAt?: string } };
  for await (const object of follow<Handled>(connection, target, signal)) {
    if (object === undefined) throw new CommandError(`${what} was deleted`, EXIT.failed);
    if (object.status?.lastHandledReconcileAt === value) return print(`${what} refreshed\n`);
  }
  throw new CommandError(
    `${what} was not reconciled within ${formatDuration(flags.timeout)}: see "overseer doctor" whether the operator runs`,
    EXIT.timeout,
  );
}
