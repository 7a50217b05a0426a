import { hasSameSource, type InputKeys } from "../../../api/inputs.js";
import { changesOf, selectTargets, shownName } from "../../connection/apps.js";
import type { ChangeRequest, Connection } from "../../connection/connection.js";
import type { LiveApp, LiveChange } from "../../connection/live.js";
import { withConnection } from "../../connection/with-connection.js";
import { CommandError, EXIT, type ExitCode, UsageError } from "../../exit-codes.js";
import type { ClusterFlags, OutputFlags, SelectionFlags } from "../../flags.js";
import { KINDS } from "../../kinds.js";
import { formatObjects } from "../../output/objects.js";
import type { Target } from "../../target.js";
import { hint, print, say } from "../../terminal.js";
import { countsOf, formatPlan } from "../plan/format-plan.js";
import { awaitChange } from "../wait/await-change.js";

/** Flags of commands that request a Change. */
export interface RequestFlags extends ClusterFlags, OutputFlags, SelectionFlags {
  readonly dryRun?: boolean;
  /** False with --no-wait. */
  readonly wait: boolean;
  readonly timeout: number;
}

/** Runs `overseer sync`. */
export function sync(names: readonly string[], flags: RequestFlags): Promise<ExitCode> {
  return withConnection(flags, async (connection) => {
    const targets = await selectTargets(connection, names, flags);
    return requestAll(connection, targets, flags, async () => ({ cause: "Sync" }));
  });
}

/** Flags of `overseer rollback`. */
export interface RollbackFlags extends RequestFlags {
  readonly to?: string;
}

/** Runs `overseer rollback`. */
export function rollback(name: string, flags: RollbackFlags): Promise<ExitCode> {
  return withConnection(flags, async (connection) => {
    const targets = await selectTargets(connection, [name], {});
    return requestAll(connection, targets, flags, async (target) => {
      const to = await rollbackTarget(connection, target, flags.to);
      hint(
        flags,
        `rolling back ${target.name} to ${to.metadata.name} (${to.spec.inputs?.revision ?? "unknown revision"})`,
      );
      return { cause: "Rollback", rollbackTo: { change: to.metadata.name, uid: to.metadata.uid } };
    });
  });
}

/** Runs `overseer pin`: a rollback to what is applied, so that newer commits are not. */
export function pin(names: readonly string[], flags: RequestFlags): Promise<ExitCode> {
  return withConnection(flags, async (connection) => {
    const targets = await selectTargets(connection, names, flags);
    return requestAll(connection, targets, flags, async (target) => {
      const app = await connection.get<LiveApp>(target);
      const current = appliedChange(await changesOf(connection, target), app.status?.applied);
      if (current === undefined)
        throw new CommandError(
          `no Change of ${shownName(app)} that succeeded has the applied inputs: sync it first, or name a Change with "overseer rollback ${target.name} --to"`,
          EXIT.failed,
        );
      hint(flags, `pinning ${target.name} to ${current.spec.inputs?.revision ?? "what is applied"}`);
      return { cause: "Rollback", rollbackTo: { change: current.metadata.name, uid: current.metadata.uid } };
    });
  });
}

/** Returns the last Change that succeeded with the applied inputs. */
export function appliedChange(changes: readonly LiveChange[], applied: InputKeys | undefined): LiveChange | undefined {
  return changes.findLast(({ spec, status }) => status?.phase === "Succeeded" && hasSameSource(spec.inputs, applied));
}

/** Flags of `overseer promote`. */
export interface PromoteFlags extends RequestFlags {
  readonly commit?: string;
}

/** Runs `overseer promote`. */
export function promote(names: readonly string[], flags: PromoteFlags): Promise<ExitCode> {
  return withConnection(flags, async (connection) => {
    const targets = await selectTargets(connection, names, flags);
    return requestAll(connection, targets, flags, async (target) => {
      const commit = promotable(await connection.get<LiveApp>(target), flags.commit);
      hint(flags, `promoting ${commit.slice(0, 12)} to ${connection.namespaceOf(target)}/${target.name}`);
      return { cause: "Promotion", promote: { commit } };
    });
  });
}

/**
 * Returns the commit that is named, or the one that earlier Environments have tested.
 *
 * @throws CommandError if there is none.
 */
