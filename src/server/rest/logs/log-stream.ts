import type { Readable } from "node:stream";
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

/** Maximum size of a log that is not followed. */
const MAX_BYTES = 64 * 1024 * 1024;

/** The log of a container as NDJSON, read in the name of a user. Reads no faster than the client. */
export class LogStream {
  readonly body: Readable;
  readonly #abort: AbortController;

  private constructor(chunks: AsyncIterable<Buffer>, abort: AbortController) {
    this.#abort = abort;
    this.body = abortableBody(chunks, abort, logLines);
  }

  /** Opens the log. Throws the error of the API server. */
  static async open(kube: UserKube, request: LogRequest): Promise<LogStream> {
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
    return new LogStream(chunks, abort);
  }

  /** Ends the stream. */
  end(): void {
    this.#abort.abort();
  }
}
