import { useRef, useState } from "preact/hooks";
import type { AppList, AppRow } from "../../api/types.js";
import { Button } from "../../components/button.js";
import { Empty, ErrorNotice, Skeleton } from "../../components/messages.js";
import { Page } from "../../components/page.js";
import { refreshed, type Selection, useSelection } from "../../lists/selection.js";
import { useRowKeys } from "../../lists/use-row-keys.js";
import { useVirtualRows } from "../../lists/use-virtual-rows.js";
import { useWindows } from "../../lists/use-windows.js";
import { lazyPart } from "../../navigation/lazy-part.js";
import { type Search, useSearch } from "../../navigation/search.js";
import { AppFilter } from "./app-filter.js";
import { AppListRow, ROW_HEIGHT } from "./app-list-row.js";
import { SelectBox, useSelectKeys } from "./select-box.js";

const BulkBar = lazyPart(() => import("./bulk/bulk-bar.js").then((module) => module.BulkBar));

const FIRST_APP = `kubectl apply -f - <<'YAML'
apiVersion: gitops.overseer.io/v1alpha1
kind: GitRepository
metadata: { name: shop, namespace: default }
spec: { url: https://git.example.com/team/shop.git, ref: { branch: main } }
---
apiVersion: gitops.overseer.io/v1alpha1
kind: OverseerApp
metadata: { name: shop, namespace: default }
spec:
  source: { repositoryRef: { name: shop }, path: deploy }
  destination: { kubernetes: {} }
YAML`;

/** All apps, the worst first. */
export function AppsPage() {
  const search = useSearch();
  const { q = "", sort = "" } = search.values;
  const [held, setHeld] = useState(false);
  const [range, setRange] = useState({ from: 0, to: 0 });
  const path = `apps?q=${encodeURIComponent(q)}${sort === "" ? "" : `&sort=${encodeURIComponent(sort)}`}`;
  const apps = useWindows<AppRow, AppList>(path, { ...range, held });
  const { head } = apps;
  const selection = useSelection(path, apps.row);
  return (
    <Page title="Apps">
      <AppFilter q={q} sort={sort} list={head.data} search={search} />
      {head.error && <ErrorNotice error={head.error} retry={head.retry} />}
      {head.pending && <Skeleton rows={10} />}
      {apps.reordered && (
        <p class="reordered">
          <Button icon="sync" onClick={apps.showNewOrder}>
            The order has changed: show it
          </Button>
        </p>
      )}
      {head.data && apps.total > 0 && (
        <div
          onPointerEnter={() => setHeld(true)}
          onPointerLeave={() => setHeld(false)}
          onFocusIn={() => setHeld(true)}
          onFocusOut={() => setHeld(false)}
        >
          <AppRows total={apps.total} row={apps.row} onRange={setRange} selection={selection} />
        </div>
      )}
      {selection.rows.size > 0 && (
        <BulkBar list={path} apps={[...refreshed(selection.rows, apps.row, range).values()]} drop={selection.drop} />
      )}
      {head.data && apps.total === 0 && (q === "" ? <NoApps /> : <NoMatch q={q} search={search} />)}
    </Page>
  );
}

function AppRows(props: {
  readonly total: number;
  readonly row: (index: number) => AppRow | undefined;
  readonly onRange: (range: { from: number; to: number }) => void;
  readonly selection: Selection<AppRow>;
}) {
  const { total, row, onRange, selection } = props;
  const list = useRef<HTMLUListElement>(null);
  const { items, height, offset, measure, scrollTo } = useVirtualRows(total, ROW_HEIGHT, list);
  const [from, to] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0];
  const before = useRef({ from: 0, to: 0 });
  if (before.current.from !== from || before.current.to !== to) {
    before.current = { from, to };
    queueMicrotask(() => onRange({ from, to }));
  }
  useRowKeys(list, total, scrollTo);
  const select = useSelectKeys(selection);
  return (
    <ul class="rows" ref={list} style={{ height: `${height}px` }}>
      {items.map(({ index, start }) => (
        <li
          key={index}
          data-index={index}
          ref={measure}
          class="rows-item"
          style={{ transform: `translateY(${start - offset}px)` }}
          aria-setsize={total}
          aria-posinset={index + 1}
        >
          <SelectBox app={row(index)} selected={selection.rows} onSelect={(range) => select(index, range)} />
          <AppListRow app={row(index)} />
        </li>
      ))}
    </ul>
  );
}

function NoApps() {
  return (
    <Empty title="There is no app yet, or none that you may see" command={FIRST_APP}>
      <p>
        An app takes documents from a path of a Git repository and keeps them in sync with a cluster or an Overseer
        Core. This makes the first one:
      </p>
    </Empty>
  );
}

function NoMatch({ q, search }: { readonly q: string; readonly search: Search }) {
  return (
    <Empty
      title="No app matches the filter"
      actions={<Button onClick={() => search.set({ q: undefined }, { push: true })}>Clear the filter</Button>}
    >
      <p>
        The filter is <code>{q}</code>.
      </p>
    </Empty>
  );
}
