import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../../base/clock.js";
import { formatDuration } from "../../base/duration.js";
import { messageOf } from "../../base/errors.js";
import { isExpired, KubeConnectionError, KubeStatusError, readStatus } from "../../kube/errors.js";
import type { RawObject } from "../../kube/object.js";
import { WatchBackoff } from "../../kube/watch/watch-backoff.js";
import { WatchLiveness } from "../../kube/watch/watch-liveness.js";
import type { Kind } from "../kinds.js";
import { say } from "../terminal.js";
import type { Reader, WatchLine, WatchStart } from "./connection.js";

/** Too many requests or streams, and servers that are busy, that start, or that a proxy cannot reach. */
const PASSING = new Set([429, 500, 502, 503, 504]);

/** A watch that was open for less is opened again only after a pause. */
const LASTING_MS = 1000;

/** Returns whether an error may pass by itself: no connection, or a busy server. */
export function passes(error: unknown): error is KubeConnectionError | KubeStatusError {
  if (error instanceof KubeConnectionError) return true;
  return error instanceof KubeStatusError && PASSING.has(error.statusCode);
}

/** How interruptions are waited out and reported; tests replace it. */
export interface Interruption {
  /** Waits this many milliseconds. */
  readonly pause: (ms: number) => Promise<unknown>;
  /** Writes a message for the person. */
  readonly say: (text: string) => void;
}

/** Waits out failures that pass, with a message when the cause changes and one when the server responds again. */
export class Patience {
  readonly #ways: Interruption;
  readonly #backoff = new WatchBackoff();
  #cause: string | undefined;

  constructor(ways: Interruption = { pause: delay, say }) {
    this.#ways = ways;
  }

  /** Carries out a request until it succeeds. Throws an error that does not pass. */
  async request<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const result = await work();
        this.responded();
        return result;
      } catch (error) {
        await this.after(0, error);
      }
    }
  }

  /** Waits after a watch that was open for `openMs` and ended, by `error` if it failed. Throws an error that does not pass. */
  async after(openMs: number, error?: unknown): Promise<void> {
    if (error !== undefined && !isExpired(error) && !passes(error)) throw error;
    const ms = Math.round(this.#backoff.after(openMs, error));
    // Servers end each watch after a while, in good order.
    if (error === undefined && openMs >= LASTING_MS) return;
    const cause = error === undefined || isExpired(error) ? undefined : messageOf(error);
    if (cause !== undefined && cause !== this.#cause) {
      this.#cause = cause;
      this.#ways.say(
        `the watch is interrupted: ${cause}; retrying in ${formatDuration(Math.ceil(ms / 1000) * 1000)}, Ctrl+C ends it`,
      );
    }
    await this.#ways.pause(ms);
  }

  /** Notes that the server has responded. */
  responded(): void {
    if (this.#cause !== undefined) this.#ways.say("the watch continues");
    this.#cause = undefined;
  }
}

/**
 * Yields the changes of objects after a position, and opens the watch again where it left off whenever it ends. Returns when the server no
 * longer knows the position: a new list is needed.
 *
 * @throws an error that does not pass, such as a permission that was revoked.
 */
export async function* resumeWatch<T extends RawObject>(
  reader: Reader,
  kind: Kind,
  start: Omit<WatchStart, "signal" | "onOpen">,
  patience: Patience,
): AsyncGenerator<WatchLine<T>> {
  let { resourceVersion } = start;
  const liveness = new WatchLiveness(systemClock);
  for (;;) {
    const silence = new AbortController();
    let openedAt = Number.POSITIVE_INFINITY;
    const onOpen = (): void => {
      openedAt = performance.now();
      patience.responded();
      liveness.begin(() => silence.abort());
    };
    let failure: unknown;
    try {
      const position = { ...start, resourceVersion, signal: silence.signal, onOpen };
      for await (const line of reader.watch<T>(kind, position)) {
        liveness.heard();
        if (line.type === "ERROR") throw errorOf(line.object, kind);
        resourceVersion = line.object.metadata?.resourceVersion ?? resourceVersion;
        if (line.type !== "BOOKMARK") yield line;
      }
    } catch (error) {
      // A connection without data for long is dead, although it is open.
      if (!silence.signal.aborted) failure = error;
    } finally {
      liveness.end();
    }
    await patience.after(Math.max(0, performance.now() - openedAt), failure);
    if (isExpired(failure)) return;
  }
}

/** The error of an ERROR event. */
function errorOf(object: unknown, { plural }: Kind): KubeStatusError {
  const status = readStatus(object);
  return new KubeStatusError(status.code ?? 500, status, `WATCH ${plural}`);
}
