/** Who wants in, and whether it cannot wait. */
export interface FairnessKey {
  readonly of: string;
  readonly urgent?: boolean;
}

/** Told whether the permit is one of the reserve. */
type Enter = (reserved: boolean) => void;

const NO_KEY: FairnessKey = { of: "" };

/**
 * Lets at most `permits` holders in at a time; `reserve` more let in only who is urgent. The rest wait: the urgent ones first,
 * then each lane in its turn, and within a lane in the order they came. So nobody waits for all that another one has to do.
 */
export class Semaphore {
  #free: number;
  #reserve: number;
  readonly #urgent: Enter[] = [];
  /** By lane; the next lane in turn is the first one. */
  readonly #waiting = new Map<string, Enter[]>();

  constructor(permits: number, reserve = 0) {
    this.#free = permits;
    this.#reserve = reserve;
  }

  /** Runs `work` while holding a permit, which is given back however `work` ends. Waiting ends with `signal`, too. */
  async run<T>(work: () => Promise<T>, fairnessKey: FairnessKey = NO_KEY, signal?: AbortSignal): Promise<T> {
    const leave = await this.enter(fairnessKey, signal);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** Waits for a permit, or for the signal, whose reason is thrown then. Gives what gives the permit back: call it once. */
  async enter(fairnessKey: FairnessKey = NO_KEY, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    const reserved = this.#take(fairnessKey) ?? (await this.#wait(fairnessKey, signal));
    return () => this.#leave(reserved);
  }

  /** Says whether the permit is one of the reserve; undefined when there is none. */
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
      const transferObjects = (): void => {
        this.#forget(fairnessKey, enter);
        reject(signal?.reason);
      };
      const enter = (reserved: boolean): void => {
        signal?.removeEventListener("abort", transferObjects);
        resolve(reserved);
      };
      signal?.addEventListener("abort", transferObjects, { once: true });
      if (fairnessKey.urgent) this.#urgent.push(enter);
      else this.#waiting.set(fairnessKey.of, [...(this.#waiting.get(fairnessKey.of) ?? []), enter]);
    });
  }

  #forget({ of, urgent }: FairnessKey, enter: Enter): void {
    if (urgent) {
      this.#urgent.splice(this.#urgent.indexOf(enter), 1);
      return;
    }
    const rest = (this.#waiting.get(of) ?? []).filter((other) => other !== enter);
    if (rest.length > 0) this.#waiting.set(of, rest);
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
    const [fairnessKey, [next, ...rest]] = entry;
    this.#waiting.delete(fairnessKey);
    if (rest.length > 0) this.#waiting.set(fairnessKey, rest);
    return next;
  }
}

/** Maps `items` with at most `limit` at work at once; results keep the order. The first error is thrown after all ended. */
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
