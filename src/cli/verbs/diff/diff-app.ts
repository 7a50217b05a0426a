import { findCondition } from "../../../api/conditions.js";
import { appTarget } from "../../connection/apps.js";
import type { LiveApp } from "../../connection/live.js";
import { withWholePlan } from "../../connection/whole-plan.js";
import { withConnection } from "../../connection/with-connection.js";
import { CommandError, EXIT, type ExitCode } from "../../exit-codes.js";
import type { DiffFlags } from "../../offline/diff.js";
import { formatMarkdown } from "../../offline/format-diff.js";
import { formatValue } from "../../output/objects.js";
import { print, say } from "../../terminal.js";
import { formatPlan } from "../plan/format-plan.js";
import { awaitChange } from "../wait/await-change.js";

/**
 * Runs `overseer diff APP`: a dry run of the operator against the live objects. Exit code 0 if nothing differs, 1 if something does, 2 and more
 * if the difference could not be made.
 */
export async function diffApp(name: string, flags: DiffFlags): Promise<ExitCode> {
  const { ensureNoPath } = await import("../../offline/diff.js");
  ensureNoPath(name);
  return withConnection(flags, async (connection) => {
    const target = appTarget(name);
    const app = await connection.get<LiveApp>(target);
    const created = await connection.requestChange(target, { cause: "Sync", dryRun: true, purpose: "diff" });
    const planned = await awaitChange(connection, created, { timeoutMs: flags.timeout, quiet: true });
    const { status } = await withWholePlan(connection, planned);
    const changes = (status?.plan ?? []).filter(({ verb }) => verb !== "Keep");
    if (status?.phase !== "Planned")
      throw new CommandError(
        `no difference could be made: ${status?.phase ?? "no phase"}: ${status?.message ?? ""}`,
        EXIT.usage,
      );
    const { refusals = [], planIncomplete } = status;
    const { output } = flags;
    if (output === "json" || output === "yaml")
      print(
        await formatValue(
          JSON.parse(
            JSON.stringify({
              app: `${connection.namespaceOf(target)}/${target.name}`,
              changes,
              refusals,
              planIncomplete,
            }),
          ),
          output,
        ),
      );
    else if (output === "markdown")
      print(
        formatMarkdown(
          [{ name: `OverseerApp ${connection.namespaceOf(target)}/${target.name}`, changes }],
          "the live objects",
        ),
      );
    else if (output === "name") print(changes.map(({ object }) => `${object}\n`).join(""));
    else print(formatPlan({ plan: changes, omitted: status.omitted, planIncomplete }));
    if (planIncomplete !== undefined) say(`the difference is not shown completely: ${planIncomplete}`);
    const drifted = findCondition(app.status?.conditions, "Drifted");
    if (drifted?.status === "True") say(`drift: ${drifted.message}`);
    for (const { object, origin, message } of refusals)
      say(`refused: ${origin === undefined ? "" : `${origin}: `}${object}: ${message}`);
    if (refusals.length > 0) return EXIT.usage;
    return changes.length > 0 || drifted?.status === "True" ? EXIT.failed : EXIT.done;
  });
}
