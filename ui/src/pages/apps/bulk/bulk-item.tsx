import type { AppRow } from "../../../api/types.js";
import { State } from "../../../components/state.js";
import { changeLink } from "../../../navigation/links.js";
import type { BulkVerb } from "./bulk-verbs.js";
import type { Outcome } from "./run-bulk.js";

/** An app of the dialog: how it is, why it is left out, or how the action on it has ended. */
export function BulkItem(props: {
  readonly app: AppRow;
  readonly verb: BulkVerb;
  readonly skipReason: string | undefined;
  readonly outcome: Outcome | undefined;
}) {
  const { app, verb, skipReason, outcome } = props;
  return (
    <li class={skipReason === undefined ? "bulk-item" : "bulk-item bulk-item-out"}>
      <span class="row-title">
        <strong>{app.name}</strong>
        <span class="muted">{app.namespace}</span>
      </span>
      <Result app={app} verb={verb} skipReason={skipReason} outcome={outcome} />
    </li>
  );
}

function Result({ app, verb, skipReason, outcome }: Parameters<typeof BulkItem>[0]) {
  if (skipReason !== undefined) return <span class="muted">skipped: {skipReason}</span>;
  switch (outcome?.phase) {
    case undefined:
      return <State of={app.sync === "Synced" ? app.health : app.sync} quiet />;
    case "waits":
      return <span class="muted">waits</span>;
    case "runs":
      return <span class="muted">sent…</span>;
    case "stopped":
      return <span class="muted">not sent</span>;
    case "done":
      if (outcome.change === undefined) return <State of="Done" quiet />;
      return (
        <a href={changeLink(app.namespace, outcome.change)}>
          {verb} requested: {outcome.change}
        </a>
      );
    case "failed":
      return (
        <span class="bulk-failure">
          <State of="Failed" quiet />
          <span>{outcome.error.status === 404 ? "not found, or not yours to see" : outcome.error.message}</span>
        </span>
      );
  }
}
