import type { Environment } from "../api/environment.js";
import type { OverseerApp } from "../api/overseer-app.js";
import { known } from "./context.js";
import { claimantsOf, environmentsOf, type PlacedObject } from "./environments.js";
import type { Gate } from "./gate.js";

/** Maximum number of objects in one message. */
const SHOWN = 5;

/** Holds a Change with objects in a place that an Environment claims to which the app does not belong. */
export const environmentGate: Gate = {
  name: "environment",
  waitReason: "Environment",
  judgesDeletions: true,
  watches: [{ kind: "Environment", concerns: () => true }],
  judge: ({ app, started, destination, lister, approvals }) => {
    if (started) return { state: "Pass" };
    const all = [...lister.list("Environment")];
    const gone = formerEnvironments(app, all);
    if (gone.length > 0) {
      const { approvedBy, brokenBy } = known(approvals, "what users have decided");
      if (approvedBy === undefined && brokenBy === undefined)
        return {
          state: "Wait",
          message: `Environment ${gone.join(", ")} has governed this app and does not any more: restore it, or approve the plan without it`,
          opens: `users with the verb approve for OverseerApp ${app.metadata.name}, by an Approval`,
        };
    }
    if (all.length === 0) return { state: "Pass" };
    const { place, objects } = known(destination.placed, "which objects the plan changes");
    const own = new Set(environmentsOf(app.metadata.namespace, all));
    const foreign = objects.flatMap((object) => {
      const claimants = claimantsOf(object, place, all);
      if (claimants.length === 0 || claimants.some((one) => own.has(one))) return [];
      return [
        `${describe(object)} is in a place of Environment ${claimants.map(({ metadata }) => metadata.name).join(", ")}`,
      ];
    });
    if (foreign.length === 0) return { state: "Pass" };
    const more = foreign.length > SHOWN ? `; and ${foreign.length - SHOWN} more` : "";
    return {
      state: "Wait",
      message: `${foreign.slice(0, SHOWN).join("; ")}${more}: apps of namespace ${app.metadata.namespace} may not write there; remove the documents, or add the namespace to the Environment`,
      opens: "administrators, by editing the Environment",
    };
  },
};

/** Returns the names of the Environments that have governed an app and do not any more. */
export function formerEnvironments({ metadata, status }: OverseerApp, all: Iterable<Environment>): string[] {
  const current = environmentsOf(metadata.namespace, all).map((one) => one.metadata.name);
  return (status?.environments ?? []).filter((name) => !current.includes(name));
}

function describe({ kind, namespace = "", name }: PlacedObject): string {
  return `${kind} ${namespace === "" ? "" : `${namespace}/`}${name}`;
}
