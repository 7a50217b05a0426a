import type { Change } from "../../../api/change.js";
import { shortRevision } from "../../../api/short-revision.js";
import { timeAndAge } from "../../output/age.js";
import { formatFields, formatTable, indent } from "../../output/table.js";
import { formatPlan } from "../plan/format-plan.js";
import { describeConditions, notesOf, section } from "./app.js";

/** Formats a Change for a person, with its plan if that is wanted. */
export function describeChange(change: Change, options: { readonly plan: boolean; readonly now?: number }): string {
  const { metadata, spec, status } = change;
  const { plan, now = Date.now() } = options;
  const gates = (status?.gates ?? []).map(({ name, state, since, message }) => [
    name,
    state,
    timeAndAge(since, now)?.replace(/^.*\((.*) ago\)$/, "$1"),
    message,
  ]);
  const approvals = (status?.approvals ?? []).map((approval) => [
    approval.name,
    approval.approver,
    approval.decision,
    approval.state,
    approval.message,
    approval.comment ?? "",
  ]);
  return [
    formatFields([
      ["Name", metadata.name],
      ["Namespace", metadata.namespace],
      ["App", spec.app.name],
      ["Cause", spec.cause],
      ["Requester", spec.requester],
      ["Dry run", spec.dryRun === true ? "yes" : undefined],
      ["Rolls back to", spec.rollbackTo?.change],
      ["Revision", spec.inputs && shortRevision(spec.inputs.revision, 40)],
      ["Phase", status?.phase],
      ["Message", status?.message && shortRevision(status.message, 12)],
      ["Waiting for", status?.waitingFor],
      ["Plan", status?.summary],
      ["Plan hash", status?.planHash],
      ["Plan incomplete", status?.planIncomplete],
      ["Attempts", status?.attempts],
      ["Created", timeAndAge(metadata.creationTimestamp, now)],
      ["Applied", timeAndAge(status?.appliedTime, now)],
      ["Completed", timeAndAge(status?.completionTime, now)],
    ]),
    gates.length === 0 ? "" : `Gates:\n${indent(formatTable(["Name", "State", "Since", "Message"], gates))}`,
    approvals.length === 0
      ? ""
      : `Approvals:\n${indent(formatTable(["Name", "Approver", "Decision", "State", "Message", "Comment"], approvals))}`,
    section(
      "Refusals",
      (status?.refusals ?? []).map(
        ({ object, origin, message }) => `${origin === undefined ? "" : `${origin}: `}${object}: ${message}`,
      ),
    ),
    section(
      "Hooks",
      (status?.hooks ?? []).map(
        ({ phase, object, state, message }) =>
          `${phase} ${object}: ${state}${message === undefined ? "" : ` (${message})`}`,
      ),
    ),
    section("Notes", notesOf(status ?? {})),
    plan && status?.plan !== undefined && status.plan.length > 0 ? `Plan:\n${indent(formatPlan(status))}` : "",
    describeConditions(status?.conditions, now),
  ].join("");
}
