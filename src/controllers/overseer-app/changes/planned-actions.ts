import type { Change, PlannedAction } from "../../../api/change.js";
import { displayId, type ObjectId } from "../../../manifest/object-id.js";
import type { Plan } from "../../../plan/plan.js";

/** An action that the plan of a Change has to name before it is carried out. */
export interface DecidedAction {
  readonly verb: PlannedAction["verb"];
  readonly id: ObjectId;
}

/** What an action of the plan permits beside itself: less than what was approved. */
const PERMITS: Partial<Record<PlannedAction["verb"], ReadonlySet<PlannedAction["verb"]>>> = {
  Delete: new Set(["HandOver", "Keep"]),
};

/** Objects that Kubernetes makes in each new namespace, before the Change that creates it can. */
const MADE_BY_KUBERNETES: ReadonlySet<string> = new Set(["ServiceAccount default", "ConfigMap kube-root-ca.crt"]);

/** Returns what the plan of a Change says about an object; undefined if nothing. Its version may be another one after a restart. */
export function plannedAction({ status }: Pick<Change, "status">, id: ObjectId): PlannedAction | undefined {
  const object = displayId(id);
  const isOfGroup = (apiVersion: string): boolean =>
    (apiVersion.includes("/") ? apiVersion.split("/", 1)[0] : "") === id.group;
  return status?.plan?.find((action) => action.object === object && isOfGroup(action.apiVersion));
}

/** Reports whether the plan of a Change names an action. Actions that did not fit into it may be among the omitted ones. */
export function isPlanned(change: Pick<Change, "status">, { verb, id }: DecidedAction): boolean {
  const planned = plannedAction(change, id);
  if (planned === undefined) return (change.status?.omitted ?? 0) > 0;
  if (planned.verb === "Create" && verb === "Adopt" && MADE_BY_KUBERNETES.has(planned.object.replace(/ .*\//, " ")))
    return true;
  return planned.verb === verb || PERMITS[planned.verb]?.has(verb) === true;
}

const PERMITTING: ReadonlySet<string> = new Set(["Approve", "BreakGlass"]);

/** Actions that lose something: what an approved plan does not name, has to be approved before. */
const LOSSES: ReadonlySet<PlannedAction["verb"]> = new Set(["Delete", "Recreate", "Adopt", "HandOver"]);

/**
 * Returns what a plan loses that users have not approved: the plan of a Change that has begun is computed anew at each step, and what the
 * API server, other apps or live objects say by then may make more of it. Empty if no user had to approve.
 */
export function unapprovedLosses(
  change: Pick<Change, "status">,
  plan: Pick<Plan, "writes" | "pruneCandidates">,
): DecidedAction[] {
  const isApproved = change.status?.approvals?.some(
    ({ state, decision }) => state === "Counted" && PERMITTING.has(decision),
  );
  if (isApproved !== true) return [];
  const decided = [
    ...plan.writes.map(({ verb, action }) => ({ verb, id: action.document.id })),
    ...plan.pruneCandidates.map(({ verb, live }) => ({ verb, id: live.id })),
  ];
  return decided.filter((action) => LOSSES.has(action.verb) && !isPlanned(change, action));
}

/** Says why a Change ends that would lose what its approved plan does not name. */
export function describeUnapproved(actions: readonly DecidedAction[]): string {
  const shown = actions.slice(0, 5).map(({ verb, id }) => `${verb} ${displayId(id)}`);
  const more = actions.length > shown.length ? ` and ${actions.length - shown.length} more` : "";
  return `its approved plan does not name what it would do now: ${shown.join(", ")}${more}; another Change asks for that`;
}
