import { useKeys } from "../../navigation/shortcuts.js";

/** Moves among the objects (`j`, `k`) and fields (`n`, `p`) of a plan, and marks objects as viewed (`v`). */
export function useReviewKeys(keys: readonly string[], toggle: (key: string) => void, split: () => void): void {
  useKeys({
    j: () => move("[data-object]", 1),
    k: () => move("[data-object]", -1),
    n: () => move("[data-hunk] h3", 1),
    p: () => move("[data-hunk] h3", -1),
    s: split,
    v: () => {
      const key = document.activeElement?.closest<HTMLElement>("[data-object]")?.dataset.object;
      if (key !== undefined && keys.includes(key)) toggle(key);
    },
  });
}

/** Focuses the next element after, or before, the one with the focus. */
function move(selector: string, step: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>(selector)];
  const active = document.activeElement;
  const at = all.findIndex((element) => element === active || element.contains(active));
  const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step;
  all[next]?.focus();
  all[next]?.scrollIntoView({ block: "start" });
}
