import { GROUP } from "../api/group.js";
import { type GateContext, known } from "./context.js";
import type { PlacedObject } from "./environments.js";
import type { Gate } from "./gate.js";

const ADMISSION_GROUP = "admissionregistration.k8s.io";
const RBAC_GROUP = "rbac.authorization.k8s.io";
const POLICY_KINDS: ReadonlySet<string> = new Set(["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"]);
/** Part of the names of the admission policies of the chart, unless it is installed with another name. */
const POLICY_NAME = "overseer-gitops";
/** Maximum number of objects in one message. */
const SHOWN = 5;

/**
 * Holds a Change that writes or deletes what says who may change what, until a user has approved its plan: Environments, the admission policies
 * of the operator under any name, and, where there are Environments, roles with the verbs of decisions.
 */
export const policyChangesGate: Gate = {
  name: "policyChanges",
  waitReason: "PolicyChanges",
  judge: async (context) => {
    const { app, started, destination, approvals } = context;
    if (started) return { state: "Pass" };
    const { objects } = known(destination.placed, "which objects the plan changes");
    const found = await powerful(context, objects);
    if (found.length === 0) return { state: "Pass" };
    const { approvedBy } = known(approvals, "what users have decided");
    if (approvedBy !== undefined) return { state: "Pass", message: `approved by ${approvedBy}` };
    const more = found.length > SHOWN ? ` and ${found.length - SHOWN} more` : "";
    return {
      state: "Wait",
      message: `the plan changes who may change what: ${found.slice(0, SHOWN).map(describe).join(", ")}${more}`,
      opens: `users with the verb approve for OverseerApp ${app.metadata.name}, by an Approval`,
    };
  },
};

async function powerful(context: GateContext, objects: readonly PlacedObject[]): Promise<PlacedObject[]> {
  const { destination, lister } = context;
  const place = destination.placed?.place;
  const isLocal = place !== undefined && "cluster" in place && place.cluster === undefined;
  const policies = objects.filter(({ group, kind }) => group === ADMISSION_GROUP && POLICY_KINDS.has(kind));
  const own = isLocal && policies.length > 0 ? await context.ownPolicies() : new Set<string>();
  const isGoverned = (): boolean => [...lister.list("Environment")].length > 0;
  return objects.filter(({ group, kind, name, power }) => {
    if (group === GROUP) return kind === "Environment";
    if (
      group === ADMISSION_GROUP &&
      POLICY_KINDS.has(kind) &&
      (name.includes(POLICY_NAME) || own.has(`${kind}/${name}`))
    )
      return true;
    if (!isLocal || power === undefined) return false;
    return group !== RBAC_GROUP || isGoverned();
  });
}

function describe({ kind, name, power, group }: PlacedObject): string {
  return power === undefined || group === GROUP ? `${kind} ${name}` : `${kind} ${name} (${power})`;
}
