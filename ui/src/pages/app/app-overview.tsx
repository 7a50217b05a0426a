import type { ComponentChildren } from "preact";
import type { AppDetail } from "../../api/types.js";
import { Ago } from "../../components/ago.js";
import { LinkButton } from "../../components/button.js";
import { Facts } from "../../components/facts.js";
import type { IconName } from "../../components/icon.js";
import { Notice } from "../../components/messages.js";
import { ObjectName } from "../../components/object-name.js";
import { Revision } from "../../components/revision.js";
import type { Tone } from "../../components/state.js";
import { appLink, changeLink, repositoryLink } from "../../navigation/links.js";
import { type Need, needsOf } from "./app-state.js";

const LOOKS: Readonly<Record<Need["kind"], readonly [IconName, Tone]>> = {
  stalled: ["bad", "bad"],
  failed: ["bad", "bad"],
  waiting: ["wait", "warn"],
  contested: ["drift", "bad"],
  drifted: ["drift", "warn"],
  pinned: ["pin", "warn"],
  paused: ["pause", "idle"],
  limited: ["unknown", "warn"],
  terminating: ["trash", "warn"],
};

/** What needs attention, and what the app is. */
export function AppOverview({ app }: { readonly app: AppDetail }) {
  const needs = needsOf(app);
  const problems = app.status?.problems ?? [];
  const notes = app.status?.notes ?? [];
  return (
    <div class="columns">
      <div class="stack">
        <section aria-labelledby="needs">
          <h2 id="needs">What needs you</h2>
          {needs.length === 0 && problems.length === 0 && (
            <p class="muted">Nothing: no person has to act on this app.</p>
          )}
          <div class="stack-small">
            {needs.map((need) => (
              <NeedNotice key={need.kind} app={app} need={need} />
            ))}
            {problems.map(({ object, message }) => (
              <Notice key={object} tone="bad" icon="bad" title={<ObjectName name={object} />}>
                <p>{message}</p>
              </Notice>
            ))}
          </div>
        </section>
        {notes.length > 0 && (
          <section aria-labelledby="notes">
            <h2 id="notes">Notes about the source</h2>
            <ul class="plain-list">
              {notes.map(({ object, origin, message }) => (
                <li key={`${object}${origin}${message}`}>
                  {object && <ObjectName name={object} />} {message}{" "}
                  {origin && <span class="mono muted">{origin}</span>}
                </li>
              ))}
            </ul>
          </section>
        )}
      </div>
      <AppFacts app={app} />
    </div>
  );
}

function NeedNotice({ app, need }: { readonly app: AppDetail; readonly need: Need }) {
  const [icon, tone] = LOOKS[need.kind];
  return (
    <Notice tone={tone} icon={icon} title={need.title} actions={<NeedAction app={app} need={need} />}>
      <p>{need.message}</p>
      <p class="muted">
        Since <Ago at={need.since} />
      </p>
    </Notice>
  );
}

function NeedAction({ app, need }: { readonly app: AppDetail; readonly need: Need }) {
  const { namespace, name } = app.metadata;
  const change = app.status?.change?.name;
  if ((need.kind === "waiting" || need.kind === "failed" || need.kind === "stalled") && change !== undefined)
    return (
      <LinkButton
        to={changeLink(namespace, change)}
        kind={need.kind === "waiting" ? "primary" : "plain"}
        icon="changes"
      >
        {need.kind === "waiting" ? `Review ${change}` : `Show ${change}`}
      </LinkButton>
    );
  if (need.kind === "drifted" || need.kind === "contested")
    return (
      <LinkButton to={appLink(namespace, name, "drift")} icon="drift">
        Show what differs
      </LinkButton>
    );
  return null;
}

function AppFacts({ app }: { readonly app: AppDetail }) {
  const { spec, status, row, metadata } = app;
  const repository = spec.source.repositoryRef;
  const repositoryNamespace = repository.namespace ?? metadata.namespace;
  const attempted = status?.attempted?.revision;
  const rows: [string, ComponentChildren][] = [
    ["Applied", row.revision === undefined ? "nothing yet" : <Revision of={row.revision} />],
    ["Newest", attempted && <Revision of={attempted} />],
    ["Objects", status?.counts && `${status.counts.healthy} of ${status.counts.objects} healthy`],
    ["Repository", <a href={repositoryLink(repositoryNamespace, repository.name)}>{row.repository}</a>],
    ["Path", <span class="mono">{spec.source.path}</span>],
    ["Environment", row.environment],
    ["Destination", row.destination],
    ["Sync", spec.sync.mode === "Manual" ? "A person starts each sync" : "Automatic"],
    ["Drift", spec.sync.selfHeal ? "Reverted at once" : "Reported only"],
    ["Last Change", row.change && <a href={changeLink(metadata.namespace, row.change)}>{row.change}</a>],
    ["Created", <Ago at={metadata.creationTimestamp} />],
  ];
  return (
    <aside class="panel" aria-label="Facts">
      <Facts rows={rows} />
    </aside>
  );
}
