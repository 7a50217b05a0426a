import type { FieldChange, PlannedAction } from "../api/change.js";
import { cutText } from "../base/cut-text.js";
import { canonicalJson, hmacSha256 } from "../base/hash.js";
import { type Document, formatOrigin } from "../manifest/document.js";
import type { Hook } from "../manifest/hook.js";
import { apiVersionOf, displayId } from "../manifest/object-id.js";
import type { DeferredWrite, PreviewedWrite, RefusedWrite, WriteAction } from "./actions.js";
import { HANDED_OVER } from "./live.js";
import type { PruneDecision } from "./prune-guard.js";

/** All actions of a Change. */
export interface Plan {
  readonly writes: readonly PreviewedWrite[];
  /** Writes that the destination can accept only after others of this plan. */
  readonly deferred: readonly DeferredWrite[];
  /** Writes that the destination refuses. */
  readonly refused?: readonly RefusedWrite[];
  readonly pruneCandidates: readonly PruneDecision[];
  /** Hooks that run beside the sync. */
  readonly hooks?: readonly Hook[] | undefined;
  /** Documents of paused objects: not written now, but as soon as the objects are not paused any more. */
  readonly paused?: readonly Document[] | undefined;
}

/**
 * How much of a plan is shown: `Whole` shows all that fits into an object of the API server (1.5 MiB), beside its other fields,
 * `Entire` all that a response of the REST API can hold.
 */
export type PlanExtent = "Brief" | "Whole" | "Entire";

/** Limits of a plan that is shown; omitted actions are counted. `bytes` limits the diffs, twice as much the rest. */
const LIMITS: Readonly<Record<PlanExtent, { bytes: number; actions: number; fields: number; value: number }>> = {
  Brief: { bytes: 256 * 1024, actions: 1000, fields: 100, value: 512 },
  Whole: { bytes: 384 * 1024, actions: 5000, fields: 1000, value: 16_384 },
  Entire: { bytes: 12 * 2 ** 20, actions: 50_000, fields: 10_000, value: 2 ** 20 },
};

/** Reports whether the plan changes nothing. */
export function isEmptyPlan(plan: Plan): boolean {
  return (
    plan.writes.length === 0 &&
    plan.deferred.length === 0 &&
    (plan.refused ?? []).length === 0 &&
    plan.pruneCandidates.every((decision) => decision.verb === "Keep")
  );
}

const WRITE_VERBS: ReadonlySet<PlannedAction["verb"]> = new Set(["Create", "Update", "Adopt", "Recreate"]);

/** Reports whether an action is a write that is not done yet. */
export function isUnwritten({ verb, result }: Pick<PlannedAction, "verb" | "result">): boolean {
  return result !== "Done" && WRITE_VERBS.has(verb);
}

/** Summarizes a plan as `+3 ~2 -1`: created or adopted, updated, deleted or transferred. */
export function summarize(plan: Plan): string {
  const unjudged = [...plan.deferred, ...(plan.refused ?? [])];
  const created =
    plan.writes.filter(({ verb }) => verb !== "Update" && verb !== "Recreate").length +
    unjudged.filter(({ action }) => action.verb === "Create").length;
  const updated = plan.writes.length + unjudged.length - created;
  const removed = plan.pruneCandidates.filter((decision) => decision.verb !== "Keep").length;
  return `+${created} ~${updated} -${removed}`;
}

/** A plan as the status of a Change shows it. */
export interface DescribedPlan {
  readonly actions: PlannedAction[];
  /** Number of actions that did not fit. */
  readonly omitted: number;
  /** What is not shown, if anything. */
  readonly incomplete?: string;
}

/**
 * Returns the plan for the status of a Change: deletions first, then refusals, writes with their diffs as far as they fit, and kept
 * objects. Every text is cut to the schema's limit, so that a plan can always be recorded.
 */
export function describePlan(plan: Plan, extent: PlanExtent = "Brief"): DescribedPlan {
  const limits = LIMITS[extent];
  const pruneCandidates = (verb: PruneDecision["verb"]): PlannedAction[] =>
    plan.pruneCandidates.filter((decision) => decision.verb === verb).map(describeDecision);
  const all = [
    ...pruneCandidates("Delete"),
    ...pruneCandidates("HandOver"),
    ...(plan.refused ?? []).map(describeRefused),
    ...plan.writes.map(describeWrite),
    ...plan.deferred.map(describeDeferred),
    ...(plan.hooks ?? []).map(describeHook),
    ...pruneCandidates("Keep"),
  ];
  const actions: PlannedAction[] = [];
  let bytes = 0;
  for (const whole of all) {
    const action = cutTexts(whole, extent);
    const size = sizeOf(action);
    const fits = bytes + size <= limits.bytes;
    const { diff, ...bare } = action;
    const shown = fits || diff === undefined ? action : bare;
    bytes += fits ? size : sizeOf(bare);
    if (bytes > 2 * limits.bytes || actions.length >= limits.actions) break;
    actions.push(shown);
  }
  const incomplete = describeMissing(all, actions, limits);
  return { actions, omitted: all.length - actions.length, ...(incomplete === undefined ? {} : { incomplete }) };
}

