import { useApi } from "../../api/query.js";
import type { CoreList, CoreView } from "../../api/types.js";
import { Empty, ErrorNotice, Notice, Skeleton } from "../../components/messages.js";
import { Page } from "../../components/page.js";
import { appLink } from "../../navigation/links.js";
import { CoreApps } from "./core-apps.js";
import { NodeCard } from "./node-card.js";

/** Cores send no events to browsers. */
const EVERY_MS = 10_000;
const EXAMPLE = `kubectl create secret generic core --from-literal=token="$TOKEN" -n default
kubectl apply -f - <<'YAML'
apiVersion: gitops.overseer.io/v1alpha1
kind: OverseerApp
metadata: { name: shop, namespace: default }
spec:
  source: { repositoryRef: { name: shop }, path: apps }
  destination:
    overseer: { url: https://core.example.com, secretRef: { name: core } }
YAML`;

/** The Cores that apps have as destination, with their nodes and what runs there. */
export function CorePage() {
  const { data, error, pending, retry } = useApi<CoreList>("cores", { everyMs: EVERY_MS });
  const cores = data?.items ?? [];
  return (
    <Page title="Core">
      <div class="stack">
        {error && <ErrorNotice error={error} retry={retry} />}
        {pending && <Skeleton />}
        {data?.unavailable !== undefined && (
          <Notice tone="warn" icon="warn" title="Cores are not shown now">
            <p>{data.unavailable}</p>
          </Notice>
        )}
        {data && data.unavailable === undefined && cores.length === 0 && (
          <Empty title="No app that you may see runs on an Overseer Core" command={EXAMPLE}>
            <p>
              A Core runs Compose apps on machines of your own. It appears here when it is the destination of an app:
            </p>
          </Empty>
        )}
        {cores.map((core) => (
          <CoreSection key={core.url} core={core} />
        ))}
      </div>
    </Page>
  );
}

function CoreSection({ core }: { readonly core: CoreView }) {
  const { url, problem, usedBy, nodes, unplaced } = core;
  const offline = nodes.filter(({ status }) => status === "offline").length;
  return (
    <section class="core" aria-label={`Core ${url}`}>
      <header class="core-head">
        <h2>{url.replace(/^https?:\/\//, "")}</h2>
        <p class="muted">
          {nodes.length} {nodes.length === 1 ? "node" : "nodes"}
          {offline > 0 && `, ${offline} offline`} · {usedBy.length === 1 ? "app " : "apps "}
          {usedBy.map((app, index) => (
            <span key={app}>
              {index > 0 && ", "}
              <AppLink app={app} />
            </span>
          ))}
        </p>
      </header>
      {problem !== undefined && (
        <Notice tone="bad" icon="bad" title="The Core cannot be read. This is its last known state.">
          <p>{problem}</p>
        </Notice>
      )}
      {nodes.length === 0 && problem === undefined && (
        <Notice tone="idle" icon="core" title="The Core has no node">
          <p>Start an agent on a machine, with a token of the Core, to run apps there.</p>
        </Notice>
      )}
      <div class="nodes">
        {nodes.map((node) => (
          <NodeCard key={node.name} node={node} />
        ))}
      </div>
      {unplaced.length > 0 && (
        <section class="panel node" aria-label="Apps without a node">
          <h3>Apps without a node</h3>
          <CoreApps apps={unplaced} />
        </section>
      )}
    </section>
  );
}

/** Link to an app by its NAMESPACE/NAME. */
export function AppLink({ app }: { readonly app: string }) {
  const [namespace = "", name = ""] = app.split("/");
  return <a href={appLink(namespace, name)}>{app}</a>;
}
