import type { ChangePhase, ChangeStatus } from "../../api/change.js";
import type { ConditionReason } from "../../api/reasons.js";

/** An update of a Change: its phase and further status fields. */
export type ChangeUpdate = Partial<ChangeStatus> & { readonly phase: ChangePhase };

/** A problem that prevents an app from being reconciled. */
export interface Problem {
  /** The step that failed. */
  readonly stage: "Access" | "Source" | "Render" | "Destination" | "Plan" | "Apply";
  readonly reason: ConditionReason;
  readonly message: string;
  /** A short form of a long message, for conditions other than Ready and for Events. */
  readonly brief?: string;
  /** Retrying cannot help: a user has to change something. */
  readonly terminal: boolean;
  /** Epoch milliseconds of the next retry, if any. */
  readonly retryAt?: number;
}

/** An object that differs from the applied inputs and was not restored. */
export interface DriftReport {
  readonly object: string;
  readonly note: string;
  /** Whether it is meant to stay: fields that others added while `sync.additions` is Report. */
  readonly kept?: boolean;
}

/** A live object whose reconciliation a user has disabled. */
export interface PausedReport {
  readonly object: string;
  /** Whether it differs from Git. */
  readonly behind: boolean;
}

/** What the sync to the newest inputs has come to in this reconcile. */
export interface SyncResult {
  readonly progress: Progress;
  readonly problem?: Problem;
}

/** Everything is applied. */
export const DONE: SyncResult = { progress: { state: "done" } };

/** Returns the result of a sync that failed. */
export function failed(problem: Problem): SyncResult {
  return { progress: { state: "failed" }, problem };
}

/** Progress of the newest inputs in this reconcile. */
export type Progress =
  | { readonly state: "done" }
  /** `reason` of the condition: the gate that is closed. */
  | { readonly state: "waiting"; readonly reason: ConditionReason; readonly message: string }
  | { readonly state: "pending"; readonly message: string; readonly requeueAfterMs?: number }
  | { readonly state: "failed" };