/** Describes what the shown actions lack: whole actions, diffs, fields and values. */
function describeMissing(
  all: readonly PlannedAction[],
  shown: readonly PlannedAction[],
  limits: { readonly fields: number; readonly value: number },
): string | undefined {
  const cut = (text = ""): boolean => text.length > limits.value || SHORTENED.test(text);
  const fields = (diff: readonly FieldChange[]): boolean =>
    diff.length > limits.fields || diff.some(({ path, from, to }) => OMITTED.test(path) || cut(from) || cut(to));
  const dropped = shown.filter(({ diff }, at) => diff === undefined && all[at]?.diff !== undefined).length;
  const shortened = all.filter(({ diff }, at) => at < shown.length && diff !== undefined && fields(diff)).length;
  const parts = [
    [all.length - shown.length, "actions"],
    [dropped, "diffs"],
    [shortened, "diffs with long values or many fields"],
  ] as const;
  const missing = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return missing.length === 0 ? undefined : `not shown: ${missing.join(", ")}`;
}

/** End of a value that a diff has cut, with its length. */
export const SHORTENED = /… \((\d+) characters\)$/;
/** Line of a diff that has more fields, with their number. */
export const OMITTED = /^and (\d+) more$/;

/** Returns the size of an action in JSON, with a separator. */
function sizeOf(action: PlannedAction): number {
  return Buffer.byteLength(JSON.stringify(action)) + 1;
}

/** Cuts every text to the maximum length in the schema of a Change. */
function cutTexts(
  { object, origin, reason, error, diff, ...action }: PlannedAction,
  extent: PlanExtent,
): PlannedAction {
  const { fields, value } = LIMITS[extent];
  return {
    ...action,
    object: cutText(object, 512),
    ...(origin === undefined ? {} : { origin: cutText(origin, 1280) }),
    ...(reason === undefined ? {} : { reason: cutText(reason, 1024) }),
    ...(error === undefined ? {} : { error: cutText(error, 1024) }),
    ...(diff === undefined ? {} : { diff: diff.slice(0, fields).map((change) => cutChange(change, value)) }),
  };
}

function cutChange({ path, from, to }: FieldChange, value: number): FieldChange {
  return {
    path: cutText(path, 1024),
    ...(from === undefined ? {} : { from: cutText(from, value) }),
    ...(to === undefined ? {} : { to: cutText(to, value) }),
  };
}

/**
 * Returns a hash of the effects of a plan: for each object the verb, the desired document and the last applied one, of existing objects that
 * are adopted or deleted also the UID, of transfers the new owner, and the documents of hooks and paused objects. Edits of live objects by others do not change it, since they are
 * reverted. Keyed, because document hashes include field values of Secrets.
 */
export function planHash(plan: Plan, key: string): string {
  const ofWrite = (verb: string, { document, live }: WriteAction, uid = ""): string[] => {
    // Before another app hands an object over, its write is a refused Create.
    const isReceived = verb === "Update" && live?.documentHash?.endsWith(HANDED_OVER) === true;
    return isReceived
      ? ["Create", document.key, document.hash, "", uid]
      : [verb, document.key, document.hash, live?.documentHash ?? "", uid];
  };
  const lines = [
    ...plan.writes.map(({ verb, action, adopts }) => ofWrite(verb, action, adopts)),
    ...[...plan.deferred, ...(plan.refused ?? [])].map(({ action }) => ofWrite(action.verb, action)),
    ...plan.pruneCandidates
      .filter((decision) => decision.verb !== "Keep")
      .map(({ verb, live, ...decision }) => [verb, live.key, live.uid, "to" in decision ? decision.to : ""]),
    ...(plan.hooks ?? []).map(({ document }) => ["Hook", document.key, document.hash]),
    ...(plan.paused ?? []).map(({ key, hash }) => ["Paused", key, hash]),
  ].map((line) => canonicalJson(line));
  return hmacSha256(key, lines.sort().join("\n"), 32);
}

/**
 * Returns the hash by which a user approves a plan that its Change cannot show completely. It is keyed, and another one for each user: only
 * who was given the plan has it, and it is of no use in the Approval of another user.
 */
export function wholePlanHash(planHash: string, user: string, key: string): string {
  return hmacSha256(key, `whole plan ${planHash} ${user}`, 32);
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

function describeHook({ document: { id, origin }, spec }: Hook): PlannedAction {
  const reason = `runs as a hook: ${spec.phases.join(", ")}`;
  return { verb: "Hook", object: displayId(id), apiVersion: apiVersionOf(id), origin: formatOrigin(origin), reason };
}

function describeDocument(verb: PreviewedWrite["verb"], action: WriteAction): PlannedAction {
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
