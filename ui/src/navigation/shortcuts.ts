import { useEffect } from "preact/hooks";
import { shortcuts } from "../state/preferences.js";

/** Functions by key: one key like `j`, or two like `g a`, pressed one after the other. */
export type KeyMap = Readonly<Record<string, () => void>>;

const SEQUENCE_MS = 1_000;

/** Keys that are in use, with what they do, for the help. */
export const SHORTCUT_HELP: readonly (readonly [string, string])[] = [
  ["g a", "Apps"],
  ["g c", "Changes"],
  ["g e", "Environments"],
  ["g r", "Repositories"],
  ["g o", "Core and its nodes"],
  ["g u", "Audit"],
  ["/", "Search"],
  ["Ctrl+K", "Go to an app, a Change or a page"],
  ["j k", "Next and previous row, or object of a Change"],
  ["Enter", "Open the row"],
  ["x", "Select the app; with Shift, all from the one before"],
  ["n p", "Next and previous field of a diff"],
  ["v", "Mark the object as viewed"],
  ["?", "This help"],
];

/** Handles single keys while the component is shown, unless a field has the focus, a dialog is open, or they are switched off. */
export function useKeys(keys: KeyMap): void {
  useEffect(() => {
    let first: { readonly key: string; readonly at: number } | undefined;
    const onKey = (event: KeyboardEvent): void => {
      if (shortcuts.value === "off" || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target) || document.querySelector("dialog[open]") !== null) return;
      const recent = first !== undefined && event.timeStamp - first.at < SEQUENCE_MS ? first.key : undefined;
      const run = (recent === undefined ? undefined : keys[`${recent} ${event.key}`]) ?? keys[event.key];
      first = { key: event.key, at: event.timeStamp };
      if (run === undefined || event.defaultPrevented) return;
      event.preventDefault();
      run();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [keys]);
}

function isTyping(target: EventTarget | null): boolean {
  // A checkbox takes no text.
  const fields = "input:not([type=checkbox]), textarea, select, [contenteditable]";
  return target instanceof HTMLElement && target.closest(fields) !== null;
}
