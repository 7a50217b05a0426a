import type { Clock } from "../../../base/clock.js";

/** Number of times that drift of one app is reverted within the window. */
const MAX_REVERTS = 3;
const WINDOW_MS = 10 * 60_000;

/** Limits how often drift is reverted, so that the agent does not compete with a person or another tool. */
export class RevertLimit {
  readonly #clock: Clock;
  readonly #times = new Map<string, readonly number[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes one attempt for a project. Returns 0, or the time in milliseconds until the next attempt. */
  take(project: string): number {
    const now = this.#clock.monotonic();
    const recent = (this.#times.get(project) ?? []).filter((time) => now - time < WINDOW_MS);
    const allowed = recent.length < MAX_REVERTS;
    this.#times.set(project, allowed ? [...recent, now] : recent);
    return allowed ? 0 : WINDOW_MS - (now - (recent[0] ?? now));
  }
}
