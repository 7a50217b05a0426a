import type { RefObject } from "preact";
import { useMemo } from "preact/hooks";
import { useKeys } from "../navigation/shortcuts.js";

const ATTEMPTS = 10;

/** Moves the focus among the links of a list by `j` and `k`. `scrollTo` brings a row into the document. */
export function useRowKeys(
  list: RefObject<HTMLElement | null>,
  total: number,
  scrollTo: (index: number) => void,
): void {
  useKeys(
    useMemo(() => {
      const move = (step: number): void => {
        const current = document.activeElement?.closest<HTMLElement>("[data-index]")?.dataset.index;
        const next = current === undefined ? 0 : Number(current) + step;
        if (next < 0 || next >= total) return;
        scrollTo(next);
        focusRow(list, next, ATTEMPTS);
      };
      return { j: () => move(1), k: () => move(-1) };
    }, [list, total, scrollTo]),
  );
}

/** A row that was far away is drawn in one of the next frames. */
function focusRow(list: RefObject<HTMLElement | null>, index: number, attempts: number): void {
  const link = list.current?.querySelector<HTMLElement>(`[data-index="${index}"] a`);
  if (link) link.focus();
  else if (attempts > 0) requestAnimationFrame(() => focusRow(list, index, attempts - 1));
}
