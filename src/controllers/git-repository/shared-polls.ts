import { unlessAborted } from "../../base/abort.js";
import type { Clock } from "../../base/clock.js";
import type { GitEngine, GitRemote, RemoteRefs } from "../../git/engine.js";

interface Poll {
  readonly prefixes: ReadonlySet<string>;
  readonly at: number;
  readonly refs: Promise<RemoteRefs>;
  /** Signal of the caller that started the poll; aborting it ends the poll. */
  readonly signal: AbortSignal;
}

/** Receives the result of each poll for metrics. */
export type PollObserver = (result: "success" | "failure") => void;

/** Shares one request among all repositories with the same URL and credential. */
export class SharedPolls {
  readonly #engine: GitEngine;
  readonly #clock: Clock;
  readonly #observe: PollObserver;
  readonly #polls = new Map<string, Poll>();

  constructor(engine: GitEngine, clock: Clock, observe: PollObserver = () => {}) {
    this.#engine = engine;
    this.#clock = clock;
    this.#observe = observe;
  }

  /** Returns the refs of a remote: from a poll not older than `maxAgeMs` that covers `prefixes`, or from a new one. */
  list(remote: GitRemote, prefixes: readonly string[], maxAgeMs: number, signal: AbortSignal): Promise<RemoteRefs> {
    const last = this.#polls.get(remote.id);
    const covers = last && prefixes.every((prefix) => last.prefixes.has(prefix));
    if (last && covers && this.#clock.monotonic() - last.at < maxAgeMs) {
      return this.#join(last, signal, () => this.list(remote, prefixes, maxAgeMs, signal));
    }
    const refs = this.#engine.listRefs(remote, prefixes, signal);
    const poll: Poll = { prefixes: new Set(prefixes), at: this.#clock.monotonic(), refs, signal };
    this.#polls.set(remote.id, poll);
    refs.then(
      () => this.#observe("success"),
      () => {
        this.#observe("failure");
        if (this.#polls.get(remote.id) === poll) this.#polls.delete(remote.id);
      },
    );
    return refs;
  }

  /** Awaits the poll of another caller, which may be aborted before or after this one. */
  async #join(poll: Poll, signal: AbortSignal, force: () => Promise<RemoteRefs>): Promise<RemoteRefs> {
    try {
      return await unlessAborted(poll.refs, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!poll.signal.aborted) throw error;
      return force();
    }
  }

  /** Drops remotes that are no longer polled. */
  retain(ids: ReadonlySet<string>): void {
    for (const id of this.#polls.keys()) if (!ids.has(id)) this.#polls.delete(id);
  }
}
