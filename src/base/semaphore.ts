/** Identifies a requester for fair scheduling, and whether the request is urgent. */
export interface FairnessKey {
  readonly of: string;
  readonly urgent?: boolean;
}

/** Called with whether the permit is from the reserve. */
type Enter = (reserved: boolean) => void;

const NO_KEY: FairnessKey = { of: "" };

/**
 * Limits concurrency to `permits` holders, plus `reserve` permits for urgent requests. Waiting requests are admitted urgent ones
 * first, then round-robin by fairness key, in order of arrival within a key, so that one key cannot starve the others.
 */
export class Semaphore {
  #free: number;
  #reserve: number;
  readonly #urgent: Enter[] = [];
  /** By fairness key; the next one in turn is the first entry. */
  readonly #waiting = new Map<string, Enter[]>();

  constructor(permits: number, reserve = 0) {
    this.#free = permits;
    this.#reserve = reserve;
  }

  /** Runs `work` while holding a permit, which is released when `work` ends. `signal` aborts waiting. */
  async run<T>(work: () => Promise<T>, fairnessKey: FairnessKey = NO_KEY, signal?: AbortSignal): Promise<T> {
    const leave = await this.enter(fairnessKey, signal);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** Waits for a permit and returns the function that releases it; call it once. Throws the signal's reason if it aborts. */
  async enter(fairnessKey: FairnessKey = NO_KEY, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    const reserved = this.#take(fairnessKey) ?? (await this.#wait(fairnessKey, signal));
    return () => this.#leave(reserved);
  }

  /** Returns whether the permit is from the reserve; undefined if none is available. */
  #take({ urgent }: FairnessKey): boolean | undefined {
    if (this.#free > 0) {
      this.#free--;
      return false;
    }
    if (!urgent || this.#reserve === 0) return undefined;
    this.#reserve--;
    return true;
  }

  #wait(fairnessKey: FairnessKey, signal: AbortSignal | undefined): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#forget(fairnessKey, enter);
        reject(signal?.reason);
      };
      const enter = (reserved: boolean): void => {
        signal?.removeEventListener("abort", abort);
        resolve(reserved);
      };
      signal?.addEventListener("abort", abort, { once: true });
      if (fairnessKey.urgent) this.#urgent.push(enter);
      else this.#waiting.set(fairnessKey.of, [...(this.#waiting.get(fairnessKey.of) ?? []), enter]);
    });
  }

  #forget({ of, urgent }: FairnessKey, enter: Enter): void {
    if (urgent) {
      this.#urgent.splice(this.#urgent.indexOf(enter), 1);
      return;
    }
    const remaining = (this.#waiting.get(of) ?? []).filter((other) => other !== enter);
    if (remaining.length > 0) this.#waiting.set(of, remaining);
    else this.#waiting.delete(of);
  }

  #leave(reserved: boolean): void {
    const next = this.#urgent.shift() ?? (reserved ? undefined : this.#nextInTurn());
    if (next) next(reserved);
    else if (reserved) this.#reserve++;
    else this.#free++;
  }

  #nextInTurn(): Enter | undefined {
    const [entry] = this.#waiting;
    if (!entry) return undefined;
    const [key, [next, ...remaining]] = entry;
    this.#waiting.delete(key);
    if (remaining.length > 0) this.#waiting.set(key, remaining);
    return next;
  }
}

/** Maps `items` with a concurrency of `limit`; results keep the order. Throws the first error after all running work has ended. */
export async function mapLimit<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  const errors: unknown[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && errors.length === 0) {
      const index = next++;
      try {
        results[index] = await work(items[index] as T, index);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (errors.length > 0) throw errors[0];
  return results;
}
