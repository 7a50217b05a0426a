import { useState } from "preact/hooks";
import { call } from "../../api/http.js";
import { ApiError } from "../../api/problem.js";
import { useApi } from "../../api/query.js";
import type { AuditRecordView, AuditPage as Page_ } from "../../api/types.js";
import { Button } from "../../components/button.js";
import { Empty, ErrorNotice, Notice, Skeleton } from "../../components/messages.js";
import { Page } from "../../components/page.js";
import { useSearch } from "../../navigation/search.js";
import { AuditFilter, auditPath } from "./audit-filter.js";
import { AuditRow } from "./audit-row.js";

const LIMIT = 100;
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Who did what, when, and how it ended; the newest first. */
export function AuditPage() {
  const search = useSearch();
  const path = auditPath(search.values, LIMIT);
  const first = useApi<Page_>(path, { keep: true });
  const older = useOlder(path, first.data);
  const pages = first.data === undefined ? [] : [first.data, ...older.pages];
  const hideStarted = (search.values.outcome ?? "") === "";
  const records = pages.flatMap(({ items }) => items).filter(({ outcome }) => !hideStarted || outcome !== "Started");
  const last = pages.at(-1);
  const filtered = Object.values(search.values).some((value) => value !== undefined && value !== "");
  const again = (
    <Button icon="sync" onClick={first.retry}>
      Look for new records
    </Button>
  );
  if (first.error?.status === 403 && first.data === undefined) return <NotYours />;
  return (
    <Page title="Audit" actions={again}>
      <AuditFilter search={search} />
      <div class="stack-small audit">
        {first.error && <ErrorNotice error={first.error} retry={first.retry} />}
        {first.pending && <Skeleton rows={8} />}
        {first.data?.sources.map((source) => (
          <SourceNotice key={source.name} source={source} />
        ))}
        {days(records).map(([day, ofDay]) => (
          <section key={day} class="audit-day">
            <h2>{day}</h2>
            <ul class="rows-plain">
              {ofDay.map((record) => (
                <AuditRow key={record.hash} record={record} />
              ))}
            </ul>
          </section>
        ))}
        {records.length === 0 && last?.next !== undefined && <p>No record has matched so far.</p>}
        {older.error && <ErrorNotice error={older.error} retry={older.load} />}
        {last?.next !== undefined ? (
          <div class="actions">
            <Button icon="down" onClick={older.load} busy={older.busy}>
              Show older records
            </Button>
            {last.searchedTo !== undefined && (
              <span class="muted">Searched back to {MOMENT.format(Date.parse(last.searchedTo))}.</span>
            )}
          </div>
        ) : (
          records.length > 0 && <p class="muted">There are no older records{filtered ? " that match" : ""}.</p>
        )}
        {first.data !== undefined && last?.next === undefined && <Begins sources={first.data.sources} />}
        {last !== undefined && records.length === 0 && last.next === undefined && (
          <Nothing filtered={filtered} clear={() => search.set(NO_FILTER, { push: true })} />
        )}
      </div>
    </Page>
  );
}

const NO_FILTER = { user: "", app: "", verb: "", outcome: "", from: "", to: "" };

/** Pages that were loaded after the first one. They are dropped when the first one continues elsewhere. */
function useOlder(path: string, first: Page_ | undefined) {
  const key = `${path} ${first?.next}`;
  const [state, setState] = useState<{ key: string; pages: Page_[]; busy?: boolean; error?: ApiError }>({
    key,
    pages: [],
  });
  const current = state.key === key ? state : { key, pages: [] };
  const load = (): void => {
    const before = (current.pages.at(-1) ?? first)?.next;
    if (before === undefined || current.busy) return;
    const { pages } = current;
    setState({ key, pages, busy: true });
    call<Page_>(`${path}&before=${encodeURIComponent(before)}`).then(
      (page) => setState((now) => (now.key === key ? { key, pages: [...pages, page] } : now)),
      (error: unknown) => {
        const known = error instanceof ApiError ? error : new ApiError(0, { title: String(error) });
        setState((now) => (now.key === key ? { key, pages, error: known } : now));
      },
    );
  };
  return { pages: current.pages, busy: current.busy === true, error: current.error, load };
}

/** Groups records by day, in the time zone of the browser. */
function days(records: readonly AuditRecordView[]): [day: string, records: AuditRecordView[]][] {
  return [...Map.groupBy(records, ({ time }) => DAY.format(Date.parse(time)))];
}

function SourceNotice({ source }: { readonly source: Page_["sources"][number] }) {
  const { name, unavailable, damaged } = source;
  const who = name === "operator" ? "the operator" : "the REST API";
  if (unavailable !== undefined)
    return (
      <Notice tone="warn" icon="warn" title={`Records of ${who} are missing`}>
        <p>{unavailable}</p>
      </Notice>
    );
  if (damaged === undefined) return null;
  return (
    <Notice tone="bad" icon="bad" title={`${damaged} records of ${who} were changed after they were written`}>
      <p>
        They are not shown. Compare the files with the log: <code>overseer audit verify FILE</code>
      </p>
    </Notice>
  );
}

/** Says since when records are there, of processes that keep them in memory only. */
function Begins({ sources }: { readonly sources: Page_["sources"] }) {
  const inMemory = sources.filter(({ begins }) => begins !== undefined);
  if (inMemory.length === 0) return null;
  const parts = inMemory.map(
    ({ name, begins = "" }) =>
      `${name === "operator" ? "the operator" : "this replica of the REST API"} since ${MOMENT.format(Date.parse(begins))}`,
  );
  return (
    <p class="muted">
      Without audit files, only recent records are here: those of {parts.join(", and of ")}. Earlier ones are in the
      logs.
    </p>
  );
}

function Nothing({ filtered, clear }: { readonly filtered: boolean; readonly clear: () => void }) {
  return (
    <Empty
      title={filtered ? "No record matches the filter" : "Nothing was recorded yet"}
      actions={filtered && <Button onClick={clear}>Clear the filter</Button>}
    >
      <p>
        Each sync, heal, deletion, approval and write by this page is recorded with the person and the result, also what
        was refused.
      </p>
    </Empty>
  );
}

function NotYours() {
  return (
    <Page title="Audit">
      <Notice tone="idle" icon="lock" title="You may not read the audit trail">
        <p>
          It shows the actions of all users. Ask for the ClusterRole overseer-gitops-audit: the permission to list
          auditrecords.gitops.overseer.io in all namespaces.
        </p>
      </Notice>
    </Page>
  );
}
