import { useMemo, useRef, useState } from "preact/hooks";

/** What identifies a row. */
export interface Named {
  readonly namespace: string;
  readonly name: string;
}

/** Rows that a person has selected, by key. */
export type Selected<Row> = ReadonlyMap<string, Row>;

/** The selection of a list, and the ways to change it. */
export interface Selection<Row> {
  readonly rows: Selected<Row>;
  /** Selects a row, or not any more. Ranges begin here. */
  toggle(index: number): void;
  /** Selects all rows between the one that was toggled last and this one. `incomplete`: some are not loaded, and not selected. */
  extendTo(index: number): { readonly incomplete: number };
  /** Removes rows from the selection; without keys, all. */
  drop(keys?: readonly string[]): void;
}

/** Returns the key of a row. */
export function keyOf({ namespace, name }: Named): string {
  return `${namespace}/${name}`;
}

/** Returns the selection with a row added, or removed if it was there. */
export function toggled<Row extends Named>(selected: Selected<Row>, row: Row): Selected<Row> {
  const next = new Map(selected);
  if (!next.delete(keyOf(row))) next.set(keyOf(row), row);
  return next;
}

/** Returns the selection with all rows between two indexes, in any order, and how many of these are not loaded. */
export function extended<Row extends Named>(
  selected: Selected<Row>,
  row: (index: number) => Row | undefined,
  [from, to]: readonly [number, number],
): { readonly rows: Selected<Row>; readonly incomplete: number } {
  const rows = new Map(selected);
  let incomplete = 0;
  for (let index = Math.min(from, to); index <= Math.max(from, to); index++) {
    const one = row(index);
    if (one === undefined) incomplete++;
    else rows.set(keyOf(one), one);
  }
  return { rows, incomplete };
}

/** Returns the selection with rows as they are now, as far as they are among those from `from` to `to`. */
export function refreshed<Row extends Named>(
  selected: Selected<Row>,
  row: (index: number) => Row | undefined,
  { from, to }: { readonly from: number; readonly to: number },
): Selected<Row> {
  const rows = new Map(selected);
  for (let index = from; index <= to; index++) {
    const one = row(index);
    if (one !== undefined && rows.has(keyOf(one))) rows.set(keyOf(one), one);
  }
  return rows;
}

/** Keeps a selection. `path` is what the list shows: another one begins with nothing selected, so that nobody acts on rows out of sight. */
export function useSelection<Row extends Named>(path: string, row: (index: number) => Row | undefined): Selection<Row> {
  const [state, setState] = useState<{ readonly path: string; readonly rows: Selected<Row> }>({
    path,
    rows: new Map(),
  });
  const rows = state.path === path ? state.rows : new Map<string, Row>();
  const now = useRef({ rows, row, path });
  const anchor = useRef(0);
  if (now.current.path !== path) anchor.current = 0;
  now.current = { rows, row, path };
  const actions = useMemo(() => {
    const set = (next: Selected<Row>): void => {
      now.current = { ...now.current, rows: next };
      setState({ path: now.current.path, rows: next });
    };
    return {
      toggle: (index: number) => {
        const one = now.current.row(index);
        if (one === undefined) return;
        anchor.current = index;
        set(toggled(now.current.rows, one));
      },
      extendTo: (index: number) => {
        const result = extended(now.current.rows, now.current.row, [anchor.current, index]);
        set(result.rows);
        return result;
      },
      drop: (keys?: readonly string[]) => {
        const next = new Map(keys === undefined ? [] : now.current.rows);
        for (const key of keys ?? []) next.delete(key);
        set(next);
      },
    };
  }, []);
  return { rows, ...actions };
}
