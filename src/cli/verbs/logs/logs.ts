import { messageOf } from "../../../base/errors.js";
import { isStatus } from "../../../kube/errors.js";
import { appTarget, shownName } from "../../connection/apps.js";
import type { Connection } from "../../connection/connection.js";
import type { LogSource } from "../../connection/extras.js";
import type { LiveApp } from "../../connection/live.js";
import { withConnection } from "../../connection/with-connection.js";
import { CommandError, EXIT, type ExitCode } from "../../exit-codes.js";
import type { ClusterFlags } from "../../flags.js";
import { plainText } from "../../output/plain-text.js";
import { print, say } from "../../terminal.js";

/** Flags of `overseer logs`. */
export interface LogsFlags extends ClusterFlags {
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly container?: string;
  readonly object?: string;
  readonly tail: number;
  /** Milliseconds. */
  readonly since?: number;
}

/** Runs `overseer logs`: those of the pods of an app. */
export function logs(name: string, flags: LogsFlags): Promise<ExitCode> {
  return withConnection(flags, async (connection) => {
    const app = await connection.get<LiveApp>(appTarget(name));
    const { sources, gaps } = await connection.logSources(app, flags);
    for (const gap of gaps) say(`not shown: ${gap}`);
    if (sources.length === 0)
      throw new CommandError(
        `${shownName(app)} has no ${flags.container === undefined ? "pods" : `container ${flags.container}`}${flags.object === undefined ? "" : ` of ${flags.object}`}: see "overseer tree ${name}"`,
        EXIT.failed,
      );
    const { read, note } = flags.follow === true ? followable(sources, connection.mostFollowed) : { read: sources };
    if (note !== undefined) say(note);
    const results = await Promise.all(
      read.map((source) => printLog(connection, app, source, flags, sources.length > 1)),
    );
    return results.some((hasLog) => hasLog) ? EXIT.done : EXIT.failed;
  });
}

/** Returns the logs that can be followed at the same time, and what to say of the others: they would wait for one to end. */
export function followable(
  sources: readonly LogSource[],
  most = Number.POSITIVE_INFINITY,
): { readonly read: readonly LogSource[]; readonly note?: string } {
  if (sources.length <= most) return { read: sources };
  const others = sources.slice(most).map(({ pod, container }) => `${pod}/${container}`);
  const note = `not followed, since the server permits ${most} logs at the same time: ${others.join(", ")}; choose with --object or --container`;
  return { read: sources.slice(0, most), note };
}

/** Prints one log, and reports whether there was one. A container that has not started is no reason to hide the others. */
async function printLog(
  connection: Connection,
  app: LiveApp,
  source: LogSource,
  { follow = false, previous = false, tail, since }: LogsFlags,
  isOneOfSeveral: boolean,
): Promise<boolean> {
  const prefix = isOneOfSeveral ? `[${source.pod}/${source.container}] ` : "";
  try {
    for await (const line of connection.log(app, source, { follow, previous, tail, since }))
      print(`${prefix}${plainText(line)}\n`);
    return true;
  } catch (error) {
    if (isStatus(error, 403)) throw error;
    say(`${prefix}${messageOf(error)}`);
    return false;
  }
}
