/** Delay per held shard before a free one is taken, and its maximum, in milliseconds. */
const HESITATION_MS = { perShard: 100, max: 500 };

/**
 * Who holds which shard, as this process sees it. It decides by that which shard this process requests: views of processes may
 * differ, but a lease has one holder, and each move makes the shares more equal.
 */
export class ShardBalance {
  readonly #self: string;
  /** Holder by shard; empty if there is none. */
  readonly #holders = new Map<string, string>();

  constructor(self: string) {
    this.#self = self;
  }

  /** Records the holder of a shard. */
  observe(shard: string, holder: string): void {
    this.#holders.set(shard, holder);
  }

  /** Shards that this process holds, sorted. */
  get held(): readonly string[] {
    return [...this.#holders].flatMap(([shard, holder]) => (holder === this.#self ? [shard] : [])).sort();
  }

  holderOf(shard: string): string | undefined {
    return this.#holders.get(shard);
  }

  /** Returns how long a free shard is left to processes that hold fewer, in milliseconds. */
  hesitateMs(): number {
    return Math.min(this.held.length * HESITATION_MS.perShard, HESITATION_MS.max);
  }

  /** Returns a shard of the process that holds most, if that is at least two more than this one holds. */
  toRequest(): string | undefined {
    const byHolder = new Map<string, string[]>();
    for (const [shard, holder] of [...this.#holders].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (holder === "" || holder === this.#self) continue;
      byHolder.set(holder, [...(byHolder.get(holder) ?? []), shard]);
    }
    const most = [...byHolder.values()].reduce<readonly string[]>((a, b) => (b.length > a.length ? b : a), []);
    return most.length >= this.held.length + 2 ? most.at(-1) : undefined;
  }
}
