import { useMemo } from "preact/hooks";
import type { AppRow } from "../../api/types.js";
import { keyOf, type Selection } from "../../lists/selection.js";
import { useKeys } from "../../navigation/shortcuts.js";
import { announce } from "../../state/announce.js";
import { countOf } from "./bulk/bulk-verbs.js";

/** The box that selects an app. `onSelect` learns whether Shift was held, which means a range. */
export function SelectBox(props: {
  readonly app: AppRow | undefined;
  readonly selected: Selection<AppRow>["rows"];
  readonly onSelect: (range: boolean) => void;
}) {
  const { app, selected, onSelect } = props;
  if (app === undefined) return <span class="select-box" />;
  return (
    <label class="select-box">
      <input
        type="checkbox"
        aria-label={`Select ${keyOf(app)}`}
        checked={selected.has(keyOf(app))}
        onClick={({ shiftKey }) => onSelect(shiftKey)}
      />
    </label>
  );
}

/** Selects the row with the focus by `x`, with Shift all from the one before; Escape selects nothing. Returns what a click does. */
export function useSelectKeys(selection: Selection<AppRow>): (index: number, range: boolean) => void {
  const { toggle, extendTo, drop } = selection;
  const [select, keys] = useMemo(() => {
    const act = (index: number, range: boolean): void => {
      const incomplete = range ? extendTo(index).incomplete : 0;
      if (!range) toggle(index);
      if (incomplete > 0)
        announce(`${countOf(incomplete)} of the range not loaded: scroll through them, then select the range again`);
    };
    const actOnFocus = (range: boolean): void => {
      const index = document.activeElement?.closest<HTMLElement>("[data-index]")?.dataset.index;
      if (index !== undefined) act(Number(index), range);
    };
    return [act, { x: () => actOnFocus(false), X: () => actOnFocus(true), Escape: () => drop() }];
  }, [toggle, extendTo, drop]);
  useKeys(keys);
  return select;
}
