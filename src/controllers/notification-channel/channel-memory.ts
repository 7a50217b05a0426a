import type {
  NotificationChannelSpec,
  NotificationChannelStatus,
  OpenProblem,
} from "../../api/notification-channel.js";
import { MAX_OPEN } from "../../api/notification-channel.js";
import type { OverseerApp } from "../../api/overseer-app.js";
import type { FailedTries } from "../../base/backoff.js";
import { endOf, type Fact } from "./facts.js";

/** Something that is to be sent. */
export type Pending =
  | { readonly kind: "problem" | "event"; readonly fact: Fact }
  /** The end of a reported problem. `until`: when it ended, in milliseconds since the epoch. */
  | { readonly kind: "end"; readonly problem: OpenProblem; readonly isSilent: boolean; readonly until: number };

/** Maximum number of pending messages. Beyond it, the apps are looked through again when the queue is empty. */
const MAX_PENDING = 1_000;

/** What a channel remembers of what it has reported: the status, as far as it is about that. */
export type Reported = Pick<NotificationChannelStatus, "open" | "handled" | "handledThrough">;

/** What is known about a channel in this process. It can be lost: what was reported is in its status. */
export class ChannelMemory {
  readonly pending = new Map<string, Pending>();
  /** Generation of the spec for which all apps were looked through; undefined before. */
  scanned: number | undefined;
  /** Monotonic time at which pending messages are due; undefined if none are pending. */
  dueAt: number | undefined;
  /** Failed attempts of the message that is being sent, and since when (monotonic). */
  tries: FailedTries | undefined;
  failingSince: number | undefined;
  /** Monotonic time at which alerts are repeated. */
  repeatAt: number | undefined;
  /** Value of the test annotation that is being handled. */
  test: string | undefined;

  /** Notes what is to be said about an app now. Returns whether something is pending. */
  noteApp(
    key: string,
    app: OverseerApp | undefined,
    problems: readonly Fact[],
    { spec, reported, now }: { spec: NotificationChannelSpec; reported: Reported; now: number },
  ): boolean {
    const open = reported.open ?? [];
    const current = new Set(problems.map((fact) => fact.key));
    for (const [id, item] of this.pending) {
      if (item.kind === "problem" && item.fact.app === key && !current.has(item.fact.key)) this.pending.delete(id);
      if (item.kind === "end" && item.problem.app === key && endOf(item.problem, app) === undefined)
        this.pending.delete(id);
    }
    for (const fact of problems) {
      if (!spec.topics.includes(fact.topic) || open.some((one) => one.key === fact.key)) continue;
      if (open.length < MAX_OPEN) this.#add(fact.key, { kind: "problem", fact });
    }
    for (const problem of open) {
      const end = problem.app === key ? endOf(problem, app) : undefined;
      if (end === undefined) continue;
      const isSilent = spec.alertmanager === undefined && (end === "over" || !spec.topics.includes("Recovered"));
      this.#add(`end ${problem.key}`, { kind: "end", problem, isSilent, until: now });
    }
    return this.pending.size > 0;
  }

  /** Notes a Change that has ended. Returns whether something is pending. */
  noteEvent(fact: Fact, { spec, reported }: { spec: NotificationChannelSpec; reported: Reported }): boolean {
    // An alert lasts; what has only happened is no alert.
    if (!spec.topics.includes(fact.topic) || spec.alertmanager !== undefined) return this.pending.size > 0;
    const isHandled =
      fact.time <= Date.parse(reported.handledThrough ?? "") ||
      reported.handled?.some((one) => one.endsWith(shortKey(fact)));
    if (!isHandled && reported.handledThrough !== undefined) this.#add(fact.key, { kind: "event", fact });
    return this.pending.size > 0;
  }

  #add(id: string, item: Pending): void {
    if (this.pending.has(id)) return;
    if (this.pending.size >= MAX_PENDING) this.scanned = undefined;
    else this.pending.set(id, item);
  }
}

/** Returns the part of a fact's key that the status holds. */
export function shortKey({ key }: Pick<Fact, "key">): string {
  return key.slice(0, 16);
}
