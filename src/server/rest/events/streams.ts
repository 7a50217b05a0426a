import type { Readable } from "node:stream";
import { ProblemError } from "../../../http/problem.js";

/** Limits of concurrent streams. */
export interface StreamLimits {
  readonly perUser: number;
  readonly total: number;
}

/** Default limits. A browser opens one stream for all its tabs. */
export const STREAM_LIMITS: StreamLimits = { perUser: 8, total: 512 };

/** A stream that is open or opening. */
interface Slot {
  readonly user: string;
  stream?: { end(): void };
}

/** Counts the streams, from when they are asked for, and ends them when the server stops. */
export class Streams {
  readonly #limits: StreamLimits;
  readonly #slots = new Set<Slot>();
  #stopped = false;

  constructor(limits: StreamLimits = STREAM_LIMITS) {
    this.#limits = limits;
  }

  /**
   * Opens a stream of a user. Throws BUSY if there are too many, and TIMED_OUT if `signal`, of the call, is aborted before the stream is
   * open: no client would read it.
   */
  async open<S extends { end(): void; readonly body: Readable }>(
    user: string,
    signal: AbortSignal,
    create: () => Promise<S>,
  ): Promise<S> {
    const own = [...this.#slots].filter((slot) => slot.user === user).length;
    if (this.#stopped || own >= this.#limits.perUser || this.#slots.size >= this.#limits.total) throw tooMany();
    const slot: Slot = { user };
    this.#slots.add(slot);
    try {
      const stream = await create();
      if (signal.aborted || this.#stopped) {
        stream.body.destroy();
        throw this.#stopped ? tooMany() : new ProblemError("TIMED_OUT", "the stream opened too late: retry later");
      }
      slot.stream = stream;
      stream.body.once("close", () => this.#slots.delete(slot));
      return stream;
    } finally {
      if (slot.stream === undefined) this.#slots.delete(slot);
    }
  }

  /** Ends all streams; no more are opened. */
  stop(): void {
    this.#stopped = true;
    for (const { stream } of this.#slots) stream?.end();
  }
}

function tooMany(): ProblemError {
  return new ProblemError("BUSY", "there are too many open streams: close others, or retry later", { retryAfter: 10 });
}
