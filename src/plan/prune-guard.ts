import { ANNOTATION_PRUNE } from "../api/group.js";
import { keepRuling } from "../manifest/keep-annotations.js";
import type { ObjectId } from "../manifest/object-id.js";
import { runsToEnd } from "./hooks.js";
import type { LiveObject } from "./live.js";
import { neededByKept } from "./needed-by-kept.js";
import { pruneBudget } from "./prune-budget.js";
import type { FinalizeRequest, KeepReason, PruneRequest } from "./prune-facts.js";

export type { FinalizeRequest, KeepReason, PruneRequest } from "./prune-facts.js";

/** Kinds whose deletion always requires approval, because it deletes state that Git cannot restore. */
const ALWAYS_NEEDS_APPROVAL: ReadonlySet<string> = new Set([
  "/Namespace",
  "/PersistentVolume",
  "/PersistentVolumeClaim",
  "apiextensions.k8s.io/CustomResourceDefinition",
  "gitops.overseer.io/OverseerApp",
  "gitops.overseer.io/OverseerAppSet",
  "gitops.overseer.io/GitRepository",
  "gitops.overseer.io/Environment",
]);

/** Annotation with which a user approves the deletion of one object. */
const CONFIRM = `${ANNOTATION_PRUNE}: confirmed`;

/** Why the deletion of a StatefulSet may lose data. */
const DELETES_VOLUMES = "persistentVolumeClaimRetentionPolicy.whenDeleted: Delete deletes its volume claims";

/**
 * Permission to delete one object in one state. Only this file issues permits, and destinations delete nothing without one, so
 * that every delete of the product passes the rules below.
 */
export class DeletePermit {
  readonly #live: LiveObject;
  private constructor(live: LiveObject) {
    this.#live = live;
  }

  /** The object, with uid and resourceVersion as preconditions of the delete. */
  get live(): LiveObject {
    return this.#live;
  }

  /** Issues a permit; only for this file. */
  static issue(live: LiveObject, proof: typeof ISSUER): DeletePermit {
    if (proof !== ISSUER) throw new Error("only the prune guard issues delete permits");
    return new DeletePermit(live);
  }
}
const ISSUER = Symbol("prune-guard");

/** Decision about one prune candidate. */
export type PruneDecision =
  | {
      readonly verb: "Delete";
      readonly live: LiveObject;
      readonly permit: DeletePermit;
      readonly needsApproval: boolean;
    }
  | { readonly verb: "HandOver"; readonly live: LiveObject; readonly to: string }
  | { readonly verb: "Keep"; readonly live: LiveObject; readonly reason: KeepReason; readonly message: string };

/** Verdict on a prune. */
export interface PruneVerdict {
  readonly decisions: readonly PruneDecision[];
  /** Why nothing may be deleted now: the whole Change fails or waits. */
  readonly refusal: string | undefined;
  /** Why the Change requires approval, if it does. */
  readonly approval: string | undefined;
}

/** Judges the prune candidates of a sync. Never called after a failed render, which leaves no desired set to compare with. */
export function judgePrune(request: PruneRequest): PruneVerdict {
  if (request.pruneCandidates.length === 0) return { decisions: [], refusal: undefined, approval: undefined };
  if (!request.observationComplete) {
    return {
      decisions: [],
      refusal: "some kinds of this app could not be listed: nothing is deleted until all of them can be listed",
      approval: undefined,
    };
  }
  const decisions = spareNeeded(request.pruneCandidates.map((live) => judgeCandidate(live, request)));
  const deletes = decisions.filter((decision) => decision.verb === "Delete");
  if (request.desired === 0 && deletes.length > 0 && !request.allowEmpty) {
    return {
      decisions,
      refusal: `the source contains no documents, which would delete all ${deletes.length} objects: check source.path, include and exclude, or set sync.allowEmpty if this is intended`,
      approval: undefined,
    };
  }
  return { decisions, refusal: undefined, approval: approvalReason(deletes, request) };
}

function judgeCandidate(
  live: LiveObject,
  request: Pick<PruneRequest, "claimedBy" | "awaitedBy" | "prune" | "unread">,
): PruneDecision {
  if (live.deleting) return keep(live, "AlreadyDeleting", "is already being deleted");
  if (live.paused) return keepPaused(live);
  const claimant = request.claimedBy(live);
  if (claimant !== undefined && live.ownership === "Owned") return { verb: "HandOver", live, to: claimant };
  const awaited = live.ownership === "Owned" ? request.awaitedBy?.(live) : undefined;
  if (awaited !== undefined) return keep(live, "Awaited", `removed from Git; kept because ${awaited}`);
  if (!request.prune) return keep(live, "PruneDisabled", "removed from Git; kept because sync.prune is false");
  if (request.unread !== undefined && live.deletionConfirmed !== true)
    return keep(live, "SourceUnread", `is in no rendered document; kept because of ${request.unread}`);
  const ruling = rulingOn(live, "prune");
  if (ruling?.effect === "Keep") {
    const way = `annotate the object ${CONFIRM} to delete it`;
    return keep(live, "ProtectedObject", `removed from Git; kept because it is annotated ${ruling.mark}; ${way}`);
  }
  if (live.ownership !== "Owned")
    return keep(
      live,
      "NotProven",
      "has the app's labels but no managedFields entry of the app, so ownership is not proven: delete it manually if it is not needed",
    );
  const needsApproval = live.deletionConfirmed !== true && (ruling?.effect === "Ask" || alwaysNeedsApproval(live));
  return { verb: "Delete", live, permit: DeletePermit.issue(live, ISSUER), needsApproval };
}

