import type { ChangeDetail, NewObjects, PlannedAction, WholePlan } from "../../api/types.js";

/** The plan of a Change as a user has seen it. */
export interface SeenPlan {
  readonly hash: string;
  /** Whether nothing of it is missing. */
  readonly complete: boolean;
  readonly actions: readonly PlannedAction[];
}

/** What differs between two plans, for a user who has seen the first. */
export interface PlanDifference {
  readonly added: readonly PlannedAction[];
  readonly removed: readonly PlannedAction[];
  readonly changed: readonly PlannedAction[];
}

const ORDER: Readonly<Record<PlannedAction["verb"], number>> = {
  Delete: 0,
  Recreate: 1,
  Update: 2,
  Create: 3,
  Adopt: 4,
  Hook: 5,
  HandOver: 6,
  Keep: 7,
};

/** Returns the plan that a Change has now: the whole one if it was loaded. Undefined while there is none. */
export function planOf({ status }: ChangeDetail, whole?: WholePlan): SeenPlan | undefined {
  if (status?.planHash === undefined) return undefined;
  if (whole !== undefined) return { hash: whole.planHash, complete: whole.complete, actions: whole.actions };
  return { hash: status.planHash, complete: status.planIncomplete === undefined, actions: status.plan ?? [] };
}

/** Returns the actions with the fields of those objects that are created, as far as they are known. */
export function withNewFields(
  actions: readonly PlannedAction[],
  created: NewObjects | undefined,
): readonly PlannedAction[] {
  const fields = new Map((created?.items ?? []).map((one) => [`${one.apiVersion} ${one.object}`, one.diff]));
  return actions.map((action) => {
    const diff = isNew(action) && action.diff === undefined ? fields.get(keyOf(action)) : undefined;
    return diff === undefined ? action : { ...action, diff };
  });
}

/** Whether the object of an action is in no plan with its fields. */
export function isNew({ verb }: PlannedAction): boolean {
  return verb === "Create" || verb === "Hook";
}

/** Returns the actions of a plan, deletions first, then by object. */
export function inOrder(actions: readonly PlannedAction[]): readonly PlannedAction[] {
  return [...actions].sort((a, b) => ORDER[a.verb] - ORDER[b.verb] || (a.object < b.object ? -1 : 1));
}

/** Identifies an action in a URL and among others. */
export function keyOf({ apiVersion, object }: PlannedAction): string {
  return `${apiVersion} ${object}`;
}

/** Compares two plans by object. */
export function differenceOf(before: SeenPlan, after: SeenPlan): PlanDifference {
  const old = new Map(
    before.actions.map((action) => [keyOf(action), JSON.stringify([action.verb, action.diff ?? []])]),
  );
  const now = new Set(after.actions.map(keyOf));
  return {
    added: after.actions.filter((action) => !old.has(keyOf(action))),
    removed: before.actions.filter((action) => !now.has(keyOf(action))),
    changed: after.actions.filter((action) => {
      const text = old.get(keyOf(action));
      return text !== undefined && text !== JSON.stringify([action.verb, action.diff ?? []]);
    }),
  };
}

/** Returns the actions that delete an object, also if it is created again. */
export function deletionsOf(actions: readonly PlannedAction[]): readonly PlannedAction[] {
  return inOrder(actions).filter(({ verb }) => verb === "Delete" || verb === "Recreate");
}

/** Returns what a plan does, as a button says it: `create 1, change 2 and delete 1 object`. */
export function effectOf(actions: readonly PlannedAction[]): string {
  const count = (...verbs: readonly PlannedAction["verb"][]): number =>
    actions.filter(({ verb }) => verbs.includes(verb)).length;
  const hooks = count("Hook");
  const objects = [
    { verb: "create", number: count("Create") },
    { verb: "change", number: count("Update", "Adopt") },
    { verb: "delete", number: count("Delete") },
    { verb: "delete and re-create", number: count("Recreate") },
    { verb: "hand over", number: count("HandOver") },
  ].filter(({ number }) => number > 0);
  const parts = objects.map(({ verb, number }, index) => {
    const noun = number === 1 ? " object" : " objects";
    return `${verb} ${number}${index === objects.length - 1 ? noun : ""}`;
  });
  if (hooks > 0) parts.push(`run ${hooks} ${hooks === 1 ? "hook" : "hooks"}`);
  if (parts.length === 0) return "change nothing";
  const last = parts.pop() ?? "";
  return parts.length === 0 ? last : `${parts.join(", ")} and ${last}`;
}
