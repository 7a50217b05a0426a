import type { Clock, Timer } from "../../../base/clock.js";
import type { GroupVersionKind } from "../../../manifest/object-id.js";
import { appKey } from "../../../plan/live.js";
import type { Tracked, Tracker } from "../watch/tracker.js";
import { calmPause, PACE } from "./resync-rate.js";

/** Why an object is verified: the periodic resync, or a change of admission rules or definitions. */
export type ResyncCause = "periodic" | "definitions";

/** Options of a resyncer. */
export interface ResyncerOptions {
  readonly clock: Clock;
  readonly tracker: Tracker;
  /** Whether an app exists. Objects of deleted apps are skipped. */
  readonly knows: (app: string) => boolean;
  /** Enqueues an app at the lowest priority. */
  readonly enqueue: (app: string) => void;
  /** Whether there is other work. */
  readonly busy: () => boolean;
  /** Called for each object that will be verified. */
  readonly onVerify: (cause: ResyncCause) => void;
}

/** Objects that wait for verification, by app. */
type Waiting = Map<string, Set<string>>;

/**
 * Verifies objects that may have changed without a trace: each once after a start and once a day, and those that a change of
 * admission rules or definitions affects soon after it. Sends no requests: it marks objects as unverified, and the app's next
 * reconcile verifies them by an apply, which changes nothing if nothing differs.
 */
export class Resyncer {
  readonly #options: ResyncerOptions;
  readonly #urgent: Waiting = new Map();
  readonly #calm: Waiting = new Map();
  #timer: { readonly timer: Timer; readonly at: number } | undefined;
  /** Earliest time of the next periodic batch. */
  #calmAt = 0;
  /** Time of the last scan, and the number of objects then: late lists add more. */
  #scanned = { at: Number.NEGATIVE_INFINITY, objects: 0 };
  #running = false;

  constructor(options: ResyncerOptions) {
    this.#options = options;
  }

  /** Starts; the first verification follows after a delay. */
  start(): void {
    this.#running = true;
    this.#scheduleIn(PACE.startMs);
  }

  /** Stops. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#timer?.timer.cancel();
    this.#timer = undefined;
  }

  /** Schedules the objects of kinds that a changed definition, webhook or policy affects. */
  rulesChanged(matches: (kind: GroupVersionKind) => boolean): void {
    for (const tracked of this.#tracked()) if (matches(tracked.object.id)) add(this.#urgent, tracked);
    if (this.#urgent.size > 0) this.#scheduleIn(PACE.urgentMs);
  }

  #run(): void {
    this.#timer = undefined;
    const { tracker, clock } = this.#options;
    tracker.setTime(clock.monotonic());
    this.#scheduleIn(this.#verifyBatch());
  }

  /** Marks a batch for verification. Returns the delay before the next one. */
  #verifyBatch(): number {
    if (this.#options.busy()) return PACE.busyMs;
    if (this.#take(this.#urgent, "definitions")) return PACE.urgentMs;
    const now = this.#options.clock.monotonic();
    if (now < this.#calmAt) return this.#calmAt - now;
    this.#scan();
    const pause = calmPause(this.#options.tracker.size);
    this.#take(this.#calm, "periodic");
    this.#calmAt = now + pause;
    return pause;
  }

  /** Marks some objects of one app as unverified. Skips those that already are. */
  #take(waiting: Waiting, cause: ResyncCause): boolean {
    const { tracker, enqueue, onVerify } = this.#options;
    for (const [app, keys] of waiting) {
      let count = 0;
      for (const key of keys) {
        if (count === PACE.batch) break;
        keys.delete(key);
        if (!tracker.markUnverified(key)) continue;
        count++;
        onVerify(cause);
      }
      if (keys.size === 0) waiting.delete(app);
      if (count === 0) continue;
      enqueue(app);
      return true;
    }
    return false;
  }

  /** Finds due objects, at a limited rate. */
  #scan(): void {
    const { clock, tracker } = this.#options;
    const now = clock.monotonic();
    const known = tracker.size === this.#scanned.objects && now - this.#scanned.at < PACE.rescanMs;
    if (this.#calm.size > 0 || known) return;
    this.#scanned = { at: now, objects: tracker.size };
    for (const tracked of this.#tracked()) if (dueAt(tracked) <= now) add(this.#calm, tracked);
  }

  *#tracked(): Iterable<Tracked> {
    const { tracker, knows } = this.#options;
    for (const tracked of tracker.all()) if (knows(appKey(tracked.object.app))) yield tracked;
  }

  /** Schedules the next batch, unless one is scheduled earlier. */
  #scheduleIn(ms: number): void {
    if (!this.#running) return;
    const at = this.#options.clock.monotonic() + ms;
    if (this.#timer && this.#timer.at <= at) return;
    this.#timer?.timer.cancel();
    this.#timer = { at, timer: this.#options.clock.after(ms, () => this.#run()) };
  }
}

/** Returns when an object is due. Objects that this process has not verified yet are due immediately. */
function dueAt({ object, verifiedAt }: Tracked): number {
  if (verifiedAt === undefined) return Number.NEGATIVE_INFINITY;
  const share = Number.parseInt(object.metadataDigest.slice(0, 6), 16) / 0x1000000;
  return verifiedAt + PACE.periodMs - share * PACE.spreadMs;
}

function add(waiting: Waiting, { object }: Tracked): void {
  const app = appKey(object.app);
  const keys = waiting.get(app) ?? new Set();
  keys.add(object.key);
  waiting.set(app, keys);
}