/** Returns the protection of an object by annotations; none if a user has confirmed its deletion. */
function rulingOn(live: LiveObject, on: "prune" | "deletion"): ReturnType<typeof keepRuling> {
  return live.deletionConfirmed ? undefined : keepRuling(live.keepAnnotations, on);
}

/** Reports whether a prune would delete any of these objects, regardless of approvals and budget. */
export function anyToPrune(pruneCandidates: readonly LiveObject[], unread?: string): boolean {
  const noClaims = { claimedBy: () => undefined, prune: true, unread };
  return spareNeeded(pruneCandidates.map((live) => judgeCandidate(live, noClaims))).some(({ verb }) => verb !== "Keep");
}

function approvalReason(
  deletes: readonly { readonly live: LiveObject; readonly needsApproval: boolean }[],
  request: PruneRequest,
): string | undefined {
  const needingApproval = deletes.filter((decision) => decision.needsApproval);
  if (needingApproval.length > 0) return `${describeApprovalNeed(needingApproval, "prune")}, or restore it in Git`;
  const { environmentBudgets = [] } = request;
  const own = pruneBudget(request.budget, request.live);
  const allowed = Math.min(own, ...environmentBudgets.map((budget) => pruneBudget(budget, request.live)));
  const counted = deletes.filter(({ live }) => live.deletionConfirmed !== true).length;
  const isExempt = request.desired === 0 && request.allowEmpty && environmentBudgets.length === 0;
  if (counted <= allowed || isExempt) return undefined;
  if (allowed < own)
    return `would delete ${counted} of ${request.live} objects, which exceeds the prune budget of ${allowed} of its Environment`;
  return `would delete ${counted} of ${request.live} objects, which exceeds the prune budget of ${allowed}: raise sync.pruneBudget to at least ${counted} if this is intended`;
}

/** Describes which deletions require approval, and how to give it. */
function describeApprovalNeed(
  needingApproval: readonly { readonly live: LiveObject }[],
  on: "prune" | "deletion",
): string {
  const names = needingApproval.map(({ live }) => {
    const mark = rulingOn(live, on)?.mark;
    const volumes = live.deletesVolumes ? " with its volume claims" : "";
    return `${live.id.kind} ${live.id.name}${volumes}${mark === undefined ? "" : ` (annotated ${mark})`}`;
  });
  const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
  const each = names.length === 1 ? "the object" : "each object";
  return `would delete ${names.slice(0, 5).join(", ")}${more}, which requires approval: annotate ${each} ${CONFIRM} to delete it, or ${ANNOTATION_PRUNE}: disabled to keep it`;
}

/** Reports whether deleting this kind of object always requires approval, or it deletes volume claims. */
export function alwaysNeedsApproval(live: LiveObject): boolean {
  return live.deletesVolumes === true || ALWAYS_NEEDS_APPROVAL.has(`${live.id.group}/${live.id.kind}`);
}

/**
 * Judges the deletion of an object that is created again at once, because a field of it cannot be changed. Kinds and objects that are
 * protected from deletion need the confirmation of a user on the live object.
 */
export function judgeRecreation(
  live: LiveObject,
):
  | { readonly permit: DeletePermit; readonly refusal?: undefined }
  | { readonly permit?: undefined; readonly refusal: string } {
  if (live.paused) return { refusal: "it is annotated gitops.overseer.io/reconcile: disabled" };
  if (live.ownership !== "Owned" || live.deleting)
    return { refusal: "the app does not own it, or it is being deleted" };
  const mark = rulingOn(live, "prune")?.mark;
  const isProtected = mark !== undefined || (alwaysNeedsApproval(live) && live.deletionConfirmed !== true);
  if (!isProtected) return { permit: DeletePermit.issue(live, ISSUER) };
  if (mark === undefined && live.deletesVolumes) {
    const refusal = `${DELETES_VOLUMES}: set it to Retain first, or annotate the live object ${CONFIRM}`;
    return { refusal };
  }
  const why = mark === undefined ? `the deletion of a ${live.id.kind} requires approval` : `it is annotated ${mark}`;
  return { refusal: `${why}: annotate the live object ${CONFIRM} to have it re-created, or restore the field in Git` };
}

