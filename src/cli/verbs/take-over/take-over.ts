import { systemClock } from "../../../base/clock.js";
import { Discovery } from "../../../kube/discovery.js";
import { describeOwner } from "../../../migration/take-over/owner.js";
import { connect } from "../../cluster/connect.js";
import { whoAmI } from "../../cluster/identity.js";
import { withCluster } from "../../cluster/with-cluster.js";
import { selectTargets } from "../../connection/apps.js";
import { CommandError, EXIT, type ExitCode, UsageError } from "../../exit-codes.js";
import { confirm, say } from "../../terminal.js";
import { GroupTakeOver } from "./group-take-over.js";
import { describeGroup, groupsOf } from "./groups.js";
import type { TakeOverFlags } from "./take-over-flags.js";
import { wayBack } from "./way-back.js";

/** Runs `overseer take-over`: each group of apps as far as it goes. An app that cannot go on does not stop the others. */
export function takeOver(names: readonly string[], flags: TakeOverFlags): Promise<ExitCode> {
  if (flags.undo === true && (flags.until !== undefined || flags.dryRun === true))
    throw new UsageError("--undo cannot be combined with --until or --dry-run");
  return withCluster(flags, async (cluster) => {
    const groups = await groupsOf(cluster, await selectTargets(cluster, names, flags));
    const list = groups.map((group) => `${describeGroup(group)} for ${describeOwner(group.owner)}`).join("; ");
    if (flags.dryRun !== true) await confirm(`${flags.undo === true ? "Take back" : "Take over"}: ${list}?`, flags);
    const { username } = await whoAmI(cluster);
    const discovery = new Discovery(cluster.client, systemClock);
    const target = flags.targetKubeconfig === undefined ? undefined : await targetOf(flags, flags.targetKubeconfig);
    let code: ExitCode = EXIT.done;
    try {
      for (const group of groups) {
        try {
          const context = { cluster, discovery, target, group, requester: username, flags };
          if (flags.undo === true) await wayBack(context);
          else await new GroupTakeOver(context).run();
        } catch (error) {
          if (!(error instanceof CommandError)) throw error;
          say(`${describeGroup(group)}: ${error.message}`);
          code = error.exitCode;
        }
      }
    } finally {
      await target?.close();
    }
    return code;
  });
}

/** The cluster that holds the objects, if that is another one. */
async function targetOf(flags: TakeOverFlags, kubeconfig: string): ReturnType<typeof connect> {
  const { context: _, as: __, asGroup: ___, token: ____, ...rest } = flags;
  return connect({ ...rest, kubeconfig });
}
