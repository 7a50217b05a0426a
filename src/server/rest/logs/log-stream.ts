import type { Readable } from "node:stream";
import type { Clock, Timer } from "../../../base/clock.js";
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
  /** Whether the user may still read the log. If it throws, what they may read is unknown, and the log ends. */
  readonly mayGoOn: () => Promise<boolean>;
}

/** Interval at which the right of the user is asked for again. */
const RIGHTS_MS = 15_000;
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

  /** Ends the stream. */
  end(): void {
    this.#abort.abort();
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

  #askLater(limit: LogLimit): void {
    const ask = async (): Promise<void> => {
      const may = await limit.mayGoOn().catch(() => false);
      if (this.#abort.signal.aborted) return;
      if (may) this.#askLater(limit);
      else this.end();
    };
    this.#timers.set(
      "rights",
      limit.clock.after(RIGHTS_MS, () => void ask()),
    );
  }
}
