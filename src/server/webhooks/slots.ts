/** How many bodies are read at once. */
export interface SlotLimits {
  readonly total: number;
  /** Of one repository: whoever floods one of them leaves room for the others. */
  readonly perRepository: number;
}

/** Bounds how much is read at once. Nobody waits for a slot: a Git host that is turned away tries again, or a later push tells the same. */
export class Slots {
  readonly #limits: SlotLimits;
  readonly #taken = new Map<string, number>();
  #total = 0;

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  /** Takes a slot; undefined if there is none. What comes back has to be called once, to give it back. */
  take(repository: string): (() => void) | undefined {
    const taken = this.#taken.get(repository) ?? 0;
    if (this.#total >= this.#limits.total || taken >= this.#limits.perRepository) return undefined;
    this.#total++;
    this.#taken.set(repository, taken + 1);
    return () => this.#give(repository);
  }

  #give(repository: string): void {
    this.#total--;
    const left = (this.#taken.get(repository) ?? 1) - 1;
    if (left === 0) this.#taken.delete(repository);
    else this.#taken.set(repository, left);
  }
}
