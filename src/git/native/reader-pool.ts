import type { Clock } from "../../base/clock.js";
import { Semaphore } from "../../base/semaphore.js";
import type { GitLimits } from "../limits.js";
import type { GitObject } from "../pack/entry.js";
import { BatchReader } from "./batch-reader.js";
import type { GitProgram } from "./program.js";

/** Maximum number of reader processes across all stores: some 10 MB each. */
export const MAX_READERS = 8;

const MAX_ATTEMPTS = 3;

/** Options of a pool. */
export interface ReaderPoolOptions {
  readonly git: GitProgram;
  readonly clock: Clock;
  readonly limits: GitLimits;
  /** Called after the last idle child has been stopped, to free memory. */
  readonly idle: () => void;
}

interface Entry {
  readonly reader: BatchReader;
  lastUse: number;
}

/** One `git cat-file --batch` per store in use, at most `MAX_READERS`; idle ones are stopped. */
export class ReaderPool {
  readonly #options: ReaderPoolOptions;
  /** By store directory, the most recently used one last. */
  readonly #entries = new Map<string, Entry>();
  readonly #starts = new Semaphore(1);

  constructor(options: ReaderPoolOptions) {
    this.#options = options;
  }

  /** Reads the object `id` of the store in `directory`, whose packs are in `objects`. Throws the errors of `BatchReader.read`. */
  async read(directory: string, objects: string, id: string): Promise<GitObject | undefined> {
    for (let attempt = 0; ; attempt++) {
      const entry = this.#usable(directory) ?? (await this.#starts.run(() => this.#start(directory, objects)));
      // It may have been stopped while this call waited.
      if (!entry.reader.isUsable && attempt < MAX_ATTEMPTS) continue;
      entry.lastUse = this.#options.clock.monotonic();
      return entry.reader.read(id);
    }
  }

  /** Stops the child of a store after it has answered pending requests. */
  async release(directory: string): Promise<void> {
    const entry = this.#entries.get(directory);
    this.#entries.delete(directory);
    await entry?.reader.end();
  }

  /** Stops all children in the same way. */
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
    while (this.#entries.size >= MAX_READERS) await this.release(this.#leastRecentlyUsed());
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

  /** Returns the least recently used store, preferably one without pending requests. */
  #leastRecentlyUsed(): string {
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
