import {
  type FinalizeRequest,
  judgeFinalize,
  judgePrune,
  type PruneDecision,
  type PruneRequest,
} from "../../../../src/plan/prune-guard.js";

/** Creates a request that allows the prune of one candidate, with overrides. */
export function pruneRequest(change: Partial<PruneRequest>): PruneRequest {
  return {
    pruneCandidates: [],
    observationComplete: true,
    desired: 20,
    live: (change.desired ?? 20) + (change.pruneCandidates?.length ?? 0),
    prune: true,
    allowEmpty: false,
    budget: undefined,
    claimedBy: () => undefined,
    ...change,
  };
}

/** Judges a prune that is allowed apart from `change`. */
export function prune(change: Partial<PruneRequest>) {
  return judgePrune(pruneRequest(change));
}

/** Judges the deletion of an app that is allowed apart from `change`. */
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

/** Formats a decision: `Delete`, `Keep NotProven` or `HandOver shop/other`. */
export function said(decision: PruneDecision | undefined): string {
  if (decision === undefined) return "nothing";
  if (decision.verb === "Keep") return `Keep ${decision.reason}`;
  return decision.verb === "HandOver" ? `HandOver ${decision.to}` : decision.verb;
}
