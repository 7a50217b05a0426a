import type { PlannedAction } from "../api/change.js";
import { canonicalJson, hmacSha256 } from "../base/hash.js";
import { formatOrigin } from "../manifest/document.js";
import { apiVersionOf, displayId } from "../manifest/object-id.js";
import type { PreviewedWrite, WriteAction } from "./actions.js";
import type { LeftoverDecision } from "./prune-guard.js";

/** Everything a Change is going to do. */
export interface Plan {
  readonly writes: readonly PreviewedWrite[];
  /** Writes whose namespace or kind this very plan makes. */
  readonly deferred: readonly WriteAction[];
  readonly leftovers: readonly LeftoverDecision[];
}

/** Bytes of actions that a Change's status holds; the rest is counted. */
const MAX_PLAN_BYTES = 256 * 1024;
const MAX_ACTIONS = 1000;

/** Whether the plan does anything at all. */
export function isEmptyPlan(plan: Plan): boolean {
  return (
    plan.writes.length === 0 &&
    plan.deferred.length === 0 &&
    plan.leftovers.every((decision) => decision.verb === "Keep")
  );
}

/** `+3 ~2 -1`: created (or adopted), updated, deleted (or handed over). */
export function summarise(plan: Plan): string {
  const created =
    plan.writes.filter((write) => write.verb !== "Update").length +
    plan.deferred.filter((write) => write.verb === "Create").length;
  const updated = plan.writes.length + plan.deferred.length - created;
  const removed = plan.leftovers.filter((decision) => decision.verb !== "Keep").length;
  return `+${created} ~${updated} -${removed}`;
}

/** The plan as a Change shows it: deletions first, then writes with their differences until the space is used up. */
export function describePlan(plan: Plan): { actions: PlannedAction[]; omitted: number } {
  const all = [
    ...plan.leftovers.map(describeLeftover),
    ...plan.writes.map(describeWrite),
    ...plan.deferred.map(describeDeferred),
  ];
  const actions: PlannedAction[] = [];
  let bytes = 0;
  for (const action of all) {
    const size = JSON.stringify(action).length;
    const fits = bytes + size <= MAX_PLAN_BYTES;
    const { diff, ...bare } = action;
    const shown = fits || diff === undefined ? action : bare;
    bytes += fits ? size : JSON.stringify(bare).length;
    if (bytes > 2 * MAX_PLAN_BYTES || actions.length >= MAX_ACTIONS) break;
    actions.push(shown);
  }
  return { actions, omitted: all.length - actions.length };
}

/**
 * Hash of what the plan does: verbs, objects, desired documents and changed fields; not resourceVersions, status or the
 * order in which it was made. Keyed, since field values of Secrets go into document hashes.
 */
export function planHash(plan: Plan, key: string): string {
  const lines = [
    ...plan.writes.map((write) => [write.verb, write.action.document.key, write.action.document.hash, write.diff]),
    ...plan.deferred.map((write) => [write.verb, write.document.key, write.document.hash]),
    ...plan.leftovers
      .filter((decision) => decision.verb !== "Keep")
      .map((decision) => [decision.verb, decision.live.key]),
  ].map((line) => canonicalJson(line));
  return hmacSha256(key, lines.sort().join("\n"), 32);
}

function describeWrite(write: PreviewedWrite): PlannedAction {
  return {
    ...describeDocument(write.verb, write.action),
    ...(write.reason === undefined ? {} : { reason: write.reason }),
    ...(write.diff.length === 0 ? {} : { diff: [...write.diff] }),
  };
}

function describeDeferred(action: WriteAction): PlannedAction {
  return {
    ...describeDocument(action.verb, action),
    reason: "checked when the namespace or kind that it needs exists",
  };
}

function describeDocument(verb: "Create" | "Update" | "Adopt", action: WriteAction): PlannedAction {
  const { id, origin } = action.document;
  return { verb, object: displayId(id), apiVersion: apiVersionOf(id), origin: formatOrigin(origin) };
}

function describeLeftover(decision: LeftoverDecision): PlannedAction {
  const { id } = decision.live;
  const reason =
    decision.verb === "Keep"
      ? decision.message
      : decision.verb === "HandOver"
        ? `OverseerApp ${decision.to} has it now`
        : "left Git";
  return { verb: decision.verb, object: displayId(id), apiVersion: apiVersionOf(id), reason };
}
