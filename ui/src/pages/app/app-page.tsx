import { useRoute } from "preact-iso";
import { useApi } from "../../api/query.js";
import type { AppDetail } from "../../api/types.js";
import { ErrorNotice, Skeleton } from "../../components/messages.js";
import { Page } from "../../components/page.js";
import { href } from "../../navigation/base.js";
import { APP_TABS, type AppTab, appLink } from "../../navigation/links.js";
import { NotFoundPage } from "../not-found-page.js";
import { AppActions } from "./app-actions.js";
import { AppChanges } from "./app-changes.js";
import { AppConfig } from "./app-config.js";
import { AppDrift } from "./app-drift.js";
import { AppEvents } from "./app-events.js";
import { AppHead } from "./app-head.js";
import { AppLogs } from "./app-logs.js";
import { AppOverview } from "./app-overview.js";
import { AppTree } from "./app-tree.js";

const LABELS: Readonly<Record<AppTab, string>> = {
  "": "Overview",
  tree: "Objects",
  drift: "Drift",
  changes: "Changes",
  events: "Events",
  logs: "Logs",
  config: "Configuration",
};

/** One app. */
export function AppPage() {
  const { namespace = "", name = "", tab = "" } = useRoute().params;
  const { data: app, error, pending, retry } = useApi<AppDetail>(`apps/${namespace}/${name}`);
  const current = APP_TABS.find((one) => one === tab);
  if (current === undefined) return <NotFoundPage />;
  return (
    <Page
      title={name}
      above={{ to: href("apps"), label: "Apps" }}
      aside={<span class="page-place muted">{namespace}</span>}
      actions={app && <AppActions app={app} />}
    >
      {error && <ErrorNotice error={error} retry={retry} />}
      {pending && <Skeleton rows={4} />}
      {app && (
        <>
          <AppHead app={app} />
          <Tabs namespace={namespace} name={name} current={current} />
          <Tab app={app} tab={current} />
        </>
      )}
    </Page>
  );
}

function Tabs({
  namespace,
  name,
  current,
}: {
  readonly namespace: string;
  readonly name: string;
  readonly current: AppTab;
}) {
  return (
    <nav class="tabs" aria-label="Parts of the app">
      {APP_TABS.map((tab) => (
        <a
          key={tab}
          href={appLink(namespace, name, tab)}
          aria-current={tab === current ? "page" : undefined}
          class="tab"
        >
          {LABELS[tab]}
        </a>
      ))}
    </nav>
  );
}

function Tab({ app, tab }: { readonly app: AppDetail; readonly tab: AppTab }) {
  switch (tab) {
    case "":
      return <AppOverview app={app} />;
    case "tree":
      return <AppTree app={app} />;
    case "drift":
      return <AppDrift app={app} />;
    case "changes":
      return <AppChanges app={app} />;
    case "events":
      return <AppEvents app={app} />;
    case "logs":
      return <AppLogs app={app} />;
    case "config":
      return <AppConfig app={app} />;
  }
}
