import { findCondition } from "../../../api/conditions.js";
import type { NotificationChannel } from "../../../api/notification-channel.js";
import { formatDuration } from "../../../base/duration.js";
import type { RawObject } from "../../../kube/object.js";
import { shownName } from "../../connection/apps.js";
import { follow } from "../../connection/follow.js";
import { withConnection } from "../../connection/with-connection.js";
import { CommandError, EXIT, type ExitCode } from "../../exit-codes.js";
import type { ClusterFlags } from "../../flags.js";
import { KINDS } from "../../kinds.js";
import { parseTargetOf } from "../../target.js";
import { hint, print, say } from "../../terminal.js";

type LiveChannel = NotificationChannel & RawObject;

/** Flags of `overseer notify test`. */
export interface NotifyTestFlags extends ClusterFlags {
  readonly timeout: number;
}

/** Runs `overseer notify test`: the operator sends a test message, and the result is printed. */
export function testChannel(name: string, flags: NotifyTestFlags): Promise<ExitCode> {
  return withConnection(flags, async (connection) => {
    const target = parseTargetOf(name, [KINDS.channel]);
    const before = await connection.get<LiveChannel>(target);
    const value = await connection.requestTest(target);
    hint(flags, `${shownName(before)}: waiting for the operator`);
    const known = readyOf(before);
    let last = before;
    for await (const channel of follow<LiveChannel>(connection, target, AbortSignal.timeout(flags.timeout))) {
      if (channel === undefined) throw new CommandError(`${shownName(before)} was deleted`, EXIT.failed);
      last = channel;
      if (channel.status?.lastHandledTest === value) {
        print(`${shownName(channel)}: the test message was accepted\n`);
        return EXIT.done;
      }
      const ready = readyOf(channel);
      if (ready?.status === "False" && ready.message !== known?.message) break;
    }
    const ready = readyOf(last);
    if (ready?.status === "False") {
      say(`${shownName(last)}: the test message was not sent: ${ready.reason}: ${ready.message}`);
      return EXIT.failed;
    }
    say(
      `${shownName(last)}: nothing was sent within ${formatDuration(flags.timeout)}: see "overseer doctor" whether the operator runs`,
    );
    return EXIT.timeout;
  });
}

function readyOf({ status }: LiveChannel) {
  return findCondition(status?.conditions, "Ready");
}
