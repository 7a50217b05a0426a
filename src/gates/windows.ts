import { Cron } from "croner";
import type { SyncWindow } from "../api/sync-policy.js";
import { rfc3339 } from "../base/clock.js";
import { parseDuration } from "../base/duration.js";
import { messageOf } from "../base/errors.js";

/** Whether syncs are permitted at a time. */
export type WindowsState =
  | { readonly state: "Open" }
  /** `until` is the time (epoch ms) of the next opening, or up to which none was found: judge again then. */
  | { readonly state: "Closed"; readonly message: string; readonly until: number }
  /** A window cannot be read: nothing may be synced until it is corrected. */
  | { readonly state: "Invalid"; readonly message: string };

/** Openings further in the future are not searched for. */
const HORIZON_MS = 366 * 24 * 3_600_000;
/** Maximum number of occurrences examined in one search for the next opening: each costs up to 0.3 ms of CPU time. */
const MAX_OCCURRENCES = 600;

/** A window is invalid; the message names the field. */
class InvalidWindowError extends Error {}

/**
 * Judges sync windows at a time. A Deny window that is active wins over Allow windows; if there are Allow windows, one of them must be
 * active. `field` is the path of the windows, for messages. Schedules follow the local time of their zone: a start that daylight saving time skips takes place right after the gap,
 * one that it repeats takes place once.
 */
export function judgeWindows(windows: readonly SyncWindow[], now: number, field = "sync.windows"): WindowsState {
  if (windows.length === 0) return { state: "Open" };
  try {
    const occurrences = windows.map((window, index) => new Occurrences(window, `${field}[${index}]`, now));
    const cause = whyClosed(occurrences, now, field);
    if (cause === undefined) return { state: "Open" };
    const { until, found } = nextOpening(occurrences, now);
    const end = found ? ` until ${rfc3339(until)}` : `, and no later opening was found: check ${field}`;
    return { state: "Closed", message: `${cause}${end}`, until };
  } catch (error) {
    if (error instanceof InvalidWindowError) return { state: "Invalid", message: error.message };
    throw error;
  }
}

/**
 * Returns the time (epoch ms) at which windows have permitted syncs for `openMs` in all since `from`. Windows that cannot be read permit
 * syncs at any time.
 */
export function timeAfterOpen(windows: readonly SyncWindow[], from: number, openMs: number): number {
  if (windows.length === 0) return from + openMs;
  try {
    const occurrences = windows.map((window) => new Occurrences(window, "", from));
    let at = from;
    let left = openMs;
    for (let count = 0; ; count += occurrences.length) {
      const open = whyClosed(occurrences, at) === undefined;
      const next = Math.min(...occurrences.map((one) => one.boundaryAfter(at)));
      if (count >= MAX_OCCURRENCES || (open && next - at >= left)) return at + left;
      if (open) left -= next - at;
      at = next;
    }
  } catch (error) {
    if (error instanceof InvalidWindowError) return from + openMs;
    throw error;
  }
}

/** The occurrences of one window, read forward in time. Throws InvalidWindowError if the window cannot be read. */
class Occurrences {
  readonly window: SyncWindow;
  readonly place: string;
  readonly #cron: Cron;
  readonly #durationMs: number;
  /** The last start so far, and the next one. */
  #last: number | undefined;
  #next: number | undefined;

  constructor(window: SyncWindow, place: string, now: number) {
    this.window = window;
    this.place = place;
    this.#cron = readSchedule(window, this.place);
    this.#durationMs = readDuration(window, this.place);
    this.#last = this.#cron.previousRuns(1, new Date(now + 1))[0]?.getTime();
    this.#next = this.#cron.nextRun(new Date(now))?.getTime();
    if (this.#next === undefined)
      throw new InvalidWindowError(`${this.place}.schedule "${window.schedule}" never occurs: correct it`);
  }

  /** Reports whether the window is active at a time. Times must not go backwards. */
  isActive(at: number): boolean {
    while (this.#next !== undefined && this.#next <= at) {
      this.#last = this.#next;
      this.#next = this.#cron.nextRun(new Date(this.#next))?.getTime();
    }
    return this.#last !== undefined && at < this.#last + this.#durationMs;
  }

  /** Returns the first start or end after a time for which `isActive` was called. */
  boundaryAfter(at: number): number {
    const next = this.#next ?? Number.POSITIVE_INFINITY;
    const end = (this.#last ?? Number.NEGATIVE_INFINITY) + this.#durationMs;
    return end > at ? Math.min(end, next) : next;
  }
}

function readSchedule({ schedule, timeZone = "UTC" }: SyncWindow, place: string): Cron {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch {
    throw new InvalidWindowError(
      `${place}.timeZone "${timeZone}" is not a time zone: use an IANA name such as Europe/Berlin`,
    );
  }
  try {
    return new Cron(schedule, { timezone: timeZone, mode: "5-part", paused: true });
  } catch (error) {
    const cause = messageOf(error).replace(/^CronPattern: /, "");
    throw new InvalidWindowError(`${place}.schedule "${schedule}" is not a cron schedule of 5 fields: ${cause}`);
  }
}

function readDuration({ duration }: SyncWindow, place: string): number {
  const ms = parseDuration(duration);
  if (ms === undefined) throw new InvalidWindowError(`${place}.duration "${duration}" is not a duration such as 8h`);
  return ms;
}

/** Returns why syncs are not permitted at a time, or undefined if they are. */
function whyClosed(occurrences: readonly Occurrences[], at: number, field = ""): string | undefined {
  const active = occurrences.filter((one) => one.isActive(at));
  const denying = active.find(({ window }) => window.kind === "Deny");
  if (denying) {
    const { schedule, timeZone = "UTC" } = denying.window;
    return `${denying.place} (Deny, ${schedule} ${timeZone}) permits no sync`;
  }
  const restricted = occurrences.some(({ window }) => window.kind === "Allow");
  return restricted && active.length === 0 ? `no Allow window of ${field} is active` : undefined;
}

/** Returns the first time after `now` at which syncs are permitted, or the time up to which none was found. */
function nextOpening(occurrences: readonly Occurrences[], now: number): { until: number; found: boolean } {
  const horizon = now + HORIZON_MS;
  let at = now;
  // At each boundary, every window may move to its next occurrence.
  for (let count = 0; count < MAX_OCCURRENCES; count += occurrences.length) {
    const next = Math.min(...occurrences.map((one) => one.boundaryAfter(at)));
    if (next >= horizon) return { until: horizon, found: false };
    at = next;
    if (whyClosed(occurrences, at) === undefined) return { until: at, found: true };
  }
  return { until: at, found: false };
}
