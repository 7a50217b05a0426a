import { PARTIAL_LIST, PARTIAL_OBJECT } from "../client/kube-client.js";
import { checkObjects } from "../client/server-limits.js";
import {
  isExpired,
  isServerUnavailable,
  isUnsupportedRequest,
  KubeStatusError,
  needsNewList,
  WatchSilentError,
} from "../errors.js";
import type { RawObject } from "../object.js";
import { FreshList, storeKey } from "./fresh-list.js";
import { ListPages } from "./list-pages.js";
import type { ReflectorOptions } from "./reflector-options.js";
import { WatchBackoff } from "./watch-backoff.js";
import { parseWatchEvent, type WatchEvent } from "./watch-event.js";
import { WatchFailureLog } from "./watch-failure-log.js";
import { splitLines } from "./watch-lines.js";
import { WatchLiveness } from "./watch-liveness.js";
import { usable, type Versioned, WatchedCopy } from "./watched-copy.js";

export type { ReflectorObserver, ReflectorOptions } from "./reflector-options.js";
export type { StoreEvent } from "./watched-copy.js";

/**
 * Keeps a local copy of a collection: lists it once (as a streaming list if the API server supports it), then watches it, and
 * resumes from the last resourceVersion, or with a new list if that has expired. Retries indefinitely and never skips an event
 * that it could not read.
 */
