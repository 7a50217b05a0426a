import type { CoreNodeView } from "../../api/types.js";
import { Ago } from "../../components/ago.js";
import { Notice } from "../../components/messages.js";
import { State } from "../../components/state.js";
import { CoreApps } from "./core-apps.js";

/** A node: what it is, whether it works, and the apps on it. */
export function NodeCard({ node }: { readonly node: CoreNodeView }) {
  const { name, hostname, address, version, runner, status, lastSeen, problem, description, labels, apps, hidden } =
    node;
  const facts = [
    hostname === name ? undefined : hostname,
    address,
    version === "" ? undefined : `agent ${version}`,
    runner === "docker" ? "Docker" : runner,
  ].filter((fact) => fact !== undefined);
  return (
    <section class="panel node" aria-label={`Node ${name}`}>
      <header class="node-head">
        <h3>{name}</h3>
        <State of={status === "online" ? "Online" : "Offline"} />
        {!node.schedulable && <span class="muted">takes no new apps</span>}
        {lastSeen !== undefined && (
          <span class="muted">
            last seen <Ago at={lastSeen} />
          </span>
        )}
      </header>
      <p class="muted">{facts.join(" · ")}</p>
      {description !== undefined && <p>{description}</p>}
      {labels !== undefined && (
        <ul class="labels" aria-label="Labels">
          {Object.entries(labels).map(([key, value]) => (
            <li key={key}>
              <code>{value === "" ? key : `${key}=${value}`}</code>
            </li>
          ))}
        </ul>
      )}
      {runner === "simulated" && (
        <p class="muted">This agent is simulated: it reports apps as running and starts nothing.</p>
      )}
      {problem !== undefined && <Notice tone="bad" icon="bad" title={`The node cannot run jobs: ${problem}`} />}
      {status === "offline" && apps.length > 0 && (
        <Notice tone="warn" icon="warn" title="Syncs of its apps wait until the node is back">
          <p>What is below was last reported before it went offline.</p>
        </Notice>
      )}
      <CoreApps apps={apps} />
      {apps.length === 0 && hidden === undefined && <p class="muted">No app is on this node.</p>}
      {hidden !== undefined && (
        <p class="muted">
          {apps.length > 0 ? "And " : ""}
          {hidden} {apps.length > 0 ? "more " : ""}
          {hidden === 1 ? "app" : "apps"} that you may not see.
        </p>
      )}
    </section>
  );
}
