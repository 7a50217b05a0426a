import type { Inputs } from "../../../api/inputs.js";
import type { Proof } from "../../../gates/promotion/eligibility.js";

/** What an app takes of its ref, in one reconcile. Only for apps of an Environment with `promotesFrom`. */
export interface PromotionState {
  /** Newest revision of the ref. */
  readonly newest: string;
  /** Newest commit that a user may promote, if it is not applied. */
  readonly promotable?: string | undefined;
  /** Why the newest revision is not promoted, if it is not. */
  readonly why?: string | undefined;
  /** Earliest time (epoch ms) at which time alone may change that. */
  readonly until?: number | undefined;
  /** Returns whether inputs may be applied, for the gate: also those of a Change that waits while others are selected. */
  readonly proofOf: (inputs: Inputs) => Promise<Proof>;
}
