import type { Change } from "../../../api/change.js";
import { shortRevision } from "../../../api/short-revision.js";
import { formatFields } from "../../output/table.js";
import { countsOf, formatPlan } from "../plan/format-plan.js";

/** Formats what a person has to see before a decision about a Change: what it is, its deletions and counts, the whole plan, the gates. */
export function reviewText({ metadata, spec, status }: Change, options: { readonly diff?: boolean } = {}): string {
  const plan = status?.plan ?? [];
  const deletions = plan.filter(({ verb }) => verb === "Delete");
  const gates = (status?.gates ?? []).filter(({ state }) => state !== "Pass");
  return [
    formatFields([
      ["Change", `${metadata.namespace}/${metadata.name}`],
      ["App", spec.app.name],
      ["Cause", spec.requester === undefined ? spec.cause : `${spec.cause} by ${spec.requester}`],
      ["Revision", spec.inputs && shortRevision(spec.inputs.revision, 12)],
      ["Phase", status?.phase],
      ["Plan", countsOf(plan)],
      ["Plan hash", status?.planHash],
    ]),
    deletions.length === 0 ? "" : `DELETES ${deletions.length} object${deletions.length === 1 ? "" : "s"}.\n`,
    formatPlan({ ...status, plan }, options),
    ...gates.map(({ name, state, message }) => `Gate ${name}: ${state}: ${message}\n`),
    ...(status?.approvals ?? []).map(
      ({ approver, decision, state, message }) => `${decision} by ${approver}: ${state}: ${message}\n`,
    ),
    ...(status?.refusals ?? []).map(
      ({ object, origin, message }) => `Refused: ${origin ?? ""} ${object}: ${message}\n`,
    ),
  ].join("");
}
