import type { ChangePhase, ChangeStatus } from "../../api/change.js";

/** What a step says of the Change: its phase, and whatever else is new. */
export type ChangeUpdate = Partial<ChangeStatus> & { readonly phase: ChangePhase };

/** What stands in an app's way. */
export interface Problem {
  /** Which step met it. */
  readonly stage: "Access" | "Source" | "Render" | "Destination" | "Plan" | "Apply";
  readonly reason: string;
  readonly message: string;
  /** The same in short, where the message is long: conditions beside Ready, and Events. */
  readonly brief?: string;
  /** Nothing changes until somebody changes something. */
  readonly terminal: boolean;
  /** Epoch milliseconds of the next try, where there is one. */
  readonly retryAt?: number;
}

/** An object that differs from what was applied, and was not put back. */
export interface DriftReport {
  readonly object: string;
  readonly note: string;
}

/** A live object that is left as it is, since a person has asked for it. */
export interface PausedReport {
  readonly object: string;
  /** Whether it is not as Git says. */
  readonly behind: boolean;
}

/** How far the newest inputs got in this reconcile. */
export type Progress =
  | { readonly state: "done" }
  /** `reason`: which gate holds it, for the condition. */
  | { readonly state: "waiting"; readonly reason: string; readonly message: string }
  | { readonly state: "pending"; readonly message: string; readonly requeueAfterMs?: number }
  | { readonly state: "failed" };
