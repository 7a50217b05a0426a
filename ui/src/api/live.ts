import { type Connection, connection, setConnection } from "../state/connection.js";
import { isOneOf, pathsOf } from "./event-paths.js";
import { makeOld } from "./query.js";
import type { StreamEvent } from "./sse.js";
import { follow } from "./stream.js";

/** Pages are drawn again at most four times a second, however many events arrive. */
const BATCH_MS = 250;
/** A hidden tab stops to listen after this time, and loads again when it is shown. */
const HIDDEN_MS = 60_000;

/** What one tab, which has the stream, sends to the others of the same user, and the question of a new tab how the connection is. */
type Message =
  | { readonly event: StreamEvent }
  | { readonly connection: Connection }
  | { readonly question: "connection" };

/**
 * Keeps the pages current by one event stream for all tabs of a user: the tab that holds the lock reads it and passes the
 * events on. Without locks (plain HTTP on another host), each tab reads its own. Returns a function that ends it.
 */
export function goLive(user: string): () => void {
  const stop = new AbortController();
  const batch = new Batch();
  const channel = new BroadcastChannel(`overseer-events-${user}`);
  const post = (message: Message): void => channel.postMessage(message);
  let reads = false;
  let lastId: string | undefined;
  const received = (event: StreamEvent): void => {
    lastId = event.id ?? lastId;
    batch.add(event);
  };
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if ("event" in data) received(data.event);
    else if ("connection" in data) connection.value = data.connection;
    else if (reads) post({ connection: connection.value });
  };
  const read = async (signal: AbortSignal): Promise<void> => {
    reads = true;
    const unsubscribe = connection.subscribe((value) => post({ connection: value }));
    const onEvent = (event: StreamEvent): void => {
      post({ event });
      received(event);
    };
    // Another tab may have read the stream until now.
    await follow("events", onEvent, signal, lastId);
    unsubscribe();
    reads = false;
  };
  post({ question: "connection" });
  void runWhileVisible(stop.signal, (signal) => withLock(`overseer-events-${user}`, signal, () => read(signal)));
  return () => {
    stop.abort();
    channel.close();
    batch.end();
  };
}

async function withLock(name: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  if (navigator.locks === undefined) return work();
  await navigator.locks.request(name, { signal }, work).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/** Runs the work, pauses it while the tab is hidden for long, and loads everything again afterwards. */
async function runWhileVisible(stop: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  let running: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const start = (): void => {
    clearTimeout(timer);
    if (running !== undefined || stop.aborted) return;
    running = new AbortController();
    void work(running.signal);
  };
  const pauseLater = (): void => {
    timer = setTimeout(() => {
      running?.abort();
      running = undefined;
      setConnection("paused");
    }, HIDDEN_MS);
  };
  const onVisibility = (): void => {
    const paused = running === undefined;
    if (document.hidden) pauseLater();
    else start();
    if (paused && !document.hidden) makeOld(() => true);
  };
  document.addEventListener("visibilitychange", onVisibility);
  stop.addEventListener("abort", () => {
    document.removeEventListener("visibilitychange", onVisibility);
    clearTimeout(timer);
    running?.abort();
  });
  start();
}

/** Collects events, and makes the responses old that they concern. */
class Batch {
  readonly #paths = new Set<string>();
  #everything = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  add(event: StreamEvent): void {
    const paths = pathsOf(event);
    if (paths === undefined) this.#everything = true;
    else for (const path of paths) this.#paths.add(path);
    this.#timer ??= setTimeout(() => this.#apply(), BATCH_MS);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #apply(): void {
    const paths = [...this.#paths];
    const everything = this.#everything;
    this.#paths.clear();
    this.#everything = false;
    this.#timer = undefined;
    makeOld((path) => everything || isOneOf(path, paths));
  }
}
