import { type Identity, identityKey } from "../identity/identity.js";
import type { ListedPlural, ReadingRights } from "../identity/reading-rights.js";
import { type ListSource, rowsOf } from "./listed.js";
import { parseQuery, type Term } from "./query.js";
import type { Snapshots } from "./snapshots.js";
import { type FacetCounts, type ListRow, parseSort, select } from "./window.js";

/** The parameters of a list request. */
export interface ListRequest {
  readonly q?: string | undefined;
  readonly sort?: string | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  readonly snapshot?: string | undefined;
}

/** What distinguishes the lists. */
export interface ListKind<Row> {
  readonly plural: ListedPlural;
  readonly source: ListSource<Row>;
  readonly keys: readonly string[];
  readonly facets: readonly string[];
  readonly columns: readonly string[];
  /** Order if the request has none. */
  readonly sort: string;
}

/** A row whose object has been deleted since the snapshot was made. */
export interface DeletedRow {
  readonly namespace: string;
  readonly name: string;
  readonly deleted: true;
}

/** A window of a list. */
export interface Window<Row> {
  readonly items: (Row | DeletedRow)[];
  readonly total: number;
  readonly facets?: FacetCounts;
  readonly snapshot: string;
  readonly version: string;
}

const DEFAULT_LIMIT = 100;

/** Parts that all lists share. */
export interface ListParts {
  readonly rights: Pick<ReadingRights, "readable">;
  readonly snapshots: Snapshots;
  /** Position in the event stream. */
  readonly version: () => string;
}

/**
 * Returns a window of a list as a user sees it: filtered, sorted and counted in memory. `also` are terms besides those of the request,
 * and `narrow` further limits the rows, for first windows. Throws INVALID or SNAPSHOT_EXPIRED.
 */
export async function windowOf<Row>(
  { rights, snapshots, version }: ListParts,
  kind: ListKind<Row>,
  user: Identity,
  request: ListRequest,
  { also = [], narrow }: { readonly also?: readonly Term[]; readonly narrow?: (row: ListRow<Row>) => boolean } = {},
): Promise<Window<Row>> {
  const { limit = DEFAULT_LIMIT, offset = 0 } = request;
  const owner = identityKey(user);
  const readable = await rights.readable(user, kind.plural);
  if (request.snapshot !== undefined) {
    const keys = snapshots.get(request.snapshot, owner, kind.plural);
    const items = keys.slice(offset, offset + limit).map((key) => {
      const row = kind.source.get(key)?.spec;
      // A right that was revoked since then counts.
      return row !== undefined && readable.includes(row.namespace, row.name) ? row.row : deletedRow(key);
    });
    return { items, total: keys.length, snapshot: request.snapshot, version: version() };
  }
  const terms = [...parseQuery(request.q ?? "", kind.keys), ...also];
  const sort = parseSort(request.sort, kind.columns, kind.sort);
  // Before the rows are read: an event after this position may be in the rows already, but none is missed.
  const position = version();
  const rows = narrow === undefined ? rowsOf(kind.source) : filtered(rowsOf(kind.source), narrow);
  const { rows: selected, facets } = select(rows, { terms, sort, readable, facets: kind.facets });
  const snapshot = snapshots.add(
    owner,
    kind.plural,
    selected.map(({ key }) => key),
  );
  const items = selected.slice(offset, offset + limit).map(({ row }) => row);
  return { items, total: selected.length, facets, snapshot, version: position };
}

function deletedRow(key: string): DeletedRow {
  const [namespace = "", name = ""] = key.split("/");
  return { namespace, name, deleted: true };
}

function* filtered<Row>(rows: Iterable<ListRow<Row>>, keep: (row: ListRow<Row>) => boolean): Generator<ListRow<Row>> {
  for (const row of rows) if (keep(row)) yield row;
}
