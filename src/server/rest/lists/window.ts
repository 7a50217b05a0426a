import { ProblemError } from "../../../http/problem.js";
import type { Readable } from "../identity/reading-rights.js";
import { meets, type Searchable, type Term } from "./query.js";

/** A row of a list, with what it is filtered and sorted by. */
export interface ListRow<Row> extends Searchable {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly row: Row;
  /** Value of each column that the list can be sorted by. */
  readonly columns: Readonly<Record<string, string | number>>;
}

/** A column to sort by. */
export interface SortColumn {
  readonly column: string;
  readonly descending: boolean;
}

/** Maximum number of values of a facet. */
const MAX_VALUES = 50;
const MAX_COLUMNS = 4;

/** Number of rows by field and value. */
export type FacetCounts = Record<string, Record<string, number>>;

/** Parses `-changed,name`. Throws INVALID for an unknown column, naming the known ones. */
export function parseSort(text: string | undefined, columns: readonly string[], fallback: string): SortColumn[] {
  const parts = (text ?? fallback).split(",").filter((part) => part !== "");
  const sort = parts.map((part) => ({ column: part.replace(/^-/, ""), descending: part.startsWith("-") }));
  if (sort.length <= MAX_COLUMNS && sort.every(({ column }) => columns.includes(column))) return sort;
  const detail = `must be up to ${MAX_COLUMNS} of ${columns.join(", ")}, separated by commas, each with an optional -`;
  throw new ProblemError("INVALID", `sort: ${detail}`, { errors: [{ parameter: "sort", detail }] });
}

/** What to select from the rows. */
export interface Selection {
  readonly terms: readonly Term[];
  readonly sort: readonly SortColumn[];
  readonly readable: Readable;
  /** Fields whose values are counted. */
  readonly facets: readonly string[];
}

/** Returns the rows that a user may read and that match, sorted, and the number of rows by field. Pure. */
export function select<Row>(
  rows: Iterable<ListRow<Row>>,
  { terms, sort, readable, facets }: Selection,
): { readonly rows: ListRow<Row>[]; readonly facets: FacetCounts } {
  const counts: Record<string, Map<string, number>> = Object.fromEntries(facets.map((field) => [field, new Map()]));
  const selected: ListRow<Row>[] = [];
  for (const row of rows) {
    if (!readable.includes(row.namespace, row.name)) continue;
    const missed = new Set<string | undefined>();
    for (const term of terms) if (!meets(term, row)) missed.add(term.key ?? "");
    if (missed.size === 0) selected.push(row);
    if (missed.size > 1) continue;
    // A row that only the filter for one field excludes counts for that field: it is what another choice would show.
    const [only] = missed;
    for (const field of facets) {
      const value = row.fields[field];
      if (value === undefined || (missed.size === 1 && only !== field)) continue;
      const values = counts[field];
      values?.set(value, (values.get(value) ?? 0) + 1);
    }
  }
  selected.sort(comparator(sort));
  return { rows: selected, facets: mostFrequent(counts) };
}

function comparator<Row>(sort: readonly SortColumn[]): (a: ListRow<Row>, b: ListRow<Row>) => number {
  return (a, b) => {
    for (const { column, descending } of sort) {
      const order = compare(a.columns[column], b.columns[column]);
      if (order !== 0) return descending ? -order : order;
    }
    return compare(a.key, b.key);
  };
}

/** Orders missing values last. */
function compare(a: string | number | undefined, b: string | number | undefined): number {
  if (a === b) return 0;
  if (a === undefined) return 1;
  if (b === undefined) return -1;
  return a < b ? -1 : 1;
}

function mostFrequent(counts: Readonly<Record<string, Map<string, number>>>): FacetCounts {
  return Object.fromEntries(
    Object.entries(counts).map(([field, values]) => [
      field,
      Object.fromEntries([...values].sort(([, a], [, b]) => b - a).slice(0, MAX_VALUES)),
    ]),
  );
}
