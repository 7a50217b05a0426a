import { send } from "../../../api/http.js";
import { pause } from "../../../api/pause.js";
import { ApiError, unreachable } from "../../../api/problem.js";
import { type LogLine, type LogSink, MAX_LINES } from "./log-buffer.js";

/** Which log to read. */
export interface LogSource {
  readonly app: string;
  readonly pod: string;
  readonly container: string | undefined;
  /** Whether to read the log before the last restart of the container, which is complete. */
  readonly previous: boolean;
}

/** How reading a log goes. */
export type LogState =
  | { readonly phase: "connecting" | "live" | "complete" }
  | { readonly phase: "waiting"; readonly error: ApiError | undefined }
  | { readonly phase: "failed"; readonly error: ApiError };

const RETRY_MS = [1_000, 2_000, 5_000, 10_000];

/** Returns the path of the API for a log. */
export function logPath({ app, pod, container, previous }: LogSource, since?: string): string {
  const query = new URLSearchParams({ pod, tail: String(since === undefined ? 1_000 : MAX_LINES) });
  if (container !== undefined) query.set("container", container);
  if (since !== undefined) query.set("since", since);
  query.set(previous ? "previous" : "follow", "true");
  return `apps/${app}/logs?${query}`;
}

/**
 * Reads a log into a sink until `stop`. A log that ends is continued where it ended, because a container that restarts has a new
 * one. A pod that has not started is waited for. Only an error that cannot pass ends it.
 */
export async function followLog(
  source: LogSource,
  sink: LogSink,
  changed: (state: LogState) => void,
  stop: AbortSignal,
): Promise<void> {
  changed({ phase: "connecting" });
  for (let attempt = 0; !stop.aborted; attempt++) {
    let error: ApiError | undefined;
    try {
      sink.reconnected();
      const count = sink.total;
      await readLog(logPath(source, sink.since), sink, () => changed({ phase: "live" }), stop);
      if (sink.total > count) attempt = 0;
    } catch (failure) {
      if (stop.aborted) return;
      error = failure instanceof ApiError ? failure : unreachable();
    }
    if (stop.aborted) return;
    if (error === undefined && source.previous) return changed({ phase: "complete" });
    if (error !== undefined && (isFinal(error) || source.previous)) return changed({ phase: "failed", error });
    changed({ phase: "waiting", error });
    await pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 0, stop);
  }
}

/** A container that waits for its image or its restart is answered with 400; it has a log later. */
function isFinal(error: ApiError): boolean {
  const waits = error.status === 400 && /waiting to start|is not running|not found/.test(error.message);
  return !waits && !error.retryable;
}

async function readLog(path: string, sink: LogSink, arrived: () => void, stop: AbortSignal): Promise<void> {
  const response = await send(path, { headers: { accept: "application/x-ndjson" }, signal: stop });
  arrived();
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) break;
    const parts = (pending + value).split("\n");
    pending = parts.pop() ?? "";
    sink.add(parts.flatMap((part): LogLine[] => (part === "" ? [] : [JSON.parse(part) as LogLine])));
    arrived();
  }
}
