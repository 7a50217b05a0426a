import type { Clock, Timer } from "../../../base/clock.js";
import type { GroupVersionKind } from "../../../manifest/object-id.js";
import { appKey } from "../../../plan/live.js";
import type { Tracked, Tracker } from "../watch/tracker.js";
import { calmPause, PACE } from "./resync-rate.js";

/** Why an object is looked at: its time has come, or something changed what it means. */
export type ResyncCause = "periodic" | "definitions";

/** What a sweeper works with. */
export interface ResyncerOptions {
  readonly clock: Clock;
  readonly tracker: Tracker;
  /** Whether there is such an app. What a former one has left is nobody's to look at, and takes no turn. */
  readonly knows: (app: string) => boolean;
  /** Brings an app to the queue, behind everything else. */
  readonly enqueue: (app: string) => void;
  /** Whether there is other work. */
  readonly busy: () => boolean;
  /** Told of each object that is going to be looked at. */
  readonly onVerify: (cause: ResyncCause) => void;
}

/** Objects of one app that wait for a look. */
type Waiting = Map<string, Set<string>>;

/**
 * Has every object looked at that may have changed without a trace: each once after a start and once a day, and those of a
 * kind whose meaning changed soon after. It sends nothing itself: it raises a doubt, and the app's next reconcile settles it
 * by an apply, which writes nothing where nothing differs.
 */
export class Resyncer {
  readonly #options: ResyncerOptions;
  readonly #urgent: Waiting = new Map();
  readonly #calm: Waiting = new Map();
  #timer: { readonly timer: Timer; readonly at: number } | undefined;
  /** When the next objects of the calm pass may be looked at, whatever else wakes us. */
  #calmAt = 0;
  /** When it was last counted up what is due, and over how many objects: lists that come late bring more. */
  #scanned = { at: Number.NEGATIVE_INFINITY, objects: 0 };
  #running = false;

  constructor(options: ResyncerOptions) {
    this.#options = options;
  }

  /** Begins; the first look comes a little later. */
  start(): void {
    this.#running = true;
    this.#scheduleIn(PACE.startMs);
  }

  /** Ends. Nothing is under way here. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#timer?.timer.cancel();
    this.#timer = undefined;
  }

  /** Something changed what objects of these kinds mean: a definition, a webhook, a policy. */
  rulesChanged(matches: (kind: GroupVersionKind) => boolean): void {
    for (const tracked of this.#tracked()) if (matches(tracked.object.id)) add(this.#urgent, tracked);
    if (this.#urgent.size > 0) this.#scheduleIn(PACE.urgentMs);
  }

  #go(): void {
    this.#timer = undefined;
    const { tracker, clock } = this.#options;
    tracker.setTime(clock.monotonic());
    this.#scheduleIn(this.#look());
  }

  /** Has some objects looked at. Gives how long to wait before the next ones. */
  #look(): number {
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

  /** Raises a doubt about some objects of one app. Objects that are in doubt already need nothing more. */
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

  /** Finds what is due, not more often than it is worth. */
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

  /** An earlier time that is set already stays. */
  #scheduleIn(ms: number): void {
    if (!this.#running) return;
    const at = this.#options.clock.monotonic() + ms;
    if (this.#timer && this.#timer.at <= at) return;
    this.#timer?.timer.cancel();
    this.#timer = { at, timer: this.#options.clock.after(ms, () => this.#go()) };
  }
}

/** What was there when this process began has not been proven by it yet: at once. */
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
