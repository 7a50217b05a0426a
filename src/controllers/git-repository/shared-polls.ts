import { unlessAborted } from "../../base/abort.js";
import type { Clock } from "../../base/clock.js";
import type { GitEngine, GitRemote, RemoteRefs } from "../../git/engine.js";

interface Poll {
  readonly prefixes: ReadonlySet<string>;
  readonly at: number;
  readonly refs: Promise<RemoteRefs>;
  /** Of who began it: it ends when that one gives up. */
  readonly signal: AbortSignal;
}

/** Told of each poll, for the metrics. */
export type PollObserver = (result: "success" | "failure") => void;

/** One request for all repositories that have the same URL and credential, however many apps use them. */
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

  /** The refs of a remote: those of an earlier poll that is not older than `maxAgeMs` and asked for as much, or new ones. */
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

  /** What somebody else's poll brings. Who began it may give up earlier than we do, or later. */
  async #join(poll: Poll, signal: AbortSignal, force: () => Promise<RemoteRefs>): Promise<RemoteRefs> {
    try {
      return await unlessAborted(poll.refs, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!poll.signal.aborted) throw error;
      return force();
    }
  }

  /** Forgets remotes that nobody polls any more. */
  retain(ids: ReadonlySet<string>): void {
    for (const id of this.#polls.keys()) if (!ids.has(id)) this.#polls.delete(id);
  }
}
