import type { CoreAppView } from "../../api/types.js";
import { State } from "../../components/state.js";
import { appLink } from "../../navigation/links.js";

/** Apps of a Core with their services, as the agent last saw them. */
export function CoreApps({ apps }: { readonly apps: readonly CoreAppView[] }) {
  if (apps.length === 0) return null;
  return (
    <ul class="core-apps">
      {apps.map((app) => (
        <li key={app.name} class="core-app">
          <CoreApp app={app} />
        </li>
      ))}
    </ul>
  );
}

function CoreApp({
  app: { name, app, version, running, status, services, drift, problem },
}: {
  readonly app: CoreAppView;
}) {
  const [namespace = "", own = ""] = app?.split("/") ?? [];
  return (
    <>
      <p class="core-app-head">
        <State of={word(status)} />
        <strong>{name}</strong>
        <span class="muted">version {running ?? version}</span>
        {running !== undefined && <span class="muted">(newest: {version})</span>}
        {app === undefined ? (
          <span class="muted">not managed by Git</span>
        ) : (
          <a href={appLink(namespace, own)}>{app}</a>
        )}
      </p>
      {problem !== undefined && <p class="core-problem">The last job failed: {problem}</p>}
      {drift?.map((text) => (
        <p key={text} class="core-drift">
          Drift: {text}
        </p>
      ))}
      <ul class="services">
        {services.map((service) => (
          <li key={service.name} class="service">
            <State of={word(service.state)} quiet />
            <span>{service.name}</span>
            <code class="service-image muted">{service.image ?? ""}</code>
            <span class="muted">{service.exitCode !== null && `exit code ${service.exitCode}`}</span>
            {service.lastLine !== undefined && <code class="service-line">{service.lastLine}</code>}
          </li>
        ))}
      </ul>
    </>
  );
}

/** `running` → `Running`, as states are named everywhere. */
function word(state: string): string {
  return `${state.slice(0, 1).toUpperCase()}${state.slice(1)}`;
}
