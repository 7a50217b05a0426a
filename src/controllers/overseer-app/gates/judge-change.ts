import type { Change, ChangeCause, ChangeStatus, CountedApproval, GateState } from "../../../api/change.js";
import { shortRevision } from "../../../api/short-revision.js";
import { mapLimit } from "../../../base/semaphore.js";
import type { Decisions, DestinationFacts, GateContext, PlanFacts, UserRequest } from "../../../gates/context.js";
import { environmentsOf } from "../../../gates/environments.js";
import { closedGates, type GateResult, judgeGates } from "../../../gates/judge.js";
import { isAddressOf } from "../../../git/index.js";
import { formatOrigin } from "../../../manifest/document.js";
import type { MissingReference } from "../../../plan/actions.js";
import { recordChange } from "../changes/change-record.js";
import { hostFactsOf } from "../hosts/host-facts.js";
import type { SyncResult } from "../outcome.js";
import { ownChangesIn } from "../promotion/own-changes.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { relatedRepositories } from "../source/find-related.js";
import { repositoryKey } from "../source/locate-inputs.js";
import { remoteOf } from "../source/render.js";
import { FieldLineFinder } from "../sync/field-lines.js";
import { writeApprovalStatus } from "./approval-status.js";
import { approverOf, countApprovals } from "./count-approvals.js";
import { decisionsOn, standingRejections } from "./decisions.js";
import { missingSecrets } from "./missing-secrets.js";
import { authorsFor } from "./origins.js";
import { serverTime } from "./server-time.js";
import { withAcceptedSettings } from "./settings.js";
import { unrepeatableParts } from "./unrepeatable.js";

/** The gates of the operator and what they read. */
export interface GateInput {
  readonly desired: Pick<Rendered, "inputs">;
  /** The open Change, if there is one. */
  readonly open: Change | undefined;
  readonly cause: ChangeCause;
  /** Whether its inputs are those of the status: recorded before the first write. */
  readonly inputsRecorded: boolean;
  readonly deletionsNeedingApproval: string | undefined;
  readonly missing: readonly MissingReference[];
  readonly placed: DestinationFacts["placed"];
  /** The plan as the status shows it; computed only if a gate reads it. */
  readonly plan: () => PlanFacts;
}

/** Maximum delay in milliseconds until something that waits for a time is judged again: timers are limited, and clocks are set. */
const MAX_DELAY_MS = 24 * 3_600_000;

/** The states of all gates, and the decisions of users that they rely on. */
export interface Judgement {
  readonly results: readonly GateResult[];
  readonly approvals: readonly CountedApproval[];
}

/** Judges all gates. From now on, events that concern a gate enqueue the app again. */
export async function judgeChange(run: AppRun, input: GateInput): Promise<Judgement> {
  const { lister, clock, waiting } = run.services;
  const gates = run.services.gates.filter(({ judgesDeletions }) => judgesDeletions || input.cause !== "Deletion");
  const { open, inputsRecorded, desired } = input;
  // Before the first read, so that no event is lost in between.
  waiting.wait(
    run.key,
    gates.map(({ name }) => name),
  );
  const phase = open?.status?.phase;
  const authors = authorsFor(run, { inputs: desired.inputs, cause: input.cause, open });
  const approvals = await countApprovals(run, open, input.plan, authors);
  const context: GateContext = {
    app: withTrustedStatus(run),
    isStatusUnsigned: run.unsigned !== undefined,
    inputs: desired.inputs,
    repositoryIsCurrent: isRepositoryCurrent(run),
    relatedRepositories: () => relatedRepositories(run, desired.inputs),
    commit: run.locatedCommit,
    started: inputsRecorded && (phase === "Applying" || phase === "Verifying"),
    cause: input.cause,
    request: requestOf(run, open),
    approvals: summarizeDecisions(run, open, approvals, input.plan),
    authorsFor: authors,
    get plan() {
      return input.plan();
    },
    unrepeatable: () => unrepeatableParts(run, desired.inputs, input.cause),
    promotion: await run.promotion?.proofOf(desired.inputs),
    ownChangesIn: (environment) => ownChangesIn(run, environment, desired.inputs),
    rollout: run.services.rollout.of(run.key, run.services),
    host: hostFactsOf(run, desired),
    ownPolicies: () => run.services.proof.ownPolicies(),
    destination: {
      deletions: { needingApproval: input.deletionsNeedingApproval },
      missing: [...(await missingSecrets(run, input)), ...(await placesOfMissing(run, input.missing))],
      placed: input.placed,
    },
    now: serverTime(run.services),
    lister,
    signal: run.signal,
  };
  const results = await judgeGates(gates, context, clock, open?.status?.gates ?? []);
  const closed = closedGates(results);
  // While a Change is open, the next one must still be asked for the Environments of before.
  if (closed.length === 0 && !context.started) {
    run.status = withCurrentEnvironments(run, []);
    // A rollback asks for less: it accepts nothing.
    if (input.cause !== "Rollback") run.status = withAcceptedSettings(run, run.status);
  }
  if (closed.length === 0) waiting.clear(run.key);
  else {
    run.services.rollout.release(run.key);
    waiting.wait(
      run.key,
      closed.map(({ gate }) => gate.name),
    );
  }
  await writeApprovalStatus(run, approvals);
  return { results, approvals };
}

