import type { Environment } from "../api/environment.js";
import { ApprovalRule, type AskingCause } from "../api/environment-gates.js";
import { hasSameSource } from "../api/inputs.js";
import { shortRevision } from "../api/short-revision.js";
import type { SyncWindow } from "../api/sync-policy.js";
import { type Authors, personOf, whyAuthor } from "./authors.js";
import { type GateContext, known } from "./context.js";
import { claimantsOf, environmentsOf, hasPlaceIn, type PlacedObject } from "./environments.js";
import type { Gate, GateVerdict } from "./gate.js";
import { type Approver, expiryOf, whatLacks, whatLacksWithoutAny, whyIneligible } from "./quorum.js";

/** What an Environment without `gates.approval` asks for if a Change brings what no earlier Environment has tested. */
const ONE_APPROVAL = ApprovalRule.parse({});
/** Maximum number of authors in one message. */
const SHOWN_AUTHORS = 5;

/** Holds a Change until the users whom its Environments ask for have approved its plan. */
export const approvalGate: Gate = {
  name: "approval",
  waitReason: "Approval",
  judgesDeletions: true,
  watches: [{ kind: "Environment", concerns: () => true }],
  judge: async (context) => {
    const { app, started, approvals } = context;
    if (started) return { state: "Pass" };
    const asking = await askingEnvironments(context);
    if (asking.length === 0) return { state: "Pass" };
    const { approvers, brokenBy, uncounted } = known(approvals, "what users have decided");
    if (brokenBy !== undefined) return { state: "Pass", message: `opened by ${brokenBy} by break-glass` };
    const unrepeatable = await context.unrepeatable();
    if (unrepeatable !== undefined) return cannotBeApproved(context, unrepeatable);
    const judged = await Promise.all(asking.map((one) => quorumOf(one, approvers, context)));
    const lacks = judged.flatMap(({ lack }, index) =>
      lack === undefined
        ? []
        : [`Environment ${asking[index]?.environment.metadata.name}: ${lack}${whyAsked(asking[index])}`],
    );
    if (lacks.length === 0) {
      const names = approvers.map(({ name }) => name).join(", ");
      const rules = asking.map(
        ({ environment: { metadata } }) => `${metadata.name} in generation ${metadata.generation}`,
      );
      return { state: "Pass", message: `approved by ${names}, as Environment ${rules.join(", ")} requires` };
    }
    const expiries = asking.flatMap(({ rule, windows }, index) =>
      (judged[index]?.eligible ?? []).map((approver) => expiryOf(approver, rule, windows)),
    );
    const remark = uncounted === undefined ? "" : `; ${uncounted}`;
    return {
      state: "Wait",
      message: `${lacks.join("; ")}${remark}`,
      opens: `users with the verb approve for OverseerApp ${app.metadata.name}, by Approvals; in an emergency users with break-glass`,
      otherwise: otherwiseOf(context),
      ...(expiries.length === 0 ? {} : { until: Math.min(...expiries) }),
    };
  },
};

/** What is rendered again after a restart would be another plan, for which no approval counts. */
function cannotBeApproved(context: GateContext, what: string): GateVerdict {
  return {
    state: "Wait",
    message: `${what}, so that an approval would be for another plan after a restart: set a value that stays in Git or in an existing Secret (charts often have a value such as existingSecret); lookup finds no objects when a chart is rendered, and ignoreDifferences does not help, since the document itself differs`,
    opens: `a commit without random values and times; in an emergency users with the verb break-glass for OverseerApp ${context.app.metadata.name}`,
    otherwise: otherwiseOf(context),
  };
}

function otherwiseOf({ app, inputs }: GateContext): string {
  const { applied } = app.status ?? {};
  const stays = applied === undefined ? "nothing is applied" : `${shortRevision(applied.revision)} stays applied`;
  return `${stays}; ${shortRevision(inputs.revision)} waits without end`;
}

/** Returns the approvals that count for an Environment, and what it still lacks. */
async function quorumOf(
  { environment, rule, windows }: Asking,
  approvers: readonly Approver[],
  context: GateContext,
): Promise<{ readonly eligible: readonly Approver[]; readonly lack: string | undefined }> {
  const { identities = [] } = environment.spec;
  const authors = await context.authorsFor(environment);
  const known = approvers.map((one) => ({ ...one, person: personOf(one.name, identities) }));
  const why = (one: Approver): string | undefined =>
    whyIneligible(one, rule, context.now, windows) ?? (authors && whyAuthor(one.name, authors, identities));
  const eligible = known.filter((one) => why(one) === undefined);
  const unrecorded = authors?.unrecorded;
  const lack = unrecorded === undefined ? whatLacks(rule, eligible) : whatLacksWithoutAny(rule, eligible, unrecorded);
  return { eligible, lack: lack === undefined || authors === undefined ? lack : `${lack}${describeAuthors(authors)}` };
}

/** Says before the first approval which users cannot approve, or that no user can. */
function describeAuthors({ persons, unknown }: Authors): string {
  if (unknown.length > 0)
    return `; no approval counts, since gates.approval.forbidAuthor needs the authors: ${unknown[0]}`;
  const texts = [...persons].map(([person, deed]) => `${person} ${deed}`);
  return texts.length === 0 ? "" : `; not by authors: ${texts.slice(0, SHOWN_AUTHORS).join(", ")}`;
}

interface Asking {
  readonly environment: Environment;
  readonly rule: ApprovalRule;
  readonly windows: readonly SyncWindow[];
  /** What the Change brings that no earlier Environment has tested, if that is why it is asked for. */
  readonly own?: string | undefined;
}

function whyAsked(asking: Asking | undefined): string {
  if (asking?.own === undefined) return "";
  const isAsked = asking.environment.spec.promotion?.ownChanges === "Ask";
  return ` (${isAsked ? "promotion.ownChanges is Ask: " : ""}${asking.own})`;
}

/** Returns the Environments whose approval a Change requires: its own, and the strictest for objects that belong to a whole cluster. */
async function askingEnvironments(context: GateContext): Promise<Asking[]> {
  const all = [...context.lister.list("Environment")];
  if (all.length === 0) return [];
  const own = environmentsOf(context.app.metadata.namespace, all);
  const concerned = new Set([...own, ...affectedByClusterObjects(context, all)]);
  const asking: Asking[] = [];
  for (const environment of concerned) {
    const { gates, windows = [], promotesFrom = [] } = environment.spec;
    const rule = gates?.approval;
    if (rule !== undefined && asks(rule, context)) asking.push({ environment, rule, windows });
    else if (promotesFrom.length > 0 && own.includes(environment) && asksForOwn(context)) {
      const what = await context.ownChangesIn(environment);
      if (what !== undefined) asking.push({ environment, rule: rule ?? ONE_APPROVAL, windows, own: what });
    }
  }
  return asking;
}

/** Changes that bring nothing new, or only values of Secrets, are not asked for as own changes. */
function asksForOwn(context: GateContext): boolean {
  const { cause } = context;
  if (cause === "Rollback" || cause === "Deletion") return false;
  return cause !== "Values" || !onlyUpdatesSecrets(context.plan);
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
    case "Drift":
      return false;
    case "Retry":
      return !hasSameSource(app.status?.applied, inputs);
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
