import { ProblemError } from "../../../http/problem.js";

/** Limits of concurrent streams. */
export interface StreamLimits {
  readonly perUser: number;
  readonly total: number;
}

/** Default limits. A browser opens one stream for all its tabs. */
export const STREAM_LIMITS: StreamLimits = { perUser: 8, total: 512 };

/** Counts the open streams, and ends them when the server stops. */
export class Streams {
  readonly #limits: StreamLimits;
  readonly #open = new Map<{ end(): void }, string>();
  #pending = 0;
  #stopped = false;

  constructor(limits: StreamLimits = STREAM_LIMITS) {
    this.#limits = limits;
  }

  /** Opens a stream of a user. Throws BUSY if there are too many. */
  async open<S extends { end(): void; readonly body: { once(event: "close", listener: () => void): unknown } }>(
    user: string,
    create: () => Promise<S>,
  ): Promise<S> {
    const own = [...this.#open.values()].filter((owner) => owner === user).length;
    if (this.#stopped || own >= this.#limits.perUser || this.#open.size + this.#pending >= this.#limits.total)
      throw new ProblemError("BUSY", "there are too many open streams: close others, or retry later", {
        retryAfter: 10,
      });
    this.#pending++;
    try {
      const stream = await create();
      this.#open.set(stream, user);
      stream.body.once("close", () => this.#open.delete(stream));
      return stream;
    } finally {
      this.#pending--;
    }
  }

  /** Ends all streams; no more are opened. */
  stop(): void {
    this.#stopped = true;
    for (const stream of this.#open.keys()) stream.end();
  }
}
