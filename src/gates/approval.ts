import type { Environment } from "../api/environment.js";
import type { ApprovalRule, AskingCause } from "../api/environment-gates.js";
import { shortRevision } from "../api/short-revision.js";
import type { SyncWindow } from "../api/sync-policy.js";
import { type GateContext, known } from "./context.js";
import { claimantsOf, environmentsOf, hasPlaceIn, type PlacedObject } from "./environments.js";
import type { Gate } from "./gate.js";
import { type Approver, expiryOf, whatLacks, whyIneligible } from "./quorum.js";

/** Holds a Change until the users whom its Environments ask for have approved its plan. */
export const approvalGate: Gate = {
  name: "approval",
  waitReason: "Approval",
  judgesDeletions: true,
  watches: [{ kind: "Environment", concerns: () => true }],
  judge: (context) => {
    const { app, started, approvals, inputs, now } = context;
    if (started) return { state: "Pass" };
    const asking = askingEnvironments(context);
    if (asking.length === 0) return { state: "Pass" };
    const { approvers, brokenBy, uncounted } = known(approvals, "what users have decided");
    if (brokenBy !== undefined) return { state: "Pass", message: `opened by ${brokenBy} by break-glass` };
    const eligible = ({ rule, windows }: Asking): Approver[] =>
      approvers.filter((one) => whyIneligible(one, rule, now, windows) === undefined);
    const lacks = asking.flatMap((one) => {
      const lack = whatLacks(one.rule, eligible(one));
      return lack === undefined ? [] : [`Environment ${one.name}: ${lack}`];
    });
    if (lacks.length === 0)
      return { state: "Pass", message: `approved by ${approvers.map(({ name }) => name).join(", ")}` };
    const expiries = asking.flatMap((one) =>
      eligible(one).map((approver) => expiryOf(approver, one.rule, one.windows)),
    );
    const remark = uncounted === undefined ? "" : `; ${uncounted}`;
    const { applied } = app.status ?? {};
    const stays = applied === undefined ? "nothing is applied" : `${shortRevision(applied.revision)} stays applied`;
    return {
      state: "Wait",
      message: `${lacks.join("; ")}${remark}`,
      opens: `users with the verb approve for OverseerApp ${app.metadata.name}, by Approvals; in an emergency users with break-glass`,
      otherwise: `${stays}; ${shortRevision(inputs.revision)} waits without end`,
      ...(expiries.length === 0 ? {} : { until: Math.min(...expiries) }),
    };
  },
};

interface Asking {
  readonly name: string;
  readonly rule: ApprovalRule;
  readonly windows: readonly SyncWindow[];
}

/** Returns the Environments whose approval a Change requires: its own, and the strictest for objects that belong to a whole cluster. */
function askingEnvironments(context: GateContext): Asking[] {
  const all = [...context.lister.list("Environment")];
  if (all.length === 0) return [];
  const own = environmentsOf(context.app.metadata.namespace, all);
  const concerned = new Set([...own, ...affectedByClusterObjects(context, all)]);
  return [...concerned].flatMap(({ metadata, spec }) => {
    const rule = spec.gates?.approval;
    return rule !== undefined && asks(rule, context)
      ? [{ name: metadata.name, rule, windows: spec.windows ?? [] }]
      : [];
  });
}

/** An object without a namespace that is not claimed concerns every Environment that has a place in its cluster. */
function affectedByClusterObjects({ destination }: GateContext, all: readonly Environment[]): Environment[] {
  const { place, objects } = known(destination.placed, "which objects the plan changes");
  if ("core" in place) return [];
  const isFree = (object: PlacedObject): boolean =>
    (object.namespace ?? "") === "" && !isNamespace(object) && claimantsOf(object, place, all).length === 0;
  return objects.some(isFree) ? all.filter((one) => hasPlaceIn(one, place.cluster)) : [];
}

function isNamespace({ group, kind }: PlacedObject): boolean {
  return group === "" && kind === "Namespace";
}

/** Reports whether a rule asks for a Change. What has passed its gates before is not asked for again. */
export function asks(rule: ApprovalRule, { app, cause, inputs, plan }: GateContext): boolean {
  switch (cause) {
    case "Rollback":
      return rule.onRollback;
    case "Deletion":
      return rule.onDeletion;
    case "Retry":
      return app.status?.applied?.key !== inputs.key;
    case "Sync":
      return true;
    case "Values":
      return includes(rule, cause) && !onlyUpdatesSecrets(plan);
    default:
      return includes(rule, cause);
  }
}

function includes({ causes }: ApprovalRule, cause: AskingCause): boolean {
  return causes.includes(cause);
}

function onlyUpdatesSecrets({ plan, planIncomplete }: GateContext["plan"]): boolean {
  if (planIncomplete !== undefined) return false;
  const actions = known(plan, "the plan");
  const changing = actions.filter(({ verb }) => verb !== "Keep");
  return (
    changing.length > 0 &&
    changing.every(
      ({ verb, object, apiVersion }) => verb === "Update" && apiVersion === "v1" && object.startsWith("Secret "),
    )
  );
}
