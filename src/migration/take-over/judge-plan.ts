import type { ChangeStatus, FieldChange, PlannedAction } from "../../api/change.js";

/** What taking ownership of an object changes. */
export type PlanClass =
  | "equal"
  | "metadata"
  | "fields"
  | "create"
  | "restart"
  | "scale"
  | "immutable"
  | "delete"
  | "hook"
  | "other";

/** A plan by what it changes. */
export interface PlanJudgement {
  /** Objects of each class. */
  readonly classes: Readonly<Partial<Record<PlanClass, readonly string[]>>>;
  /** Why apps must not be taken over by this plan; empty if they may be. */
  readonly stops: readonly string[];
  /** Definitions of custom resources that are updated, which changes them for all of their objects. */
  readonly updatedDefinitions: readonly string[];
  /** Labels that are removed from objects: something may select by them. */
  readonly removedLabels: readonly string[];
}

/** Kinds whose pods are replaced when the template changes. */
const WITH_PODS = new Set(["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Rollout"]);
/** Labels by which tools recognize their objects. */
const MARKS =
  /^(kustomize|helm)\.toolkit\.fluxcd\.io\/|^argocd\.argoproj\.io\/|^gitops\.overseer\.io\/|^app\.kubernetes\.io\/managed-by$/;

/** Objects by which another tool writes others. */
const TOOL_KINDS =
  /^(argoproj\.io\/\S+ Application(Set)?|kustomize\.toolkit\.fluxcd\.io\/\S+ Kustomization|helm\.toolkit\.fluxcd\.io\/\S+ HelmRelease) /;
const CREATED_AGAIN =
  "it would be created again, so that the other tool writes its objects again: remove its manifest from Git";

function isOfTool({ apiVersion, object }: PlannedAction): boolean {
  return TOOL_KINDS.test(`${apiVersion} ${object}`);
}

const STOPS: Readonly<Partial<Record<PlanClass, string>>> = {
  restart: "its pod template differs, so that its pods would be replaced",
  scale: "it has more replicas than in Git, so that pods would be deleted",
  immutable: "it would be deleted and created again, because a field cannot be changed",
  delete: "it would be deleted",
  hook: "a hook would run",
  other: "it would go to another app, or be kept back",
};

/** Judges the plan of an app that is to take over: pods must not be replaced, and nothing may be deleted. */
export function judgePlan(
  status: Pick<ChangeStatus, "plan" | "omitted" | "planIncomplete" | "refusals">,
): PlanJudgement {
  const classes: Partial<Record<PlanClass, string[]>> = {};
  const stops: string[] = [];
  for (const { object, message, origin } of status.refusals ?? [])
    stops.push(`${object}${origin === undefined ? "" : ` (${origin})`}: ${message}`);
  for (const action of status.plan ?? []) {
    const found = classOf(action);
    classes[found] = [...(classes[found] ?? []), action.object];
    const why = found === "create" && isOfTool(action) ? CREATED_AGAIN : STOPS[found];
    if (why !== undefined)
      stops.push(
        `${action.object}${action.origin === undefined ? "" : ` (${action.origin})`}: ${why}${detailOf(action, found)}`,
      );
  }
  if ((status.omitted ?? 0) > 0 || status.planIncomplete !== undefined)
    stops.push(`the plan is not shown completely: ${status.planIncomplete ?? `${status.omitted} actions are missing`}`);
  const updatedDefinitions = (classes.fields ?? []).filter((object) => object.startsWith("CustomResourceDefinition "));
  return { classes, stops, updatedDefinitions, removedLabels: removedLabels(status.plan ?? []) };
}

/**
 * Returns what would become of objects that belong to the other tool and are in no plan: whether they are only left, or have a counterpart of another
 * name that would be created beside them, as after a conversion with another release name. Objects are as in plans, `KIND NAMESPACE/NAME`.
 */
export function judgeLeft(
  left: readonly string[],
  created: readonly string[],
): { readonly doubled: readonly string[]; readonly harmless: readonly string[] } {
  const kindOf = (object: string): string => object.slice(0, object.indexOf(" "));
  const kinds = new Set(created.map(kindOf));
  return {
    doubled: left.filter((object) => kinds.has(kindOf(object))),
    harmless: left.filter((object) => !kinds.has(kindOf(object))),
  };
}

function classOf({ verb, object, diff = [] }: PlannedAction): PlanClass {
  if (verb === "Delete") return "delete";
  if (verb === "Recreate") return "immutable";
  if (verb === "Hook") return "hook";
  if (verb === "Create") return "create";
  if (verb === "HandOver") return "other";
  if (verb === "Keep" || diff.length === 0) return "equal";
  const kind = object.slice(0, object.indexOf(" "));
  if (WITH_PODS.has(kind) && diff.some(({ path }) => isTemplate(path))) return "restart";
  if (WITH_PODS.has(kind) && diff.some(isReduction)) return "scale";
  return diff.every(({ path }) => /^\.?metadata(\.|\[)/.test(path)) ? "metadata" : "fields";
}

/** Without replicas in Git, the API server sets 1. */
function isReduction({ path, from, to = "1" }: FieldChange): boolean {
  return /^\.?spec\.replicas$/.test(path) && Number(to) < Number(from);
}

function isTemplate(path: string): boolean {
  return /^\.?spec\.template(\.|\[|$)/.test(path) || /^\.?spec$/.test(path);
}

function detailOf({ diff = [] }: PlannedAction, found: PlanClass): string {
  const paths = diff.map(({ path }) => path).filter((path) => found !== "restart" || isTemplate(path));
  return paths.length === 0 ? "" : `: ${paths.slice(0, 5).join(", ")}${paths.length > 5 ? ", …" : ""}`;
}

function removedLabels(plan: readonly PlannedAction[]): readonly string[] {
  const labels = plan.flatMap(({ object, diff = [] }) =>
    diff.flatMap(({ path, to }) => {
      const label = /^\.?metadata\.labels(?:\.|\["?)([^"\]]+)/.exec(path)?.[1];
      return label === undefined || to !== undefined || MARKS.test(label) ? [] : [`${label} of ${object}`];
    }),
  );
  return [...new Set(labels)];
}
