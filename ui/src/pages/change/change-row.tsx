import type { ChangeRow } from "../../api/types.js";
import { Ago } from "../../components/ago.js";
import { Revision } from "../../components/revision.js";
import { State } from "../../components/state.js";
import { changeLink } from "../../navigation/links.js";

/** What caused a Change, in words. */
export const CAUSES: Readonly<Record<string, string>> = {
  Revision: "New commit",
  Spec: "App edited",
  Values: "Values changed",
  Renderer: "New renderer",
  Retry: "Retry",
  Sync: "Sync",
  Rollback: "Rollback",
  Promotion: "Promotion",
  Deletion: "App deleted",
  Drift: "Drift",
};

/** A Change in a list. `withApp` shows the app that it belongs to. */
export function ChangeListRow(props: {
  readonly change: ChangeRow;
  readonly withApp?: boolean;
  readonly current?: boolean;
}) {
  const { change, withApp = false, current = false } = props;
  const { namespace, name, app, phase, cause, summary, revision, requester, waitingFor, message, created } = change;
  return (
    <a class="change-row" href={changeLink(namespace, name)}>
      <span class="change-row-state">
        <State of={phase} />
      </span>
      <span class="change-row-name">
        <span class="row-title">
          <strong>{name}</strong>
          {withApp && (
            <span class="muted">
              {namespace}/{app}
            </span>
          )}
          {current && <span class="tag">applied now</span>}
        </span>
        <span class="row-detail">{waitingFor ?? message ?? ""}</span>
      </span>
      <span class="change-row-cause">
        <span class="row-title">{requester === undefined ? CAUSES[cause] : `${CAUSES[cause]} by ${requester}`}</span>
        <span class="row-detail">
          <Revision of={revision} />
        </span>
      </span>
      <span class="change-row-summary mono">{summary}</span>
      <span class="change-row-time">
        <Ago at={created} />
      </span>
    </a>
  );
}
