import type { Environment } from "../api/environment.js";
import type { OverseerApp } from "../api/overseer-app.js";
import { type GateContext, known } from "./context.js";
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
  judge: (context) => {
    const { app, started, destination, lister, approvals } = context;
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
    const beginning = howItBegins(context, all);
    if (beginning !== undefined) {
      const { approvedBy, brokenBy } = known(approvals, "what users have decided");
      if (approvedBy === undefined && brokenBy === undefined)
        return {
          state: "Wait",
          message: `${beginning}: approve the plan`,
          opens: `users with the verb approve for OverseerApp ${app.metadata.name}, by an Approval`,
        };
    }
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

/**
 * Returns why a Change of an app for which nothing counts as applied is none like others: its status is not signed, or it takes over objects
 * that exist, as after the app was deleted without its objects and created again. Undefined otherwise, and where no gate could be passed by.
 */
function howItBegins({ app, cause, destination, isStatusUnsigned }: GateContext, all: readonly Environment[]) {
  if (app.status?.applied !== undefined || cause === "Deletion" || cause === "Rollback") return undefined;
  const names = environmentsOf(app.metadata.namespace, all)
    .filter(isGuarded)
    .map(({ metadata }) => metadata.name);
  if (names.length === 0) return undefined;
  const environment = `Environment ${names.join(", ")}`;
  if (isStatusUnsigned)
    return `the applied inputs in the status of this app of ${environment} are not signed by the operator, and do not count`;
  const { objects } = known(destination.placed, "which objects the plan changes");
  const existing = objects.filter(({ exists }) => exists);
  if (existing.length === 0) return undefined;
  const shown = existing.slice(0, SHOWN).map(describe).join(", ");
  const more = existing.length > SHOWN ? ` and ${existing.length - SHOWN} more` : "";
  return `this app of ${environment} has applied nothing yet, and its plan takes over objects that exist: ${shown}${more}`;
}

/** Reports whether an Environment has gates that compare with what was applied before. */
function isGuarded({ spec: { gates, promotesFrom = [] } }: Environment): boolean {
  const { approval, review, checks = [] } = gates ?? {};
  return approval !== undefined || review !== undefined || checks.length > 0 || promotesFrom.length > 0;
}

/** Returns the names of the Environments that have governed an app and do not any more. */
export function formerEnvironments({ metadata, status }: OverseerApp, all: Iterable<Environment>): string[] {
  const current = environmentsOf(metadata.namespace, all).map((one) => one.metadata.name);
  return (status?.environments ?? []).filter((name) => !current.includes(name));
}

function describe({ kind, namespace = "", name }: PlacedObject): string {
  return `${kind} ${namespace === "" ? "" : `${namespace}/`}${name}`;
}
