import { findChange } from "../../connection/apps.js";
import { withWholePlan } from "../../connection/whole-plan.js";
import { withConnection } from "../../connection/with-connection.js";
import { EXIT, type ExitCode } from "../../exit-codes.js";
import type { ClusterFlags, OutputFlags } from "../../flags.js";
import { formatValue } from "../../output/objects.js";
import { print } from "../../terminal.js";
import { reviewText } from "../review/review-text.js";

/** Runs `overseer plan`. */
export function plan(name: string, flags: ClusterFlags & OutputFlags & { readonly diff: boolean }): Promise<ExitCode> {
  return withConnection(flags, async (connection) => {
    const change = await withWholePlan(connection, await findChange(connection, name));
    const { metadata, spec, status } = change;
    if (flags.output === "json" || flags.output === "yaml") {
      const { planHash, summary, plan: actions = [], omitted, planIncomplete, refusals, gates } = status ?? {};
      const { namespace, name: changeName, uid } = metadata;
      const shape = {
        change: { namespace, name: changeName, uid },
        app: spec.app.name,
        phase: status?.phase,
        summary,
        planHash,
      };
      print(
        await formatValue(
          JSON.parse(JSON.stringify({ ...shape, actions, omitted, planIncomplete, refusals, gates })),
          flags.output,
        ),
      );
    } else if (flags.output === "name") print((status?.plan ?? []).map(({ object }) => `${object}\n`).join(""));
    else print(reviewText(change, { diff: flags.diff }));
    return (status?.refusals?.length ?? 0) > 0 ? EXIT.failed : EXIT.done;
  });
}
