import type { ComponentChildren } from "preact";
import type { ChangeDetail } from "../../api/types.js";
import { Ago } from "../../components/ago.js";
import { Facts } from "../../components/facts.js";
import { Icon } from "../../components/icon.js";
import { Revision } from "../../components/revision.js";
import { State } from "../../components/state.js";
import { appLink, changeLink } from "../../navigation/links.js";
import { CAUSES } from "./change-row.js";
import { effectOf } from "./plan.js";

const STEPS = ["Planning", "Waiting", "Applying", "Verifying", "Succeeded"] as const;
/** Where a phase stands among the steps. */
const POSITIONS: Readonly<Record<string, number>> = { Refused: 0, Rejected: 1, Failed: 3, Superseded: 1, Planned: 0 };

/** What the Change is, in one sentence and a row of phases. */
export function ChangeHead({ change }: { readonly change: ChangeDetail }) {
  const { row, spec, status, metadata } = change;
  const rows: [string, ComponentChildren][] = [
    ["App", <a href={appLink(metadata.namespace, row.app)}>{row.app}</a>],
    ["Cause", row.requester === undefined ? CAUSES[row.cause] : `${CAUSES[row.cause]}, requested by ${row.requester}`],
    ["Revision", row.revision && <Revision of={row.revision} />],
    [
      "Rolls back to",
      spec.rollbackTo && <a href={changeLink(metadata.namespace, spec.rollbackTo.change)}>{spec.rollbackTo.change}</a>,
    ],
    ["Made", <Ago at={row.created} />],
    ["Finished", row.completed && <Ago at={row.completed} />],
    ["Only a plan", spec.dryRun && "Nothing is written"],
  ];
  return (
    <section class="panel change-head" aria-label="The Change">
      <p class="change-head-sentence">
        <State of={row.phase} />
        <span>{sentence(change)}</span>
      </p>
      <Steps phase={row.phase} />
      <Facts rows={rows} />
      {status?.message && row.phase !== "Failed" && row.phase !== "Rejected" && <p class="muted">{status.message}</p>}
    </section>
  );
}

function sentence({ row, status }: ChangeDetail): string {
  const effect = effectOf(status?.plan ?? []);
  const tense = row.completed === undefined ? "It will" : row.phase === "Succeeded" ? "It did" : "It was to";
  return status?.plan === undefined ? "It has no plan yet." : `${tense} ${effect}.`;
}

function Steps({ phase }: { readonly phase: string }) {
  const own = (STEPS as readonly string[]).indexOf(phase);
  const position = own >= 0 ? own : (POSITIONS[phase] ?? 0);
  return (
    <ol class="steps" aria-label="Phases">
      {STEPS.map((step, index) => {
        const done = index < position || phase === "Succeeded";
        const current = index === position && phase !== "Succeeded";
        return (
          <li
            key={step}
            class={done ? "step step-done" : current ? "step step-current" : "step"}
            aria-current={current ? "step" : undefined}
          >
            {done && <Icon name="check" />}
            {current && own < 0 ? phase : step}
          </li>
        );
      })}
    </ol>
  );
}
