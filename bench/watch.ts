import type { Api, LiveObject } from "./api.js";

/** An event of a watch. */
export interface WatchEvent<T extends LiveObject = LiveObject> {
  readonly type: "ADDED" | "BOOKMARK" | "DELETED" | "ERROR" | "MODIFIED";
  readonly object: T;
}

/** Follows a collection from now on and calls `onEvent` for each event; `until` waits for a condition on what came. */
export class Watch<T extends LiveObject = LiveObject> {
  readonly #abort = new AbortController();
  readonly #onEvent: (event: WatchEvent<T>) => void;
  #waiting: { readonly test: () => boolean; readonly resolve: () => void; readonly reject: (error: Error) => void }[] =
    [];
  #failure: Error | undefined;

  private constructor(onEvent: (event: WatchEvent<T>) => void) {
    this.#onEvent = onEvent;
  }

  /** Opens the watch; what there is already is told as ADDED. Returns when the API server has accepted it. */
  static async open<T extends LiveObject = LiveObject>(
    api: Api,
    path: string,
    onEvent: (event: WatchEvent<T>) => void,
  ): Promise<Watch<T>> {
    const watch = new Watch<T>(onEvent);
    const chunks = await api.stream(`${path}?watch=1&timeoutSeconds=3600`, watch.#abort.signal);
    watch.#follow(chunks).catch((error: unknown) => watch.#fail(error));
    return watch;
  }

  /** Resolves as soon as `test` holds after an event. Rejects after `timeoutMs`, or when the watch breaks. */
  until(what: string, test: () => boolean, timeoutMs = 60_000): Promise<void> {
    if (test()) return Promise.resolve();
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((one) => one !== waiter);
        reject(new Error(`${what}: not within ${timeoutMs / 1000} s`));
      }, timeoutMs);
      const settle = (done: () => void): void => {
        clearTimeout(timer);
        done();
      };
      const waiter = { test, resolve: () => settle(resolve), reject: (error: Error) => settle(() => reject(error)) };
      this.#waiting.push(waiter);
    });
  }

  /** Ends the watch. */
  close(): void {
    this.#abort.abort();
  }

  async #follow(chunks: AsyncIterable<Buffer>): Promise<void> {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of chunks) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line !== "") this.#take(JSON.parse(line) as WatchEvent<T>);
    }
    if (!this.#abort.signal.aborted) throw new Error("a watch of the bench ended");
  }

  #take(event: WatchEvent<T>): void {
    if (event.type === "ERROR") throw new Error(`a watch of the bench failed: ${JSON.stringify(event.object)}`);
    this.#onEvent(event);
    const due = this.#waiting.filter((waiter) => waiter.test());
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter((waiter) => !due.includes(waiter));
    for (const waiter of due) waiter.resolve();
  }

  #fail(error: unknown): void {
    if (this.#abort.signal.aborted) return;
    this.#failure = error instanceof Error ? error : new Error(String(error));
    for (const waiter of this.#waiting) waiter.reject(this.#failure);
    this.#waiting = [];
  }
}
