import type { AppRow } from "../../api/types.js";
import { Ago } from "../../components/ago.js";
import { Revision } from "../../components/revision.js";
import { State } from "../../components/state.js";
import { appLink } from "../../navigation/links.js";

/** Usual height of a row in pixels, until it is measured. */
export const ROW_HEIGHT = 62;

/** An app in the list: what it is, how it is, and why. */
export function AppListRow({ app }: { readonly app: AppRow | undefined }) {
  if (app === undefined) return <div class="app-row app-row-empty" />;
  const { namespace, name, health, sync, message, revision, destination, changed, repository, objects, pinned } = app;
  return (
    <a class="app-row" href={appLink(namespace, name)}>
      <span class="app-row-state">
        <State of={health} />
        {sync !== "Synced" && <State of={sync} quiet />}
        {pinned && <State of="Pinned" quiet />}
      </span>
      <span class="app-row-name">
        <span class="row-title">
          <strong>{name}</strong>
          <span class="muted">{namespace}</span>
        </span>
        <span class="row-detail">
          {message ?? `${objects ?? 0} ${objects === 1 ? "object" : "objects"}, all as in Git`}
        </span>
      </span>
      <span class="app-row-source">
        <span class="row-title">{repository}</span>
        <span class="row-detail">{revision === undefined ? "not applied yet" : <Revision of={revision} />}</span>
      </span>
      <span class="app-row-destination">{destination}</span>
      <span class="app-row-time">
        <Ago at={changed} />
      </span>
    </a>
  );
}
