import {
  type FinalizeRequest,
  judgeFinalize,
  judgePrune,
  type PruneDecision,
  type PruneRequest,
} from "../../../../src/plan/prune-guard.js";

/** A prune that nothing speaks against: one leftover more than nothing would be allowed; `change` is laid over it. */
export function pruneRequest(change: Partial<PruneRequest>): PruneRequest {
  return {
    pruneCandidates: [],
    observationComplete: true,
    wanted: 20,
    live: (change.wanted ?? 20) + (change.pruneCandidates?.length ?? 0),
    prune: true,
    allowEmpty: false,
    budget: undefined,
    claimedBy: () => undefined,
    ...change,
  };
}

/** Judges a prune that nothing but `change` speaks against. */
export function prune(change: Partial<PruneRequest>) {
  return judgePrune(pruneRequest(change));
}

/** Judges the deletion of an app that nothing but `change` speaks against. */
export function finalize(change: Partial<FinalizeRequest>) {
  return judgeFinalize({
    objects: [],
    observationComplete: true,
    policy: "Delete",
    suspended: false,
    claimedBy: () => undefined,
    namespaceInUse: () => undefined,
    ...change,
  });
}

/** `Delete`, `Keep NotProven` or `HandOver shop/other`. */
export function said(decision: PruneDecision | undefined): string {
  if (decision === undefined) return "nothing";
  if (decision.verb === "Keep") return `Keep ${decision.reason}`;
  return decision.verb === "HandOver" ? `HandOver ${decision.to}` : decision.verb;
}
