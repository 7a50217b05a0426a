import { useRef } from "preact/hooks";
import { useApi } from "../../api/query.js";
import type { ChangeList } from "../../api/types.js";
import { Empty, ErrorNotice, Skeleton } from "../../components/messages.js";
import { Page } from "../../components/page.js";
import { useRowKeys } from "../../lists/use-row-keys.js";
import { useSearch } from "../../navigation/search.js";
import { ChangeListRow } from "./change-row.js";

const VIEWS: readonly (readonly [value: string, label: string, query: string])[] = [
  ["mine", "Waiting for me", "mine=true"],
  ["waiting", "Waiting", "state=waiting"],
  ["", "Open", "state=open"],
  ["finished", "Finished", "state=finished"],
];
const LIMIT = 100;
const nothing = (): void => {};

/** Changes of all apps: those that are not finished, or by what they wait for. */
export function ChangesPage() {
  const search = useSearch();
  const { view = "", q = "" } = search.values;
  const [, label, query] = VIEWS.find(([value]) => value === view) ?? ["", "Open", "state=open"];
  const changes = useApi<ChangeList>(`changes?${query}&q=${encodeURIComponent(q)}&limit=${LIMIT}`, { keep: true });
  const list = useRef<HTMLUListElement>(null);
  const items = changes.data?.items ?? [];
  useRowKeys(list, items.length, nothing);
  return (
    <Page title="Changes">
      <div class="filter-row">
        <fieldset class="segments" aria-label="Which Changes">
          {VIEWS.map(([value, text]) => (
            <button
              key={value}
              type="button"
              class="segment"
              aria-pressed={value === view}
              onClick={() => search.set({ view: value }, { push: true })}
            >
              {text}
            </button>
          ))}
        </fieldset>
        <input
          class="input"
          type="search"
          aria-label="Filter: text, or a field like app:shop"
          placeholder="Filter: text, or app:shop"
          value={q}
          onChange={({ currentTarget }) => search.set({ q: currentTarget.value })}
        />
        <span class="filter-total muted" role="status">
          {changes.data && `${changes.data.total} ${changes.data.total === 1 ? "Change" : "Changes"}`}
        </span>
      </div>
      {changes.error && <ErrorNotice error={changes.error} retry={changes.retry} />}
      {changes.pending && <Skeleton />}
      <ul class="rows-plain" ref={list}>
        {items.map((change, index) => (
          <li key={`${change.namespace}/${change.name}`} data-index={index}>
            <ChangeListRow change={change} withApp />
          </li>
        ))}
      </ul>
      {changes.data && items.length === 0 && (
        <Empty title={view === "mine" ? "No Change waits for you" : `No Change: ${label.toLowerCase()}`}>
          <p>
            A Change is one sync of an app to one commit, with its plan. It is made when inputs change, or when a person
            asks for a sync or a rollback. Those that need an approval wait here.
          </p>
        </Empty>
      )}
    </Page>
  );
}
