import { Readable } from "node:stream";
import type { Clock, Timer } from "../../../base/clock.js";
import { ProblemError } from "../../../http/problem.js";
import { KubeStatusError } from "../../../kube/errors.js";
import type { ListedPlural, Readable as Rights } from "../identity/reading-rights.js";
import { EVENT_NAMES, type EventHub, type HubEvent } from "./event-hub.js";

/** Interval of comments that show that the stream is alive. */
const ALIVE_MS = 15_000;
/** Interval at which the rights of the user are asked for again. */
const RIGHTS_MS = 15_000;
/** Unsent bytes after which a client is too slow. */
const MAX_BACKLOG = 1024 * 1024;
/** Time that the browser waits before it connects again. */
const RETRY_MS = 2_000;

/** What the stream of one client shows, and until when. */
export interface EventStreamOptions {
  readonly hub: EventHub;
  readonly clock: Clock;
  readonly plurals: ReadonlySet<ListedPlural>;
  /** Namespaces to show; undefined for all. */
  readonly namespaces: ReadonlySet<string> | undefined;
  /** Position of the last event that the client has received. */
  readonly lastEventId: string | undefined;
  /** Returns what the user may read of each kind. Throws UNAUTHENTICATED if they are no longer signed in, and errors of the API server. */
  readonly rights: () => Promise<ReadonlyMap<ListedPlural, Rights>>;
  /** Time in milliseconds since the epoch at which the user has to sign in again; undefined if it is unknown. */
  readonly expires: number | undefined;
}

/**
 * The events of one client, in the format of server-sent events. `reset` means that the client has to load everything again: events
 * were missed, or rights have changed. `signin` means that the user has to sign in again.
 */
export class EventStream {
  readonly body: Readable;
  readonly #options: EventStreamOptions;
  readonly #timers = new Map<string, Timer>();
  #rights: ReadonlyMap<ListedPlural, Rights>;
  #unlisten: () => void = () => {};
  #ended = false;

  constructor(options: EventStreamOptions, rights: ReadonlyMap<ListedPlural, Rights>) {
    this.#options = options;
    this.#rights = rights;
    this.body = new Readable({ read() {}, highWaterMark: MAX_BACKLOG });
    this.body.once("close", () => this.end());
    this.#begin();
  }

  /** Ends the stream. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#unlisten();
    for (const timer of this.#timers.values()) timer.cancel();
    if (!this.body.destroyed) this.body.push(null);
  }

  #begin(): void {
    const { hub, lastEventId, expires, clock } = this.#options;
    const missed = lastEventId === undefined ? [] : hub.since(lastEventId);
    this.#send(`retry: ${RETRY_MS}\n`);
    // Gives the client a position to resume at, before the first event.
    this.#write(
      missed === undefined ? "reset" : "ready",
      missed?.length ? (lastEventId ?? hub.position) : hub.position,
    );
    for (const event of missed ?? []) this.#pass(event);
    // What was missed may be more than the client may have unsent.
    if (this.#ended) return;
    this.#unlisten = hub.listen((event) => this.#pass(event));
    this.#every("alive", ALIVE_MS, async () => this.#send(": alive\n\n"));
    this.#every("rights", RIGHTS_MS, () => this.#renewRights());
    if (expires === undefined) return;
    this.#timers.set(
      "expires",
      clock.after(expires - clock.now(), () => this.#finish("signin")),
    );
  }

  #every(name: string, ms: number, work: () => Promise<void>): void {
    this.#timers.set(
      name,
      this.#options.clock.after(ms, () => {
        void work().finally(() => {
          if (!this.#ended) this.#every(name, ms, work);
        });
      }),
    );
  }

  async #renewRights(): Promise<void> {
    try {
      const rights = await this.#options.rights();
      const same = [...rights].every(([plural, { signature }]) => signature === this.#rights.get(plural)?.signature);
      this.#rights = rights;
      if (!same) this.#write("reset", this.#options.hub.position);
    } catch (error) {
      // A failure of the API server says nothing about the user, but what they may read is unknown.
      this.#finish(isSignedOut(error) ? "signin" : "reset");
    }
  }

  #pass({ id, plural, namespace, name, data }: HubEvent): void {
    const { plurals, namespaces } = this.#options;
    if (!plurals.has(plural) || (namespaces !== undefined && !namespaces.has(namespace))) return;
    const rights = this.#rights.get(plural);
    if (rights?.includes(namespace, name)) this.#write(EVENT_NAMES[plural], id, data);
    else if (rights?.knows(namespace) === false) void this.#renewRights();
  }

  #write(event: string, id: string, data = "{}"): void {
    this.#send(`event: ${event}\nid: ${id}\ndata: ${data}\n\n`);
  }

  #send(text: string): void {
    if (this.#ended) return;
    this.body.push(text);
    // What the client has missed is unknown when it connects again.
    if (this.body.readableLength > MAX_BACKLOG) this.#finish("reset");
  }

  #finish(event: "reset" | "signin"): void {
    if (this.#ended) return;
    this.body.push(`event: ${event}\ndata: {}\n\n`);
    this.end();
  }
}

/** Reports whether an error means that the credential of the user is no longer valid. */
function isSignedOut(error: unknown): boolean {
  if (error instanceof KubeStatusError) return error.statusCode === 401;
  return error instanceof ProblemError && error.code === "UNAUTHENTICATED";
}