export class Reflector<T> {
  readonly #options: ReflectorOptions<T>;
  readonly #copy: WatchedCopy<T>;
  readonly #liveness: WatchLiveness;
  readonly #backoff: WatchBackoff;
  readonly #pages: ListPages;
  readonly #failures: WatchFailureLog;
  readonly #stop = new AbortController();
  #resourceVersion: string | undefined;
  #streamLists = true;
  #synced = false;
  /** Whether the connection was lost since the last successful watch: another server may have replaced it. */
  #connectionLost = false;
  /** Monotonic time since which events are followed; undefined while listing and connecting. */
  #openSince: number | undefined;
  #done: Promise<void> | undefined;
  #endBackoff: (() => void) | undefined;
  #isBroughtForward = false;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#pages = new ListPages(options.client);
    this.#failures = new WatchFailureLog(options.logger, options.path);
    this.#copy = new WatchedCopy(options);
    this.#liveness = new WatchLiveness(options.clock, options.silenceMs);
    this.#backoff = new WatchBackoff(options.refusedPauseMs);
  }

  /** The local copy, by `namespace/name`. */
  get store(): ReadonlyMap<string, T> {
    return this.#copy.objects;
  }

  /** Whether the copy is complete. Stays true while a watch is restarted. */
  get synced(): boolean {
    return this.#synced;
  }

  /** Version up to which all events were delivered; undefined while a new list is due. */
  get resourceVersion(): string | undefined {
    return this.#resourceVersion;
  }

  /** Starts watching; further calls have no effect. */
  start(): void {
    this.#done ??= this.#run();
  }

  /** Ends the backoff after a failure, because its cause may be resolved. */
  retryNow(): void {
    this.#isBroughtForward = this.#endBackoff !== undefined;
    this.#endBackoff?.();
  }

  /** Stops the watch and waits until it has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#endBackoff?.();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      let failure: unknown;
      this.#openSince = undefined;
      try {
        await this.#once();
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        failure = error;
        this.#connectionLost ||= isServerUnavailable(error);
        if (needsNewList(error)) this.#resourceVersion = undefined;
        if (!isExpired(error)) {
          this.#options.onSync?.(error);
          this.#failures.failed(error);
        }
      }
      if (this.#stop.signal.aborted) return;
      await this.#backOff(failure);
    }
  }

  /** Waits between two watches. */
  async #backOff(failure: unknown): Promise<void> {
    const { clock, observer } = this.#options;
    observer?.restarted();
    const openMs = this.#openSince === undefined ? 0 : clock.monotonic() - this.#openSince;
    const delay = this.#backoff.after(openMs, failure, this.#isBroughtForward);
    this.#isBroughtForward = false;
    if (delay === 0) return;
    await new Promise<void>((resolve) => {
      const timer = clock.after(delay, resolve);
      this.#endBackoff = () => {
        timer.cancel();
        resolve();
      };
    });
    this.#endBackoff = undefined;
  }

  async #once(): Promise<void> {
    if (this.#resourceVersion !== undefined) {
      await this.#checkVersion(this.#resourceVersion);
      return this.#watch(false);
    }
    if (this.#streamLists) {
      try {
        return await this.#watch(true);
      } catch (error) {
        const silent = error instanceof WatchSilentError;
        const isListed = this.#openSince !== undefined;
        if (isListed || !(silent || isUnsupportedRequest(error))) throw error;
        this.#streamLists = false;
        if (silent) throw error;
      }
    }
    await this.#list();
    await this.#watch(false);
  }

  /**
   * A server may return with an older state (etcd was restored). A watch from a version that it has not reached would stay
   * silent and miss changes; a list page at that version fails instead (`isExpired`).
   */
  async #checkVersion(resourceVersion: string): Promise<void> {
    if (!this.#connectionLost) return;
    await this.#options.client.request({
      method: "GET",
      path: this.#options.path,
      query: { ...this.#selectors(), limit: "1", resourceVersion, resourceVersionMatch: "NotOlderThan" },
      accept: this.#accept(PARTIAL_LIST),
      signal: this.#stop.signal,
    });
    this.#connectionLost = false;
  }

  async #list(): Promise<void> {
    this.#options.observer?.listed();
    const fresh = this.#freshList();
    let version: string | undefined;
    const pages = this.#pages.read({
      method: "GET",
      path: this.#options.path,
      query: this.#selectors(),
      accept: this.#accept(PARTIAL_LIST),
      signal: this.#stop.signal,
    });
    for await (const { items, metadata } of pages) {
      for (const item of items ?? []) fresh.add(item);
      version = metadata.resourceVersion;
    }
    this.#replace(fresh, version);
  }

  /** Watches the collection until the server ends the watch. With `initial`, the existing objects come first. */
  async #watch(initial: boolean): Promise<void> {
    // After a stop between two requests, nothing would end the new watch.
    this.#stop.signal.throwIfAborted();
    this.#options.observer?.watched();
    const timeoutSeconds = 300 + Math.floor(Math.random() * 300);
    const call = new AbortController();
    const abort = (): void => call.abort();
    this.#liveness.begin((seconds) => call.abort(this.#silent(seconds)));
    this.#stop.signal.addEventListener("abort", abort);
    const deadline = this.#options.clock.after((timeoutSeconds + 10) * 1000, abort);
    try {
      const chunks = await this.#options.client.stream({
        method: "GET",
        path: this.#options.path,
        query: {
          ...this.#selectors(),
          watch: "1",
          allowWatchBookmarks: "true",
          timeoutSeconds: String(timeoutSeconds),
          resourceVersion: initial ? undefined : this.#resourceVersion,
          ...(initial ? { sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan" } : {}),
        },
        accept: this.#accept(PARTIAL_OBJECT),
        signal: call.signal,
      });
      if (!initial) {
        this.#openSince = this.#options.clock.monotonic();
        this.#recovered();
      }
      await this.#follow(chunks, initial);
    } finally {
      deadline.cancel();
      this.#liveness.end();
      this.#stop.signal.removeEventListener("abort", abort);
      call.abort();
    }
  }

  /** Reports that watching works again after a failure, with an unchanged copy. */
  #recovered(): void {
    if (this.#failures.recovered()) this.#options.onSync?.();
  }

  #silent(seconds: number): WatchSilentError {
    const message = `WATCH ${this.#options.path}: no data received for ${seconds} s: the watch is restarted`;
    return new WatchSilentError(message, undefined);
  }

  async *#listen(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      this.#liveness.heard();
      yield chunk;
    }
  }

  async #follow(chunks: AsyncIterable<Buffer>, initial: boolean): Promise<void> {
    let fresh = initial ? this.#freshList() : undefined;
    const { client, clock, path } = this.#options;
    for await (const line of splitLines(this.#listen(chunks), path)) {
      const event = parseWatchEvent(line, path, client.limits);
      if (event.type === "ERROR") throw new KubeStatusError(event.object.code ?? 500, event.object, `WATCH ${path}`);
      if (fresh) {
        const state = fresh.addEvent(event);
        if (state === "unsupported") break;
        if (state === "incomplete") continue;
        this.#replace(fresh, event.object.metadata.resourceVersion);
        this.#openSince = clock.monotonic();
        fresh = undefined;
      } else if (event.type === "BOOKMARK") this.#resourceVersion = usable(event.object.metadata.resourceVersion);
      else this.#apply(event);
    }
    // The watch ended normally or continues without the end of a list: the server may not support streaming lists.
    if (fresh) this.#streamLists = false;
  }

  /** The resourceVersion advances last, so that an event that failed is received again. */
  #apply(event: WatchEvent): void {
    const key = storeKey(event.object);
    if (event.type === "DELETED") this.#copy.remove(key);
    else {
      const { objects } = this.#copy;
      if (!objects.has(key)) checkObjects(objects.size + 1, this.#options.client.limits, this.#options.path);
      this.#copy.put(key, this.#take(event.object));
    }
    this.#resourceVersion = usable(event.object.metadata.resourceVersion);
  }

  #freshList(): FreshList<T> {
    const { client, path } = this.#options;
    return new FreshList(path, client.limits, (raw) => this.#take(raw));
  }

  #take(raw: RawObject): Versioned<T> {
    return { object: this.#options.reduce(raw), version: raw.metadata.resourceVersion };
  }

  /** Replaces the copy with a complete list. */
  #replace({ objects }: FreshList<T>, resourceVersion: string | undefined): void {
    this.#copy.replace(objects, !this.#synced);
    this.#resourceVersion = usable(resourceVersion);
    this.#synced = true;
    this.#failures.recovered();
    this.#connectionLost = false;
    this.#options.onSync?.(undefined, true);
  }

  #accept(partial: string): string {
    return this.#options.mode === "metadata" ? partial : "application/json";
  }

  #selectors(): Record<string, string | undefined> {
    return { labelSelector: this.#options.labelSelector, fieldSelector: this.#options.fieldSelector };
  }
}
