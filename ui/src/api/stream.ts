import { setConnection } from "../state/connection.js";
import { signedOut } from "../state/session.js";
import { send } from "./http.js";
import { pause } from "./pause.js";
import { ApiError } from "./problem.js";
import { EventParser, type StreamEvent } from "./sse.js";

const RETRY_MS = [500, 1_000, 2_000, 5_000, 10_000] as const;
/** The server sends a comment at least every 15 seconds. */
const SILENCE_MS = 40_000;

/** Says that events may have been missed. */
const RESET: StreamEvent = { id: undefined, event: "reset", data: "" };

/**
 * Follows the event stream until the signal is aborted, and opens it again when it ends. While it cannot be opened,
 * each attempt reports `reset`, so that pages are loaded again every few seconds. `after`: ID of the last event that is known. `fetch` is
 * used since `EventSource` cannot send a bearer token.
 */
export async function follow(
  path: string,
  onEvent: (event: StreamEvent) => void,
  stop: AbortSignal,
  after?: string,
): Promise<void> {
  let lastId = after;
  for (let attempt = 0; !stop.aborted; attempt++) {
    try {
      const headers = { accept: "text/event-stream", ...(lastId === undefined ? {} : { "last-event-id": lastId }) };
      await readOnce(path, headers, stop, (event) => {
        attempt = 0;
        lastId = event.id ?? lastId;
        if (event.event === "signin") signedOut.value = true;
        onEvent(event);
      });
    } catch (error) {
      if (stop.aborted) return;
      if (error instanceof ApiError && error.status === 401) return;
    }
    if (stop.aborted) return;
    setConnection("lost");
    onEvent(RESET);
    await pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 0, stop);
  }
}

async function readOnce(
  path: string,
  headers: Record<string, string>,
  stop: AbortSignal,
  onEvent: (event: StreamEvent) => void,
): Promise<void> {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  stop.addEventListener("abort", end, { once: true });
  let silence = setTimeout(end, SILENCE_MS);
  try {
    const response = await send(path, { headers, signal: ended.signal });
    setConnection("live");
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new EventParser();
    while (reader !== undefined) {
      const { done, value } = await reader.read();
      if (done) break;
      clearTimeout(silence);
      silence = setTimeout(end, SILENCE_MS);
      for (const event of parser.push(value)) onEvent(event);
    }
  } finally {
    clearTimeout(silence);
    stop.removeEventListener("abort", end);
    ended.abort();
  }
}
