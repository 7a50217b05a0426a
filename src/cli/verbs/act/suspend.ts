import { LABEL_APP, LABEL_APP_NAMESPACE } from "../../../api/group.js";
import { selectTargets, shownName } from "../../connection/apps.js";
import type { LiveApp } from "../../connection/live.js";
import { withConnection } from "../../connection/with-connection.js";
import { EXIT, type ExitCode } from "../../exit-codes.js";
import type { ClusterFlags, OutputFlags, SelectionFlags } from "../../flags.js";
import { formatObjects } from "../../output/objects.js";
import { print, say } from "../../terminal.js";

/** Flags of `overseer suspend` and `overseer resume`. */
export interface SuspendFlags extends ClusterFlags, OutputFlags, SelectionFlags {
  readonly reason?: string;
  /** Milliseconds until the suspension ends by itself. */
  readonly for?: number;
}

/** Suspends or resumes apps, by a patch of their specs. */
export function setSuspended(names: readonly string[], suspend: boolean, flags: SuspendFlags): Promise<ExitCode> {
  return withConnection(flags, async (connection) => {
    const targets = await selectTargets(connection, names, flags);
    const patched: LiveApp[] = [];
    const until =
      flags.for === undefined ? undefined : new Date(Date.now() + flags.for).toISOString().replace(/\.\d+Z$/, "Z");
    for (const target of targets) patched.push(await connection.setSuspended(target, suspend, flags.reason, until));
    const { output } = flags;
    if (output === "json" || output === "yaml" || output === "name")
      print(await formatObjects(patched, output, patched.length !== 1));
    else
      for (const app of patched)
        print(
          `${shownName(app)} ${suspend ? "suspended" : "resumed"}${until === undefined ? "" : ` until ${until}`}\n`,
        );
    for (const app of patched) warnOfParent(app);
    return EXIT.done;
  });
}

/** An app that another app manages may get its spec from Git again. */
function warnOfParent(app: LiveApp): void {
  const { [LABEL_APP]: name, [LABEL_APP_NAMESPACE]: namespace } = app.metadata.labels ?? {};
  if (name !== undefined)
    say(
      `note: ${shownName(app)} is managed by OverseerApp ${namespace}/${name}: if spec.suspend is set in Git, that value returns`,
    );
}
