import { shortRevision } from "../../../api/short-revision.js";
import { appTarget, changesOf } from "../../connection/apps.js";
import type { LiveChange } from "../../connection/live.js";
import { withConnection } from "../../connection/with-connection.js";
import { EXIT, type ExitCode } from "../../exit-codes.js";
import type { ClusterFlags, OutputFlags } from "../../flags.js";
import { age } from "../../output/age.js";
import { formatObjects } from "../../output/objects.js";
import { formatTable } from "../../output/table.js";
import { print, say } from "../../terminal.js";

/** Runs `overseer history`. */
export function history(name: string, flags: ClusterFlags & OutputFlags): Promise<ExitCode> {
  return withConnection(flags, async (connection) => {
    const target = appTarget(name);
    const app = await connection.get(target);
    const changes = await changesOf(connection, target);
    const { output } = flags;
    if (output === "json" || output === "yaml" || output === "name")
      print(
        await formatObjects(
          changes.map((change) => ({ ...change, apiVersion: app.apiVersion ?? "", kind: "Change" })),
          output,
          true,
        ),
      );
    else print(formatHistory(changes, { wide: output === "wide" }));
    if (changes.length === 0) say(`${target.name} has no Changes`);
    return EXIT.done;
  });
}

/** Formats the Changes of an app, newest first. */
export function formatHistory(
  changes: readonly LiveChange[],
  { wide, now = Date.now() }: { readonly wide: boolean; readonly now?: number },
): string {
  const rows = changes
    .toReversed()
    .map((change) => ({ ...change, change }))
    .map(({ metadata, spec, status, change }) => [
      metadata.name,
      spec.cause,
      status?.phase,
      status?.summary,
      spec.inputs && shortRevision(spec.inputs.revision),
      byOf(change),
      age(metadata.creationTimestamp, now),
      ...(wide ? [status?.planHash] : []),
      status?.message === undefined ? "" : shortRevision(status.message),
    ]);
  const header = [
    "Change",
    "Cause",
    "Phase",
    "Plan",
    "Revision",
    "By",
    "Age",
    ...(wide ? ["Plan hash"] : []),
    "Message",
  ];
  return formatTable(header, rows);
}

/** Who has requested, approved or rejected a Change. */
function byOf({ spec, status }: LiveChange): string | undefined {
  const decided = (status?.approvals ?? [])
    .filter(({ state, decision }) => state === "Counted" && decision !== "Withdraw")
    .map(({ approver, decision }) => `${approver} (${decision === "Approve" ? "approved" : "rejected"})`);
  const all = [...(spec.requester === undefined ? [] : [spec.requester]), ...decided];
  return all.length === 0 ? undefined : all.join(", ");
}
