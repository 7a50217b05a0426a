import type { Change } from "../../../api/change.js";
import { displayId } from "../../../manifest/object-id.js";
import type { LiveObject } from "../../../plan/live.js";
import type { PruneDecision } from "../../../plan/prune-guard.js";
import { unapprovedLosses } from "../changes/planned-actions.js";
import { transferTo } from "../deletion/prune.js";
import { observeApp } from "../observe.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { lastStopped } from "../sync/stopped-change.js";
import { judgeClaims } from "./claimants.js";

/**
 * Transfers objects that only another app's newest documents claim to that app, as soon as these inputs have passed their gates, even if
 * the Change is refused afterwards: otherwise two apps that exchange objects would block each other. A plan that users have approved
 * must name the transfer. Returns all transfers for these inputs, for the Change.
 */
export async function transferObjects(
  run: AppRun,
  desired: Rendered,
  change: Pick<Change, "status"> | undefined,
): Promise<readonly PruneDecision[]> {
  const before = transfersOf(run, desired) ?? [];
  const decisions = [...before, ...(await transfer(run, desired, change))];
  run.memory.transferred = { inputsKey: desired.inputs.key, decisions };
  return decisions;
}

/** Transfers objects before anything else, also while the Change backs off or has stopped, once its inputs have passed their gates. */
export async function transferEarly(
  run: AppRun,
  desired: Rendered,
  open: Change | undefined,
): Promise<readonly PruneDecision[]> {
  const begun = open === undefined ? lastStopped(run, desired.inputs) : isBegun(open) ? open : undefined;
  const mayTransfer =
    transfersOf(run, desired) !== undefined || (begun !== undefined && run.status.applied?.key === desired.inputs.key);
  return mayTransfer ? transferObjects(run, desired, open ?? begun) : [];
}

function isBegun({ status }: Change): boolean {
  return status?.phase === "Applying" || status?.phase === "Verifying";
}

/** Returns the transfers for these inputs; undefined while none may happen, because a gate may hold them. */
export function transfersOf({ memory }: AppRun, { inputs }: Rendered): readonly PruneDecision[] | undefined {
  return memory.transferred?.inputsKey === inputs.key ? memory.transferred.decisions : undefined;
}

async function transfer(
  run: AppRun,
  desired: Rendered,
  change: Pick<Change, "status"> | undefined,
): Promise<PruneDecision[]> {
  const desiredKeys = new Set(desired.documents.map((document) => document.key));
  const candidates = [...observeApp(run).objects.values()].filter(
    (live) => !desiredKeys.has(live.key) && isTransferable(live),
  );
  if (candidates.length === 0) return [];
  const claimants = await judgeClaims(run, candidates);
  const transferred: PruneDecision[] = [];
  for (const live of candidates) {
    const claimant = claimants.get(live.key);
    if (claimant?.standing.takes !== "now" || run.signal.aborted) continue;
    const decision = { verb: "HandOver", live, to: claimant.app } as const;
    if (change && unapprovedLosses(change, { writes: [], pruneCandidates: [decision] }).length > 0) continue;
    const outcome = await transferTo(run, live, claimant.app);
    if (outcome.ok) transferred.push(decision);
    else
      run.emitEventOnce(
        `transfer ${live.key}`,
        "Warning",
        "TransferFailed",
        "Prune",
        `ownership of ${displayId(live.id)} cannot be transferred to OverseerApp ${claimant.app}: ${outcome.message}`,
      );
  }
  return transferred;
}

function isTransferable(live: LiveObject): boolean {
  return live.ownership === "Owned" && !live.deleting && live.paused !== true;
}
