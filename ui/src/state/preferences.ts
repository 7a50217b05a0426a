import { effect, signal } from "@preact/signals";

const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** Chosen colors. */
export const theme = signal<Theme>(read("overseer-theme", THEMES, "system"));
/** Whether single keys are shortcuts. */
export const shortcuts = signal<"on" | "off">(read("overseer-shortcuts", ["on", "off"] as const, "on"));

/** Applies the preferences to the page, and keeps them in this browser. */
export function startPreferences(): void {
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
    write("overseer-theme", theme.value);
  });
  effect(() => write("overseer-shortcuts", shortcuts.value));
}

function read<T extends string>(name: string, values: readonly T[], fallback: T): T {
  try {
    const stored = localStorage.getItem(name);
    return values.find((value) => value === stored) ?? fallback;
  } catch {
    return fallback;
  }
}

/** Storage may be forbidden; then the preference lasts as long as the page. */
function write(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {}
}
