import { useRef, useState } from "preact/hooks";
import { useApi } from "../../api/query.js";
import type { RepositoryList, RepositoryRow } from "../../api/types.js";
import { Ago } from "../../components/ago.js";
import { Button } from "../../components/button.js";
import { Empty, ErrorNotice, Skeleton } from "../../components/messages.js";
import { Page } from "../../components/page.js";
import { Revision } from "../../components/revision.js";
import { State } from "../../components/state.js";
import { useRowKeys } from "../../lists/use-row-keys.js";
import { repositoryLink } from "../../navigation/links.js";
import { useSearch } from "../../navigation/search.js";
import { AddRepository } from "./add-repository.js";

const LIMIT = 500;
const nothing = (): void => {};

/** The word for the condition Ready of a repository. */
export function stateOf({ ready, suspended }: Pick<RepositoryRow, "ready" | "suspended">): string {
  if (suspended) return "Suspended";
  return { True: "Ready", False: "Not ready", Unknown: "Unknown" }[ready];
}

/** All repositories, those with errors first. */
export function RepositoriesPage() {
  const search = useSearch();
  const { q = "" } = search.values;
  const [adding, setAdding] = useState(false);
  const { data, error, pending, retry } = useApi<RepositoryList>(
    `repositories?q=${encodeURIComponent(q)}&limit=${LIMIT}`,
    { keep: true },
  );
  const list = useRef<HTMLUListElement>(null);
  const items = data?.items ?? [];
  useRowKeys(list, items.length, nothing);
  const add = (
    <Button icon="plus" kind="primary" onClick={() => setAdding(true)}>
      Add a repository…
    </Button>
  );
  return (
    <Page title="Repositories" actions={add}>
      <div class="filter-row">
        <input
          class="input"
          type="search"
          aria-label="Filter: text, or a field like ready:false"
          placeholder="Filter: text, or ready:false"
          value={q}
          onChange={({ currentTarget }) => search.set({ q: currentTarget.value })}
        />
        <span class="filter-total muted" role="status">
          {data && `${data.total} ${data.total === 1 ? "repository" : "repositories"}`}
        </span>
      </div>
      {error && <ErrorNotice error={error} retry={retry} />}
      {pending && <Skeleton />}
      <ul class="rows-plain" ref={list}>
        {items.map((repository, index) => (
          <li key={`${repository.namespace}/${repository.name}`} data-index={index}>
            <RepositoryListRow repository={repository} />
          </li>
        ))}
      </ul>
      {data && items.length === 0 && (
        <Empty
          title={q === "" ? "There is no repository yet, or none that you may see" : "No repository matches the filter"}
          actions={q === "" && add}
        >
          <p>
            A repository says where the documents of apps are: its URL, which branch or tag to follow, and how to sign
            in.
          </p>
        </Empty>
      )}
      {adding && <AddRepository onClose={() => setAdding(false)} />}
    </Page>
  );
}

function RepositoryListRow({ repository }: { readonly repository: RepositoryRow }) {
  const { namespace, name, url, revision, fetched, message } = repository;
  return (
    <a class="change-row repository-row" href={repositoryLink(namespace, name)}>
      <span>
        <State of={stateOf(repository)} />
      </span>
      <span class="change-row-name">
        <span class="row-title">
          <strong>{name}</strong>
          <span class="muted">{namespace}</span>
        </span>
        <span class="row-detail">{message ?? url}</span>
      </span>
      <span class="change-row-cause">
        <Revision of={revision} />
      </span>
      <span class="change-row-time">
        <Ago at={fetched} />
      </span>
    </a>
  );
}
