/** Who wants in, and whether it cannot wait. */
export interface Lane {
  readonly of: string;
  readonly urgent?: boolean;
}

/** Told whether the permit is one of the reserve. */
type Enter = (reserved: boolean) => void;

const NOBODY: Lane = { of: "" };

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

  /** Runs `work` while holding a permit, which is given back however `work` ends. */
  async run<T>(work: () => Promise<T>, lane: Lane = NOBODY): Promise<T> {
    const reserved = await this.#enter(lane);
    try {
      return await work();
    } finally {
      this.#leave(reserved);
    }
  }

  /** Says whether the permit is one of the reserve. */
  async #enter({ of, urgent }: Lane): Promise<boolean> {
    if (this.#free > 0) {
      this.#free--;
      return false;
    }
    if (urgent && this.#reserve > 0) {
      this.#reserve--;
      return true;
    }
    return new Promise((enter) => {
      if (urgent) this.#urgent.push(enter);
      else this.#waiting.set(of, [...(this.#waiting.get(of) ?? []), enter]);
    });
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
    const [lane, [next, ...rest]] = entry;
    this.#waiting.delete(lane);
    if (rest.length > 0) this.#waiting.set(lane, rest);
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
