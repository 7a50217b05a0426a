import { useApi } from "../../api/query.js";
import type { AppList, AppRow, EnvironmentItem, EnvironmentList } from "../../api/types.js";
import { Ago } from "../../components/ago.js";
import { Empty, ErrorNotice, Notice, Skeleton } from "../../components/messages.js";
import { Page } from "../../components/page.js";
import { Revision } from "../../components/revision.js";
import { State } from "../../components/state.js";
import { appLink, appsLink } from "../../navigation/links.js";
import { FreezeState } from "./freeze.js";

const LIMIT = 500;
const EXAMPLE = `kubectl apply -f - <<'YAML'
apiVersion: gitops.overseer.io/v1alpha1
kind: Environment
metadata: { name: dev }
spec:
  namespaces: [{ name: shop-dev }]
---
apiVersion: gitops.overseer.io/v1alpha1
kind: Environment
metadata: { name: prod }
spec:
  namespaces: [{ name: shop, from: shop-dev }]
  promotesFrom: [dev]
YAML`;

/** A board: a column for each Environment in the order of promotion, a row for each app. */
export function EnvironmentsPage() {
  const { data, error, pending, retry } = useApi<EnvironmentList>("environments");
  const environments = data?.items ?? [];
  const namespaces = environments.flatMap(namespacesOf);
  const filter = encodeURIComponent(`ns:${namespaces.join(",")}`);
  const apps = useApi<AppList>(namespaces.length === 0 ? undefined : `apps?q=${filter}&sort=name&limit=${LIMIT}`);
  return (
    <Page title="Environments">
      {error && <ErrorNotice error={error} retry={retry} />}
      {apps.error && <ErrorNotice error={apps.error} retry={apps.retry} />}
      {pending && <Skeleton />}
      {data?.hidden && (
        <Notice tone="idle" icon="lock" title="You may not list Environments">
          <p>Ask for the verb list for environments, for example by the ClusterRole overseer-gitops-view.</p>
        </Notice>
      )}
      {data && !data.hidden && environments.length === 0 && (
        <Empty title="There is no Environment yet" command={EXAMPLE}>
          <p>
            An Environment says which namespaces belong together, who has to approve Changes there, and which
            Environment a revision must have been healthy in before it is applied.
          </p>
        </Empty>
      )}
      {apps.data && apps.data.total > apps.data.items.length && (
        <Notice tone="warn" icon="warn" title={`Only ${apps.data.items.length} of ${apps.data.total} apps are shown`}>
          <p>Follow the name of an Environment to see all its apps.</p>
        </Notice>
      )}
      {environments.length > 0 && (
        <Board environments={environments} apps={apps.data?.items ?? []} mayFreeze={data?.mayFreeze === true} />
      )}
    </Page>
  );
}

function namespacesOf({ spec }: EnvironmentItem): readonly string[] {
  return (spec.namespaces ?? []).map(({ name }) => name);
}

function Board(props: {
  readonly environments: readonly EnvironmentItem[];
  readonly apps: readonly AppRow[];
  readonly mayFreeze: boolean;
}) {
  const { environments, apps, mayFreeze } = props;
  const names = [...new Set(apps.map(({ name }) => name))].sort();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: boards that scroll have to be reached by keyboard
    <section class="board" aria-label="Board" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">App</th>
            {environments.map((environment) => (
              <th key={environment.name} scope="col">
                <Head environment={environment} />
                <FreezeState environment={environment} mayFreeze={mayFreeze} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {names.map((name) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {environments.map((environment) => (
                <td key={environment.name}>
                  {apps
                    .filter((app) => app.name === name && namespacesOf(environment).includes(app.namespace))
                    .map((app) => (
                      <Cell key={app.namespace} app={app} />
                    ))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Head({ environment }: { readonly environment: EnvironmentItem }) {
  const { name, spec, status } = environment;
  const stalled = status?.conditions?.find(({ type, status: value }) => type === "Ready" && value === "False");
  const from = spec.promotesFrom ?? [];
  return (
    <>
      <a href={appsLink(`ns:${namespacesOf(environment).join(",")}`)}>{name}</a>
      <p class="board-note">{from.length === 0 ? "takes every commit" : `after ${from.join(", ")}`}</p>
      {stalled && <p class="tone-bad board-note">{stalled.message}</p>}
    </>
  );
}

function Cell({ app }: { readonly app: AppRow }) {
  const { namespace, name, health, sync, revision, changed, promotable } = app;
  return (
    <a class="board-cell" href={appLink(namespace, name)}>
      <span class="board-states">
        <State of={health} quiet />
        {sync !== "Synced" && <State of={sync} quiet />}
      </span>
      <span>{revision === undefined ? "not applied yet" : <Revision of={revision} />}</span>
      <span class="muted">
        <Ago at={changed} />
      </span>
      {promotable !== undefined && <span class="tone-busy">{promotable} can be promoted</span>}
    </a>
  );
}
