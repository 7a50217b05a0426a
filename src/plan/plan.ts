import type { FieldChange, PlannedAction } from "../api/change.js";
import { cutText } from "../base/cut-text.js";
import { canonicalJson, hmacSha256 } from "../base/hash.js";
import { formatOrigin } from "../manifest/document.js";
import { apiVersionOf, displayId } from "../manifest/object-id.js";
import type { DeferredWrite, PreviewedWrite, RefusedWrite, WriteAction } from "./actions.js";
import type { PruneDecision } from "./prune-guard.js";

/** All actions of a Change. */
export interface Plan {
  readonly writes: readonly PreviewedWrite[];
  /** Writes that the destination can accept only after others of this plan. */
  readonly deferred: readonly DeferredWrite[];
  /** Writes that the destination refuses. */
  readonly refused?: readonly RefusedWrite[];
  readonly pruneCandidates: readonly PruneDecision[];
}

/** Maximum size of the actions in a Change's status; omitted ones are counted. */
const MAX_PLAN_BYTES = 256 * 1024;
const MAX_ACTIONS = 1000;
/** Maximum number of fields in the diff of one action. */
const MAX_DIFF = 100;

/** Reports whether the plan changes nothing. */
export function isEmptyPlan(plan: Plan): boolean {
  return (
    plan.writes.length === 0 &&
    plan.deferred.length === 0 &&
    (plan.refused ?? []).length === 0 &&
    plan.pruneCandidates.every((decision) => decision.verb === "Keep")
  );
}

/** Reports whether an action is a write that is not done yet. */
export function isUnwritten({ verb, result }: Pick<PlannedAction, "verb" | "result">): boolean {
  return result !== "Done" && (verb === "Create" || verb === "Update" || verb === "Adopt");
}

/** Summarizes a plan as `+3 ~2 -1`: created or adopted, updated, deleted or transferred. */
export function summarize(plan: Plan): string {
  const unjudged = [...plan.deferred, ...(plan.refused ?? [])];
  const created =
    plan.writes.filter((write) => write.verb !== "Update").length +
    unjudged.filter(({ action }) => action.verb === "Create").length;
  const updated = plan.writes.length + unjudged.length - created;
  const removed = plan.pruneCandidates.filter((decision) => decision.verb !== "Keep").length;
  return `+${created} ~${updated} -${removed}`;
}

/**
 * Returns the plan for the status of a Change: deletions first, then refusals, writes with their diffs as far as they fit, and kept
 * objects. Every text is cut to the schema's limit, so that a plan can always be recorded.
 */
export function describePlan(plan: Plan): { actions: PlannedAction[]; omitted: number } {
  const pruneCandidates = (verb: PruneDecision["verb"]): PlannedAction[] =>
    plan.pruneCandidates.filter((decision) => decision.verb === verb).map(describeDecision);
  const all = [
    ...pruneCandidates("Delete"),
    ...pruneCandidates("HandOver"),
    ...(plan.refused ?? []).map(describeRefused),
    ...plan.writes.map(describeWrite),
    ...plan.deferred.map(describeDeferred),
    ...pruneCandidates("Keep"),
  ];
  const actions: PlannedAction[] = [];
  let bytes = 0;
  for (const whole of all) {
    const action = cutTexts(whole);
    const size = sizeOf(action);
    const fits = bytes + size <= MAX_PLAN_BYTES;
    const { diff, ...bare } = action;
    const shown = fits || diff === undefined ? action : bare;
    bytes += fits ? size : sizeOf(bare);
    if (bytes > 2 * MAX_PLAN_BYTES || actions.length >= MAX_ACTIONS) break;
    actions.push(shown);
  }
  return { actions, omitted: all.length - actions.length };
}

/** Returns the size of an action in JSON, with a separator. */
function sizeOf(action: PlannedAction): number {
  return Buffer.byteLength(JSON.stringify(action)) + 1;
}

/** Cuts every text to the maximum length in the schema of a Change. */
function cutTexts({ object, origin, reason, error, diff, ...action }: PlannedAction): PlannedAction {
  return {
    ...action,
    object: cutText(object, 512),
    ...(origin === undefined ? {} : { origin: cutText(origin, 1280) }),
    ...(reason === undefined ? {} : { reason: cutText(reason, 1024) }),
    ...(error === undefined ? {} : { error: cutText(error, 1024) }),
    ...(diff === undefined ? {} : { diff: diff.slice(0, MAX_DIFF).map(cutChange) }),
  };
}

function cutChange({ path, from, to }: FieldChange): FieldChange {
  return {
    path: cutText(path, 1024),
    ...(from === undefined ? {} : { from: cutText(from, 512) }),
    ...(to === undefined ? {} : { to: cutText(to, 512) }),
  };
}

/**
 * Returns a hash of the effects of a plan: verbs, objects, desired documents, changed fields and transfers, but not
 * resourceVersions, status or order. Keyed, because document hashes include field values of Secrets.
 */
export function planHash(plan: Plan, key: string): string {
  const lines = [
    ...plan.writes.map((write) => [write.verb, write.action.document.key, write.action.document.hash, write.diff]),
    ...[...plan.deferred, ...(plan.refused ?? [])].map(({ action }) => [
      action.verb,
      action.document.key,
      action.document.hash,
    ]),
    ...plan.pruneCandidates
      .filter((decision) => decision.verb !== "Keep")
      .map((decision) => [decision.verb, decision.live.key, decision.verb === "HandOver" ? decision.to : ""]),
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

function describeDeferred({ action, message }: DeferredWrite): PlannedAction {
  return {
    ...describeDocument(action.verb, action),
    reason: `checked again after the objects that it depends on are applied: ${message}`,
  };
}

function describeRefused({ action, message }: RefusedWrite): PlannedAction {
  return { ...describeDocument(action.verb, action), result: "Failed", error: message };
}

function describeDocument(verb: "Create" | "Update" | "Adopt", action: WriteAction): PlannedAction {
  const { id, origin } = action.document;
  return { verb, object: displayId(id), apiVersion: apiVersionOf(id), origin: formatOrigin(origin) };
}

function describeDecision(decision: PruneDecision): PlannedAction {
  const { id } = decision.live;
  const reason =
    decision.verb === "Keep"
      ? decision.message
      : decision.verb === "HandOver"
        ? `ownership transferred to OverseerApp ${decision.to}`
        : "removed from Git";
  return { verb: decision.verb, object: displayId(id), apiVersion: apiVersionOf(id), reason };
}
