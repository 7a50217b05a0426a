import type { Change, FieldChange, PlannedAction } from "../../../api/change.js";
import { oneLine } from "../../output/plain-text.js";

/** Signs of actions, and whether the verb is worth a word. */
const SIGNS: Readonly<Record<PlannedAction["verb"], string>> = {
  Create: "+",
  Update: "~",
  Adopt: "~",
  Recreate: "!",
  Delete: "-",
  HandOver: ">",
  Keep: "=",
  Hook: "*",
};

/** Order in which actions are shown: what cannot be undone comes first. */
const ORDER: readonly PlannedAction["verb"][] = [
  "Delete",
  "Recreate",
  "HandOver",
  "Adopt",
  "Update",
  "Create",
  "Hook",
  "Keep",
];

/** The parts of a status that a plan is shown from. */
export type PlanStatus = Pick<NonNullable<Change["status"]>, "plan" | "omitted" | "planIncomplete" | "summary">;

/**
 * Formats a plan, deletions first: a line for each object with its action, reason and file, and a line for each field that differs.
 * Values of Secrets are masked in the plan already.
 */
export function formatPlan(
  { plan = [], omitted = 0, planIncomplete }: PlanStatus,
  options: { readonly diff?: boolean } = {},
): string {
  const sorted = ORDER.flatMap((verb) => plan.filter((action) => action.verb === verb));
  const lines = sorted.flatMap((action) => [
    actionLine(action),
    ...(options.diff === false ? [] : (action.diff ?? []).flatMap(fieldLines)),
  ]);
  if (omitted > 0) lines.push(`… and ${omitted} more action${omitted === 1 ? "" : "s"}`);
  if (planIncomplete !== undefined) lines.push(`The plan is not shown completely: ${oneLine(planIncomplete)}`);
  return lines.map((line) => `${line}\n`).join("");
}

/** Counts of a plan in words: `1 deleted, 2 updated, 3 created`; "nothing" for an empty one. */
export function countsOf(plan: readonly Pick<PlannedAction, "verb">[]): string {
  const words: Readonly<Record<PlannedAction["verb"], string>> = {
    Delete: "to delete",
    HandOver: "to hand over",
    Adopt: "to adopt",
    Recreate: "to re-create",
    Update: "to update",
    Create: "to create",
    Hook: "to run as hooks",
    Keep: "to keep",
  };
  const parts = ORDER.flatMap((verb) => {
    const count = plan.filter((action) => action.verb === verb).length;
    return count === 0 ? [] : [`${count} ${words[verb]}`];
  });
  return parts.length === 0 ? "nothing" : parts.join(", ");
}

function actionLine({ verb, object, origin, reason, result, error }: PlannedAction): string {
  const place = origin === undefined ? "" : `  ${origin}`;
  const why = reason === undefined ? "" : `  (${reason})`;
  const failed = result === "Failed" ? `  failed: ${error ?? "no message"}` : "";
  return oneLine(`${SIGNS[verb]} ${verb.toLowerCase()} ${object}${place}${why}${failed}`);
}

function fieldLines({ path, from, to }: FieldChange): string[] {
  if (from === undefined) return [oneLine(`    + ${path}: ${to ?? ""}`)];
  if (to === undefined) return [oneLine(`    - ${path}: ${from}`)];
  return [oneLine(`    ~ ${path}: ${from} → ${to}`)];
}
