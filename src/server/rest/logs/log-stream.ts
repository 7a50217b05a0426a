import type { Readable } from "node:stream";
import type { Clock, Timer } from "../../../base/clock.js";
import { ProblemError } from "../../../http/problem.js";
import { abortableBody } from "../abortable-body.js";
import type { UserKube } from "../identity/user-requests.js";
import { logLines } from "./log-lines.js";

/** Which log to read. */
export interface LogRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string | undefined;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly tail: number;
  readonly since?: string | undefined;
}

/** How long a log is followed. The API server asks for rights only when the log is opened. */
export interface LogLimit {
  readonly clock: Clock;
  /** Time in milliseconds since the epoch at which the user has to sign in again; undefined if it is unknown. */
  readonly expires: number | undefined;
  /**
   * Whether the user may still read the log. If it throws UNAUTHENTICATED, the log ends; with other errors, what they may read is unknown for a
   * while, and it ends if that lasts.
   */
  readonly mayGoOn: () => Promise<boolean>;
}

/** Interval at which the right of the user is asked for again. */
const RIGHTS_MS = 15_000;
/** How many questions in a row may fail. */
const MAX_FAILED = 2;
/** Maximum size of a log that is not followed. */
const MAX_BYTES = 64 * 1024 * 1024;

/** The log of a container as NDJSON, read in the name of a user. Reads no faster than the client. */
export class LogStream {
  readonly body: Readable;
  readonly #abort: AbortController;
  readonly #timers = new Map<"rights" | "expires", Timer>();

  private constructor(chunks: AsyncIterable<Buffer>, abort: AbortController) {
    this.#abort = abort;
    this.body = abortableBody(chunks, abort, logLines);
  }

  /** Opens the log, which ends at its limit. Throws the error of the API server. */
  static async open(kube: UserKube, request: LogRequest, limit?: LogLimit): Promise<LogStream> {
    const { namespace, pod, container, follow, previous, tail, since } = request;
    const abort = new AbortController();
    const chunks = await kube.stream({
      method: "GET",
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`,
      query: {
        timestamps: "true",
        container,
        follow: follow ? "true" : undefined,
        previous: previous ? "true" : undefined,
        tailLines: String(tail),
        sinceTime: since,
        limitBytes: follow ? undefined : String(MAX_BYTES),
      },
      accept: "*/*",
      signal: abort.signal,
    });
    const stream = new LogStream(chunks, abort);
    if (limit !== undefined) stream.#endAt(limit);
    return stream;
  }

  /** Breaks the stream off, so that the reader does not take this for the end of the log. */
  end(): void {
    this.body.destroy();
  }

  #endAt(limit: LogLimit): void {
    const { clock, expires } = limit;
    this.#askLater(limit);
    if (expires !== undefined)
      this.#timers.set(
        "expires",
        clock.after(expires - clock.now(), () => this.end()),
      );
    this.#abort.signal.addEventListener("abort", () => {
      for (const timer of this.#timers.values()) timer.cancel();
    });
  }

  #askLater(limit: LogLimit, failed = 0): void {
    const ask = async (): Promise<void> => {
      const may = await limit.mayGoOn().catch(isRefusal);
      if (this.#abort.signal.aborted) return;
      if (may === true) this.#askLater(limit);
      else if (may === undefined && failed < MAX_FAILED) this.#askLater(limit, failed + 1);
      else this.end();
    };
    this.#timers.set(
      "rights",
      limit.clock.after(RIGHTS_MS, () => void ask()),
    );
  }
}

/** Returns false for an error by which a user may not go on, undefined for others. */
function isRefusal(error: unknown): false | undefined {
  return error instanceof ProblemError && error.code === "UNAUTHENTICATED" ? false : undefined;
}
