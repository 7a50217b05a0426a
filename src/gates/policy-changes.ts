import { GROUP } from "../api/group.js";
import { known } from "./context.js";
import type { PlacedObject } from "./environments.js";
import type { Gate } from "./gate.js";

const ADMISSION_GROUP = "admissionregistration.k8s.io";
const POLICY_KINDS: ReadonlySet<string> = new Set(["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"]);
/** Part of the names of the admission policies of the chart. */
const POLICY_NAME = "overseer-gitops";

/** Holds a Change that writes or deletes Environments, or the admission policies of the chart, until a user has approved its plan. */
export const policyChangesGate: Gate = {
  name: "policyChanges",
  waitReason: "PolicyChanges",
  judge: ({ app, started, destination, approvals }) => {
    if (started) return { state: "Pass" };
    const { objects } = known(destination.placed, "which objects the plan changes");
    const policies = objects.filter(isPolicy);
    if (policies.length === 0) return { state: "Pass" };
    const { approvedBy } = known(approvals, "what users have decided");
    if (approvedBy !== undefined) return { state: "Pass", message: `approved by ${approvedBy}` };
    return {
      state: "Wait",
      message: `the plan changes who may change what: ${policies.map(({ kind, name }) => `${kind} ${name}`).join(", ")}`,
      opens: `users with the verb approve for OverseerApp ${app.metadata.name}, by an Approval`,
    };
  },
};

function isPolicy({ group, kind, name }: PlacedObject): boolean {
  if (group === GROUP) return kind === "Environment";
  return group === ADMISSION_GROUP && POLICY_KINDS.has(kind) && name.includes(POLICY_NAME);
}