/** Reports whether the files of the app come from the URL that its GitRepository has now; undefined if that is not known. */
function isRepositoryCurrent(run: AppRun): boolean | undefined {
  const [remote, repository] = [remoteOf(run), run.services.repositories.get(repositoryKey(run.app))];
  return remote && repository && isAddressOf(repository.spec.url, remote);
}

function summarizeDecisions(
  run: AppRun,
  open: Change | undefined,
  counted: readonly CountedApproval[],
  plan: () => PlanFacts,
): Decisions {
  const permitting = new Set(
    counted.flatMap(({ name, decision, state }) => (decision === "Approve" && state === "Counted" ? [name] : [])),
  );
  const approvals = open === undefined ? [] : decisionsOn(run, open.metadata.uid);
  const counts = counted.filter(({ state }) => state === "Counted");
  const last = counted.findLast(({ decision, state }) => decision === "Approve" && state !== "Counted");
  return {
    approvedBy: counts.find(({ decision }) => decision === "Approve")?.approver,
    approvers: approvals.filter(({ metadata }) => permitting.has(metadata.name)).map(approverOf),
    brokenBy: counts.find(({ decision }) => decision === "BreakGlass")?.approver,
    uncounted: last && `Approval ${last.name} does not count: ${last.message}`,
    rejection: rejectionIn(counts) ?? earlierRejection(run, plan),
  };
}

function rejectionIn(counts: readonly CountedApproval[]): string | undefined {
  const found = counts.find(({ decision }) => decision === "Reject");
  return found && `rejected by ${found.approver}${commentOf(found)}`;
}

/** Returns the rejection of an equal plan in an earlier Change. It stands until it is withdrawn. */
function earlierRejection(run: AppRun, plan: () => PlanFacts): string | undefined {
  const standing = standingRejections(run);
  if (standing.length === 0) return undefined;
  const { planHash } = plan();
  const found = standing.find(({ change }) => change.status?.planHash === planHash);
  if (found === undefined) return undefined;
  const { change, by } = found;
  return `the same plan was rejected as Change ${change.metadata.name} by ${by.approver}${commentOf(by)}, who can withdraw that by an Approval for that Change with decision Withdraw`;
}

function commentOf({ comment }: CountedApproval): string {
  return comment === undefined ? "" : ` (${comment})`;
}

/** Returns the request that a Change carries out. It is doubted again each time: the policies may have changed since. */
function requestOf({ services, ref }: AppRun, change: Change | undefined): UserRequest | undefined {
  const requester = change?.spec.requester;
  if (requester === undefined) return undefined;
  return { requester, doubt: () => services.proof.problem(ref.namespace) };
}