/** Permits the deletion of a hook's object, or of a Job or Pod that has become a hook, unless it needs approval or is to be kept. */
export function permitHookDeletion(live: LiveObject): DeletePermit | undefined {
  const isProtected = alwaysNeedsApproval(live) && live.deletionConfirmed !== true;
  if (live.paused || isProtected || rulingOn(live, "prune") !== undefined) return undefined;
  return (live.hook !== undefined || runsToEnd(live.id)) && live.ownership === "Owned" && !live.deleting
    ? DeletePermit.issue(live, ISSUER)
    : undefined;
}

/** Judges all objects of an app that is being deleted. */
export function judgeFinalize(request: FinalizeRequest): PruneVerdict {
  if (request.policy === "Orphan" || request.suspended) {
    const [reason, why]: [KeepReason, string] = request.suspended
      ? ["Suspended", "kept because the app is suspended"]
      : ["Orphaned", "kept because of deletionPolicy Orphan"];
    return {
      decisions: request.objects.map((live) => keep(live, reason, why)),
      refusal: undefined,
      approval: undefined,
    };
  }
  if (!request.observationComplete) {
    return {
      decisions: [],
      refusal:
        "some kinds of this app could not be listed: nothing is deleted until all of them can be listed; set deletionPolicy: Orphan to delete the app without its objects",
      approval: undefined,
    };
  }
  const decisions = spareNeeded(request.objects.map((live) => judgeFinal(live, request)));
  const needingApproval = decisions.filter((decision) => decision.verb === "Delete" && decision.needsApproval);
  const approval = needingApproval.length === 0 ? undefined : describeApprovalNeed(needingApproval, "deletion");
  return { decisions, refusal: undefined, approval };
}

/** Keeps objects that kept objects depend on, transitively. */
function spareNeeded(decisions: readonly PruneDecision[]): readonly PruneDecision[] {
  let judged = decisions;
  for (;;) {
    const staying = judged.filter(outlives);
    const ids = { staying: staying.map(idOf), kept: staying.filter(({ verb }) => verb === "Keep").map(idOf) };
    const next = judged.map((decision) => {
      const need = decision.verb === "Delete" ? neededByKept(decision.live.id, ids) : undefined;
      if (need === undefined) return decision;
      return keep(decision.live, need.holds ? "NamespaceInUse" : "NeededByKept", need.message);
    });
    if (next.every((decision, at) => decision === judged[at])) return judged;
    judged = next;
  }
}

const idOf = ({ live }: PruneDecision): ObjectId => live.id;

/** Reports whether an object is kept, or transferred to another app. */
function outlives(decision: PruneDecision): boolean {
  return decision.verb === "HandOver" || (decision.verb === "Keep" && !decision.live.deleting);
}

function judgeFinal(live: LiveObject, request: FinalizeRequest): PruneDecision {
  if (live.deleting) return judgeTerminating(live, request);
  if (live.paused) return keepPaused(live);
  const claimant = request.claimedBy(live);
  if (claimant !== undefined && live.ownership === "Owned") return { verb: "HandOver", live, to: claimant };
  const ruling = rulingOn(live, "deletion");
  if (ruling?.effect === "Keep") return keep(live, "ProtectedObject", `kept because it is annotated ${ruling.mark}`);
  if (live.ownership !== "Owned")
    return keep(live, "NotProven", "kept because it has no managedFields entry of the app");
  if (request.policy === "Delete" && alwaysNeedsApproval(live) && live.deletionConfirmed !== true) {
    if (live.id.kind !== "Namespace" || live.id.group !== "") {
      const why = live.deletesVolumes ? `, because ${DELETES_VOLUMES}` : "";
      return keep(live, "DeletionPolicy", `kept by deletionPolicy Delete${why}; DeleteAll deletes it too`);
    }
    const other = request.namespaceInUse(live.id.name);
    if (other !== undefined) return keep(live, "NamespaceInUse", `kept because it still holds ${other}`);
  }
  return { verb: "Delete", live, permit: DeletePermit.issue(live, ISSUER), needsApproval: ruling?.effect === "Ask" };
}

/** Judges an object that is already being deleted. Does not wait for one that the policy would keep. */
function judgeTerminating(live: LiveObject, { policy }: FinalizeRequest): PruneDecision {
  const message = "is already being deleted";
  const kept =
    policy === "Delete" && live.id.kind !== "Namespace" && alwaysNeedsApproval(live) && !live.deletionConfirmed;
  if (kept) return keep(live, "DeletionPolicy", `${message}; not waited for, because deletionPolicy Delete keeps it`);
  return keep(live, "AlreadyDeleting", message);
}

/** Keeps an object whose reconciliation a user has disabled, whether or not it is desired. */
export function keepPaused(live: LiveObject): PruneDecision {
  return keep(live, "Paused", "not reconciled because it is annotated gitops.overseer.io/reconcile: disabled");
}

function keep(live: LiveObject, reason: KeepReason, message: string): PruneDecision {
  return { verb: "Keep", live, reason, message };
}
