import type { OverseerApp } from "../api/overseer-app.js";
import type { Reason } from "../api/reasons.js";
import type { GateContext, WatchedKind, WatchedKinds } from "./context.js";

/** Verdict of a gate on a Change. A gate that cannot be evaluated does not pass. */
export type GateVerdict =
  | { readonly state: "Pass"; readonly message?: string }
  /**
   * `message` gives the cause and what opens the gate; `until` is the time (epoch ms) to judge again without an event. `opens` says who or what
   * can open the gate, and `otherwise` what happens if that does not happen: by default, what is applied stays.
   */
  | {
      readonly state: "Wait";
      readonly message: string;
      readonly until?: number | undefined;
      readonly opens: string;
      readonly otherwise?: string;
    }
  /** The Change ends in phase Rejected. `message` gives the cause and what to change in the app or in Git. */
  | { readonly state: "Fail"; readonly message: string };

/** A change of an object. `previous` is undefined for a new one, `current` for a deleted one. */
export interface WatchEvent<T> {
  readonly current: T | undefined;
  readonly previous: T | undefined;
}

/** Events of one kind that may open a gate. */
export type GateWatch = {
  readonly [K in WatchedKind]: {
    readonly kind: K;
    /** Reports whether an event may change the verdict on a waiting app. */
    readonly concerns: (event: WatchEvent<WatchedKinds[K]>, waiting: OverseerApp) => boolean;
  };
}[WatchedKind];

/**
 * A condition that a Change must meet before its first write. docs/extending/gates.md has an example.
 */
export interface Gate {
  /** Name in the Change's status, for example `deletions`. */
  readonly name: string;
  /** Reason of the condition Waiting while this gate waits. */
  readonly waitReason: Reason;
  /** Reason of the condition Stalled after this gate has failed. Required if `judge` may return Fail. */
  readonly failReason?: Reason;
  /** Events that make waiting apps judge again. Unset if the gate depends only on the app, its source and its destination. */
  readonly watches?: readonly GateWatch[];
  /**
   * Whether what this gate waits for may lift a rejection by the destination: while it waits, rejected documents are shown, but do
   * not fail the Change.
   */
  readonly mayLiftRefusals?: boolean;
  /**
   * Whether this gate waits for other apps and for no decision. Objects that move to another app are transferred if only such gates are
   * closed, since that app may need them.
   */
  readonly waitsForApps?: boolean;
  /** Whether this gate also judges Changes of cause Deletion: the deletion of an app. */
  readonly judgesDeletions?: boolean;
  /** Must not change anything. May throw, for example MissingFactError: then the gate waits and is judged again later. */
  judge(context: GateContext): GateVerdict | Promise<GateVerdict>;
}
