import { useEffect, useRef, useState } from "preact/hooks";
import { type Loaded, useApi } from "../api/query.js";

/** A window of rows, as lists of the API return it. */
interface Window<Row> {
  readonly items: readonly Row[];
  readonly total: number;
  readonly snapshot: string;
}

/**
 * Milliseconds for which a window is kept that is not shown. Each change of the list makes a new snapshot, with windows of its own:
 * kept longer, those of a busy list would fill the memory.
 */
const UNUSED_MS = 5_000;

/** Rows in one response. */
const SIZE = 100;

/** The rows of a list, loaded window by window. */
export interface Windows<Row, List> {
  readonly head: Loaded<List>;
  readonly total: number;
  /** Returns a row; undefined while it is loaded. */
  readonly row: (index: number) => Row | undefined;
  /** Whether the rows have another order by now, which is not shown while they are in use. */
  readonly reordered: boolean;
  readonly showNewOrder: () => void;
}

/**
 * Loads the rows from `from` to `to` of a list. Rows keep their place while `held`: then only their contents change. `path`
 * ends with its query.
 */
export function useWindows<Row extends { readonly namespace: string; readonly name: string }, List extends Window<Row>>(
  path: string,
  { from, to, held }: { readonly from: number; readonly to: number; readonly held: boolean },
): Windows<Row, List> {
  const head = useApi<List>(`${path}&limit=${SIZE}`, { keep: true });
  const [shown, setShown] = useState<List>();
  const known = useRef<{ path: string; rows: (Row | undefined)[] }>({ path, rows: [] });
  if (known.current.path !== path && !head.old) known.current = { path, rows: [] };
  const snapshot = shown?.snapshot ?? head.data?.snapshot;
  const window = (index: number, needed: boolean): string | undefined =>
    snapshot === undefined || !needed
      ? undefined
      : `${path}&limit=${SIZE}&offset=${index * SIZE}&snapshot=${encodeURIComponent(snapshot)}`;
  const [first, last] = [Math.floor(from / SIZE), Math.floor(Math.max(from, to) / SIZE)];
  const behind = head.data !== undefined && shown !== undefined && shown.snapshot !== head.data.snapshot;
  const one = useApi<List>(window(first, first > 0 || behind), { unusedMs: UNUSED_MS });
  const two = useApi<List>(window(last, last !== first), { unusedMs: UNUSED_MS });
  const expired = one.error?.status === 410 || two.error?.status === 410;
  const reordered = behind && head.data !== undefined && !sameOrder(shown, head.data);
  const adopt = head.data !== undefined && shown !== head.data && !head.old && (!reordered || !held || expired);
  useEffect(() => {
    if (adopt) setShown(head.data);
  }, [adopt, head.data]);
  useEffect(() => {
    if (expired) head.retry();
  }, [expired]);
  const remember = (start: number, list: List | undefined): void =>
    list?.items.forEach((row, index) => {
      known.current.rows[start + index] = row;
    });
  if (!behind || adopt) remember(0, head.data);
  remember(first * SIZE, one.data);
  remember(last * SIZE, two.data);
  const total = (adopt ? head.data : shown)?.total ?? head.data?.total ?? 0;
  return {
    head,
    total,
    row: (index) => known.current.rows[index],
    reordered: reordered && !adopt,
    showNewOrder: () => setShown(head.data),
  };
}

function sameOrder<Row extends { readonly namespace: string; readonly name: string }>(
  one: Window<Row>,
  other: Window<Row>,
): boolean {
  return (
    one.total === other.total &&
    one.items.every((row, index) => {
      const there = other.items[index];
      return there?.name === row.name && there.namespace === row.namespace;
    })
  );
}
