/** Limits of concurrent request bodies. */
export interface SlotLimits {
  readonly total: number;
  /** Limit per repository, so that one repository cannot use all slots. */
  readonly perRepository: number;
}

/** Limits concurrent request bodies. Requests beyond the limit are rejected rather than queued; Git hosts retry, or a later push has the same effect. */
export class Slots {
  readonly #limits: SlotLimits;
  readonly #taken = new Map<string, number>();
  #total = 0;

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  /** Acquires a slot and returns a function that releases it, to be called once; undefined if no slot is free. */
  take(repository: string): (() => void) | undefined {
    const taken = this.#taken.get(repository) ?? 0;
    if (this.#total >= this.#limits.total || taken >= this.#limits.perRepository) return undefined;
    this.#total++;
    this.#taken.set(repository, taken + 1);
    return () => this.#release(repository);
  }

  #release(repository: string): void {
    this.#total--;
    const remaining = (this.#taken.get(repository) ?? 1) - 1;
    if (remaining === 0) this.#taken.delete(repository);
    else this.#taken.set(repository, remaining);
  }
}
