import { LRUCache } from "lru-cache";
import type { Clock, Timer } from "../../../base/clock.js";
import { type BucketSize, TokenBucket } from "../../../base/token-bucket.js";

/** How often one thing has come, and what is under way for it. */
interface Line {
  readonly bucket: TokenBucket;
  /** Its next turn, if it has to wait for that. */
  next: Timer | undefined;
  following: boolean;
  /** Whether it has changed while it was followed. */
  again: boolean;
}

/** Things that are remembered; of more, the ones that have rested longest are forgotten. */
const THINGS = 1_000;

/**
 * Follows what changes at once, and a thing that never rests now and then, so that it costs little and holds up nothing else.
 * What changes while it waits is followed with its next turn: the last change of each thing always is.
 */
export class ChangeThrottle {
  readonly #clock: Clock;
  readonly #size: BucketSize;
  readonly #lines = new LRUCache<string, Line>({ max: THINGS });
  #stopped = false;

  constructor(clock: Clock, size: BucketSize) {
    this.#clock = clock;
    this.#size = size;
  }

  /** A thing has changed: `follow` is called when it is its turn, at once if it may, and never twice at a time. */
  changed(thing: string, follow: () => Promise<void>): void {
    const line = this.#lineOf(thing);
    if (line.following) line.again = true;
    else if (line.next === undefined) this.#queue(line, follow);
  }

  /** Nothing is followed any more. */
  stop(): void {
    this.#stopped = true;
    for (const { next } of this.#lines.values()) next?.cancel();
    this.#lines.clear();
  }

  #lineOf(thing: string): Line {
    const known = this.#lines.get(thing);
    if (known) return known;
    const bucket = new TokenBucket(this.#clock, this.#size);
    const line: Line = { bucket, next: undefined, following: false, again: false };
    this.#lines.set(thing, line);
    return line;
  }

  #queue(line: Line, follow: () => Promise<void>): void {
    const wait = line.bucket.take();
    if (wait === 0) {
      void this.#follow(line, follow);
      return;
    }
    line.next = this.#clock.after(wait, () => {
      line.next = undefined;
      void this.#follow(line, follow);
    });
  }

  async #follow(line: Line, follow: () => Promise<void>): Promise<void> {
    if (this.#stopped) return;
    line.following = true;
    await follow();
    line.following = false;
    if (!line.again) return;
    line.again = false;
    this.#queue(line, follow);
  }
}
