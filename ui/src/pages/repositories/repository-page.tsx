import type { ComponentChildren } from "preact";
import { useRoute } from "preact-iso";
import { requestPoll } from "../../api/actions.js";
import { useApi } from "../../api/query.js";
import type { RepositoryDetail } from "../../api/types.js";
import { Ago } from "../../components/ago.js";
import { Button, LinkButton } from "../../components/button.js";
import { Code } from "../../components/code.js";
import { Facts } from "../../components/facts.js";
import { ErrorNotice, Notice, Skeleton } from "../../components/messages.js";
import { Page } from "../../components/page.js";
import { Revision } from "../../components/revision.js";
import { State } from "../../components/state.js";
import { useAction } from "../../components/use-action.js";
import { href } from "../../navigation/base.js";
import { appsLink } from "../../navigation/links.js";
import { announce } from "../../state/announce.js";
import { stateOf } from "./repositories-page.js";

/** One repository. */
export function RepositoryPage() {
  const { namespace = "", name = "" } = useRoute().params;
  const { data, error, pending, retry } = useApi<RepositoryDetail>(`repositories/${namespace}/${name}`);
  const poll = useAction(
    () => requestPoll(namespace, name),
    () => announce(`${name} is polled now`),
  );
  return (
    <Page
      title={name}
      above={{ to: href("repositories"), label: "Repositories" }}
      aside={<span class="page-place muted">{namespace}</span>}
      actions={
        data && (
          <>
            <Button icon="sync" busy={poll.busy} onClick={poll.run}>
              Look for new commits
            </Button>
            <LinkButton icon="apps" to={appsLink(`repo:${name}`)}>
              Show its apps
            </LinkButton>
          </>
        )
      }
    >
      {poll.error && <ErrorNotice error={poll.error} />}
      {error && <ErrorNotice error={error} retry={retry} />}
      {pending && <Skeleton rows={4} />}
      {data && <Repository repository={data} />}
    </Page>
  );
}

function Repository({ repository }: { readonly repository: RepositoryDetail }) {
  const { row, spec, status } = repository;
  const ref = spec.ref ?? {};
  const rows: [string, ComponentChildren][] = [
    ["URL", <span class="mono">{row.url}</span>],
    [
      "Follows",
      Object.entries(ref)
        .map(([kind, value]) => `${kind} ${value}`)
        .join(", ") || "the default branch",
    ],
    ["Revision", row.revision && <Revision of={row.revision} />],
    ["Commit", status?.commit && `${status.commit.message} — ${status.commit.author}`],
    ["Fetched", <Ago at={row.fetched} />],
    ["Polled every", spec.interval],
    ["Credential", spec.secretRef ? `Secret ${spec.secretRef.name}` : "none: read anonymously"],
    ["Open to", openTo(spec.allowedNamespaces ?? [])],
  ];
  return (
    <div class="columns">
      <div class="stack">
        <p>
          <State of={stateOf(row)} />
        </p>
        {row.message && (
          <Notice tone="bad" icon="bad" title="The repository cannot be read">
            <p>{row.message}</p>
          </Notice>
        )}
        <section class="stack-small" aria-labelledby="webhook">
          <h2 id="webhook">Webhook</h2>
          {row.webhook === undefined ? (
            <>
              <p>New commits are found at the next poll. To have them found at once, name a Secret with a token:</p>
              <Code label="Field to set" text={`spec:\n  webhook:\n    secretRef:\n      name: ${row.name}-webhook`} />
            </>
          ) : (
            <>
              <p>Send push events of the Git host to this path of the role server:</p>
              <Code label="Path of the webhook" text={row.webhook} />
            </>
          )}
        </section>
      </div>
      <aside class="panel" aria-label="Facts">
        <Facts rows={rows} />
      </aside>
    </div>
  );
}

/** Which other namespaces may use it. */
function openTo(namespaces: readonly string[]): string | false {
  if (namespaces.length === 0) return false;
  return namespaces.includes("*") ? "apps of all namespaces" : `apps of ${namespaces.join(", ")}`;
}
