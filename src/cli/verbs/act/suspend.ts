import { LABEL_APP, LABEL_APP_NAMESPACE } from "../../../api/group.js";
import { type LiveApp, selectTargets, shownName } from "../../cluster/apps.js";
import { whoAmI } from "../../cluster/identity.js";
import { withCluster } from "../../cluster/with-cluster.js";
import { EXIT, type ExitCode, UsageError } from "../../exit-codes.js";
import type { ClusterFlags, OutputFlags, SelectionFlags } from "../../flags.js";
import { formatObjects } from "../../output/objects.js";
import { print, say } from "../../terminal.js";

/** Flags of `overseer suspend` and `overseer resume`. */
export interface SuspendFlags extends ClusterFlags, OutputFlags, SelectionFlags {
  readonly reason?: string;
}

/** Length of `spec.suspendReason`. */
const MAX_REASON = 256;

/** Suspends or resumes apps, by a patch of their specs. */
export function setSuspended(names: readonly string[], suspend: boolean, flags: SuspendFlags): Promise<ExitCode> {
  return withCluster(flags, async (cluster) => {
    const targets = await selectTargets(cluster, names, flags);
    const reason = suspend ? reasonText((await whoAmI(cluster)).username, flags.reason) : null;
    const patched: LiveApp[] = [];
    for (const target of targets)
      patched.push(await cluster.patch<LiveApp>(target, { spec: { suspend, suspendReason: reason } }));
    const { output } = flags;
    if (output === "json" || output === "yaml" || output === "name")
      print(await formatObjects(patched, output, patched.length !== 1));
    else for (const app of patched) print(`${shownName(app)} ${suspend ? "suspended" : "resumed"}\n`);
    for (const app of patched) warnOfParent(app);
    return EXIT.done;
  });
}

/** Who and why, as far as it fits. */
function reasonText(user: string, reason: string | undefined): string {
  const text = reason === undefined ? `by ${user}` : `by ${user}: ${reason}`;
  if (text.length > MAX_REASON)
    throw new UsageError(`--reason is too long: ${MAX_REASON - user.length - 5} characters fit`);
  return text;
}

/** An app that another app manages may get its spec from Git again. */
function warnOfParent(app: LiveApp): void {
  const { [LABEL_APP]: name, [LABEL_APP_NAMESPACE]: namespace } = app.metadata.labels ?? {};
  if (name !== undefined)
    say(
      `note: ${shownName(app)} is managed by OverseerApp ${namespace}/${name}: if spec.suspend is set in Git, that value returns`,
    );
}