/** Returns each missing reference with the line that contains it. */
async function placesOfMissing(
  run: AppRun,
  missing: readonly MissingReference[],
): Promise<NonNullable<DestinationFacts["missing"]>> {
  const lines = new FieldLineFinder(run.snapshot);
  return mapLimit(missing, 1, async ({ action, what, place }) => {
    const at = await lines.find(place ?? { origin: action.document.origin, path: [] });
    return { what, where: formatOrigin(at) };
  });
}

/** Holds the Change until every gate passes. Meanwhile live objects stay as applied, and drift is reverted. */
export async function waitAtGates(
  run: AppRun,
  change: Change,
  results: readonly GateResult[],
  plan: Partial<ChangeStatus>,
): Promise<SyncResult> {
  const closed = closedGates(results);
  const causes = describeClosed(results);
  const queued = run.status.pin === undefined ? run.newest : undefined;
  const follows = queued === undefined ? "" : `; ${shortRevision(queued.revision)} follows when this Change has ended`;
  const message = `${causes}${follows}`;
  await recordChange(run, change, {
    ...plan,
    phase: "Waiting",
    waitingFor: `${describeWaiting(results)}${follows}`,
    gates: statesOf(results),
  });
  const status = `Change ${change.metadata.name} waits: ${message}`;
  run.emitEventOnce("sync", "Warning", "Waiting", "Sync", status);
  for (const { until } of closed) {
    if (until !== undefined) run.requeueAfter(Math.min(until - serverTime(run.services), MAX_DELAY_MS));
  }
  return { progress: { state: "waiting", reason: closed[0]?.gate.waitReason ?? "Waiting", message: status } };
}

/** Reports whether an Environment governs the app, or has governed it when it last passed its gates. */
export function isGoverned({ ref, services, status }: AppRun): boolean {
  const current = environmentsOf(ref.namespace, services.lister.list("Environment"));
  return current.length > 0 || (status.environments ?? []).length > 0;
}

/** Returns the status with the Environments that govern the app, and those that have governed it before. */
export function withCurrentEnvironments(run: AppRun, former = run.status.environments ?? []): AppRun["status"] {
  const { environments: _, ...status } = run.status;
  const current = environmentsOf(run.ref.namespace, run.services.lister.list("Environment"));
  const names = [...new Set([...former, ...current.map(({ metadata }) => metadata.name)])].sort();
  return names.length === 0 ? status : { ...status, environments: names };
}

/** Returns the app without applied inputs and settings that the operator has not signed. */
function withTrustedStatus({ app, status }: AppRun): AppRun["app"] {
  const { applied, settings } = status;
  if (applied === app.status?.applied && settings === app.status?.settings) return app;
  return { ...app, status: { ...app.status, applied, settings } };
}

/** Returns the states of gates for the status of a Change. */
export function statesOf(results: readonly GateResult[]): GateState[] {
  return results.map(({ state }) => state);
}

/** Describes what a Change waits for: each closed gate and its cause. */
export function describeClosed(results: readonly GateResult[]): string {
  return closedGates(results)
    .map(({ state }) => `${state.name}: ${state.message}`)
    .join("; ");
}

/** Describes in one line what a Change waits for, since when, until when, who can open each gate, and what happens otherwise. */
export function describeWaiting(results: readonly GateResult[]): string {
  const closed = closedGates(results).map(({ state }) => state);
  return closed
    .map(({ name, message, since, until, opens, otherwise }, index) => {
      // What several gates say is said once.
      const isSaid = closed.slice(index + 1).some((later) => later.otherwise === otherwise);
      const details = [
        ...(since === undefined ? [] : [`since ${since}`]),
        ...(until === undefined ? [] : [`until ${until}`]),
        ...(opens === undefined ? [] : [`opened by ${opens}`]),
        ...(otherwise === undefined || isSaid ? [] : [`otherwise ${otherwise}`]),
      ];
      return `${name}: ${message}${details.length === 0 ? "" : ` (${details.join("; ")})`}`;
    })
    .join("; ");
}
