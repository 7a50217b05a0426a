import type { GitRepository } from "../../../api/git-repository.js";
import { formatDuration } from "../../../base/duration.js";
import { isStatus } from "../../../kube/errors.js";
import type { RawObject } from "../../../kube/object.js";
import { selectTargets } from "../../connection/apps.js";
import type { Connection } from "../../connection/connection.js";
import { follow } from "../../connection/follow.js";
import type { LiveApp } from "../../connection/live.js";
import { withConnection } from "../../connection/with-connection.js";
import { CommandError, EXIT, type ExitCode, UsageError } from "../../exit-codes.js";
import type { ClusterFlags, SelectionFlags } from "../../flags.js";
import { KINDS } from "../../kinds.js";
import type { Target } from "../../target.js";
import { hint, print, say } from "../../terminal.js";
import { failureOf, type Goal, missingOf } from "./missing.js";

/** Flags of `overseer wait`. */
export interface WaitFlags extends ClusterFlags, SelectionFlags {
  readonly for: Goal;
  readonly commit?: string;
  readonly timeout: number;
}

/** Runs `overseer wait`. */
export function wait(names: readonly string[], flags: WaitFlags): Promise<ExitCode> {
  const { commit } = flags;
  if (commit !== undefined && !/^[0-9a-f]{7,64}$/.test(commit))
    throw new UsageError(`--commit ${JSON.stringify(commit)} is no commit ID: use at least 7 hexadecimal digits`);
  if (commit !== undefined && flags.for === "deleted")
    throw new UsageError("--commit cannot be combined with --for=deleted");
  return withConnection(flags, async (connection) => {
    const targets = await selectTargets(connection, names, flags);
    const codes = await Promise.all(targets.map((target) => waitFor(connection, target, flags)));
    return codes.find((code) => code === EXIT.failed) ?? codes.find((code) => code !== EXIT.done) ?? EXIT.done;
  });
}

async function waitFor(connection: Connection, target: Target, flags: WaitFlags): Promise<ExitCode> {
  const name = `${connection.namespaceOf(target)}/${target.name}`;
  // A name that is wrong is an error now, not after the timeout.
  if (flags.for !== "deleted") await connection.get(target);
  const signal = flags.timeout > 0 ? AbortSignal.timeout(flags.timeout) : new AbortController().signal;
  const handled =
    flags.commit === undefined ? undefined : await untilCommit(connection, target, flags.commit, { signal, flags });
  let printed: readonly string[] = [];
  let missing: readonly string[] = handled === "timeout" ? [`the repository is not at commit ${flags.commit}`] : [];
  if (handled !== "timeout")
    for await (const app of follow<LiveApp>(connection, target, signal)) {
      const early =
        handled !== undefined && app?.status?.lastHandledReconcileAt !== handled
          ? ["the operator has not looked at the commit yet"]
          : [];
      missing = [...early, ...missingOf(app, flags.for)];
      if (missing.length === 0) {
        print(`${name} is ${flags.for}\n`);
        return EXIT.done;
      }
      const failure = early.length === 0 ? failureOf(app, flags.for) : undefined;
      if (failure !== undefined) {
        say(`${name} will not become ${flags.for}: ${failure}`);
        return EXIT.failed;
      }
      for (const line of missing.filter((text) => !printed.includes(text))) hint(flags, `${name}: ${line}`);
      printed = missing;
    }
  say(`${name} is not ${flags.for} after ${formatDuration(flags.timeout)}:`);
  for (const line of missing) say(`  ${line}`);
  return EXIT.timeout;
}

/**
 * Waits until the repository of an app is at a commit, and requests a reconcile of the app, since a commit that changes nothing for it
 * leaves no trace. Returns the value that marks the reconcile as handled; undefined if the app is at the commit already.
 */
async function untilCommit(
  connection: Connection,
  target: Target,
  commit: string,
  { signal, flags }: { readonly signal: AbortSignal; readonly flags: WaitFlags },
): Promise<string | "timeout" | undefined> {
  const app = await connection.get<LiveApp>(target);
  if (app.status?.applied?.commit.startsWith(commit)) return undefined;
  const { name, namespace = connection.namespaceOf(target) } = app.spec.source.repositoryRef;
  const repository: Target = { kind: KINDS.repository, namespace, name };
  let printed = "";
  for await (const object of follow<GitRepository & RawObject>(connection, repository, signal)) {
    if (object === undefined) throw new CommandError(`there is no GitRepository ${namespace}/${name}`, EXIT.notAllowed);
    const at = object.status?.commit?.id;
    if (at?.startsWith(commit)) return askAgain(connection, target);
    const text = `GitRepository ${namespace}/${name} is at ${at?.slice(0, 12) ?? "no commit"}`;
    if (text !== printed) hint(flags, `${text}, waiting for ${commit.slice(0, 12)}`);
    printed = text;
  }
  return "timeout";
}

async function askAgain(connection: Connection, target: Target): Promise<string> {
  try {
    return await connection.requestReconcile(target);
  } catch (error) {
    if (!isStatus(error, 403)) throw error;
    throw new CommandError(
      `--commit needs the verb patch for OverseerApps, to request that the operator looks at the commit: ${error.message}`,
      EXIT.notAllowed,
    );
  }
}