export function promotable(app: LiveApp, commit: string | undefined): string {
  if (commit !== undefined && !/^[0-9a-f]{40}$/.test(commit))
    throw new UsageError(`--commit ${JSON.stringify(commit)} is no complete commit ID: use 40 hexadecimal digits`);
  const { promotion } = app.status ?? {};
  const found = commit ?? promotion?.promotable;
  if (found !== undefined) return found;
  const why =
    promotion === undefined
      ? "its namespace belongs to no Environment with promotesFrom"
      : (promotion.waitingFor ?? `${promotion.newest} is applied`);
  throw new CommandError(`there is nothing to promote for ${shownName(app)}: ${why}`, EXIT.failed);
}

/** The Change that is named, or the last one that succeeded with other inputs than the applied ones. */
async function rollbackTarget(connection: Connection, target: Target, name: string | undefined): Promise<LiveChange> {
  const namespace = connection.namespaceOf(target);
  if (name !== undefined) {
    const change = await connection.get<LiveChange>({
      kind: KINDS.change,
      namespace,
      name: name.replace(/^change\//, ""),
    });
    if (change.spec.app.name !== target.name)
      throw new UsageError(`Change ${name} is of the app ${change.spec.app.name}, not of ${target.name}`);
    return change;
  }
  const app = await connection.get<LiveApp>(target);
  const earlier = earlierSuccess(await changesOf(connection, target), app.status?.applied);
  if (earlier !== undefined) return earlier;
  throw new CommandError(
    `there is no earlier Change of ${shownName(app)} that succeeded with other inputs: see "overseer history ${target.name}"`,
    EXIT.failed,
  );
}

/** Returns the last Change that succeeded with other inputs than these. */
export function earlierSuccess(changes: readonly LiveChange[], applied: InputKeys | undefined): LiveChange | undefined {
  return changes.findLast(
    ({ spec, status }) =>
      status?.phase === "Succeeded" && spec.inputs !== undefined && !hasSameSource(spec.inputs, applied),
  );
}

/** Creates a request for each app as the user, and waits for them unless that is not wanted. */
async function requestAll(
  connection: Connection,
  targets: readonly Target[],
  flags: RequestFlags,
  more: (target: Target) => Promise<ChangeRequest>,
): Promise<ExitCode> {
  const dryRun = flags.dryRun === true ? { dryRun: true } : {};
  const created: LiveChange[] = [];
  for (const target of targets) {
    // An app that does not exist is an error here, with the nearest name, rather than a Change that is rejected.
    await connection.get(target);
    const request = await more(target);
    created.push(await connection.requestChange(target, { ...request, ...dryRun }));
  }
  if (!flags.wait) return printRequested(created, flags);
  const ended = await Promise.allSettled(
    created.map((change) => awaitChange(connection, change, { ...flags, timeoutMs: flags.timeout })),
  );
  const changes = ended.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  await printEnded(changes, flags);
  const error = ended.find((result) => result.status === "rejected");
  if (error !== undefined) throw error.reason;
  return changes.every(hasSucceeded) ? EXIT.done : EXIT.failed;
}

function hasSucceeded({ status }: LiveChange): boolean {
  const isRefused = (status?.refusals?.length ?? 0) > 0;
  return (status?.phase === "Succeeded" || status?.phase === "Planned") && !isRefused;
}

async function printRequested(changes: readonly LiveChange[], { output }: RequestFlags): Promise<ExitCode> {
  if (output === "json" || output === "yaml" || output === "name")
    print(await formatObjects(changes, output, changes.length !== 1));
  else for (const change of changes) print(`${shownName(change)} requested\n`);
  return EXIT.done;
}

async function printEnded(changes: readonly LiveChange[], { output }: RequestFlags): Promise<void> {
  if (output === "json" || output === "yaml" || output === "name")
    return print(await formatObjects(changes, output, changes.length !== 1));
  for (const change of changes) {
    const { status } = change;
    const message = status?.message === undefined ? "" : `: ${status.message}`;
    if (status?.phase === "Planned")
      print(`${formatPlan(status)}${shownName(change)}: ${countsOf(status.plan ?? [])}\n`);
    else print(`${shownName(change)} ${status?.phase ?? ""} (${status?.summary ?? "+0 ~0 -0"})\n`);
    if (!hasSucceeded(change)) say(`${shownName(change)} ${status?.phase ?? ""}${message}`);
    for (const refusal of status?.refusals ?? [])
      say(`  ${refusal.origin ?? ""} ${refusal.object}: ${refusal.message}`);
  }
}
