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
  /** Whether the desired commit may be applied, for the gate. */
  readonly proof: Proof;
}
