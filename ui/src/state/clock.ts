import { signal } from "@preact/signals";

const REFRESH_MS = 10_000;

/** Current time in milliseconds, for relative times. Advances every ten seconds while the page is visible. */
export const now = signal(Date.now());

/** Starts to advance `now`. */
export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) now.value = Date.now();
  }, REFRESH_MS);
  document.addEventListener("visibilitychange", () => {
    now.value = Date.now();
  });
}
