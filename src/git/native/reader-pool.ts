import type { Clock } from "../../base/clock.js";
import { Semaphore } from "../../base/semaphore.js";
import type { GitLimits } from "../limits.js";
import type { GitObject } from "../pack/entry.js";
import { BatchReader } from "./batch-reader.js";
import type { GitProgram } from "./program.js";

/** Children that read, over all stores: some 10 MB each. */
export const MAX_READERS = 8;

const MAX_ATTEMPTS = 3;

/** What a pool is made of. */
export interface ReaderPoolOptions {
  readonly git: GitProgram;
  readonly clock: Clock;
  readonly limits: GitLimits;
  /** Called when the last child has been idle for long enough to be ended: memory may be let go. */
  readonly idle: () => void;
}

interface Entry {
  readonly reader: BatchReader;
  lastUse: number;
}

/** One `git cat-file --batch` for each store that is read from, at most `MAX_READERS` of them; idle ones end. */
export class ReaderPool {
  readonly #options: ReaderPoolOptions;
  /** By the directory of the store; the one that was used last stands last. */
  readonly #entries = new Map<string, Entry>();
  readonly #starts = new Semaphore(1);

  constructor(options: ReaderPoolOptions) {
    this.#options = options;
  }

  /** The object `id` of the store in `directory`, whose packs are in `objects`. Throws as `BatchReader.read`. */
  async read(directory: string, objects: string, id: string): Promise<GitObject | undefined> {
    for (let attempt = 0; ; attempt++) {
      const entry = this.#usable(directory) ?? (await this.#starts.run(() => this.#start(directory, objects)));
      // It may have been ended while we waited for our turn.
      if (!entry.reader.isUsable && attempt < MAX_ATTEMPTS) continue;
      entry.lastUse = this.#options.clock.monotonic();
      return entry.reader.read(id);
    }
  }

  /** Lets the child of a store answer what it was asked, and ends it. */
  async release(directory: string): Promise<void> {
    const entry = this.#entries.get(directory);
    this.#entries.delete(directory);
    await entry?.reader.end();
  }

  /** Ends all children in the same way. */
  async releaseAll(): Promise<void> {
    await Promise.all([...this.#entries.keys()].map((directory) => this.release(directory)));
  }

  #usable(directory: string): Entry | undefined {
    const entry = this.#entries.get(directory);
    if (entry === undefined) return undefined;
    this.#entries.delete(directory);
    if (!entry.reader.isUsable) return undefined;
    this.#entries.set(directory, entry);
    return entry;
  }

  async #start(directory: string, objects: string): Promise<Entry> {
    const known = this.#usable(directory);
    if (known !== undefined) return known;
    while (this.#entries.size >= MAX_READERS) await this.release(this.#leastUseful());
    const { git, clock, limits } = this.#options;
    const reader = new BatchReader({
      start: () => git.start(["cat-file", "--batch"], { directory, objects }),
      clock,
      maxObjectBytes: limits.maxObjectBytes,
      silenceTimeoutMs: limits.silenceTimeoutMs,
    });
    const entry = { reader, lastUse: clock.monotonic() };
    this.#entries.set(directory, entry);
    this.#endWhenIdle(directory, entry, limits.idleMs);
    return entry;
  }

  /** The one used longest ago; one that nobody waits for, if there is any. */
  #leastUseful(): string {
    const all = [...this.#entries];
    return (all.find(([, { reader }]) => !reader.isBusy) ?? all[0])?.[0] ?? "";
  }

  #endWhenIdle(directory: string, entry: Entry, ms: number): void {
    const { clock, limits, idle } = this.#options;
    clock.after(ms, () => {
      if (this.#entries.get(directory) !== entry) return;
      const left = entry.lastUse + limits.idleMs - clock.monotonic();
      if (left > 0 || entry.reader.isBusy) return this.#endWhenIdle(directory, entry, Math.max(left, 1000));
      void this.release(directory);
      if (this.#entries.size === 0) idle();
    });
  }
}
