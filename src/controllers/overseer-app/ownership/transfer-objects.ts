import { displayId } from "../../../manifest/object-id.js";
import type { LiveObject } from "../../../plan/live.js";
import type { PruneDecision } from "../../../plan/prune-guard.js";
import { transferTo } from "../deletion/prune.js";
import { observeApp } from "../observe.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { judgeClaims } from "./claimants.js";

/**
 * Transfers objects that only another app's newest documents claim to that app. Happens before anything else, even while the
 * Change is refused or backing off: otherwise two apps that exchange objects would block each other. Returns all transfers for
 * these inputs, for the Change.
 */
export async function transferObjects(run: AppRun, desired: Rendered): Promise<readonly PruneDecision[]> {
  const { memory } = run;
  const { key: inputsKey } = desired.inputs;
  const before = memory.transferred?.inputsKey === inputsKey ? memory.transferred.decisions : [];
  memory.transferred = { inputsKey, decisions: [...before, ...(await transfer(run, desired))] };
  return memory.transferred.decisions;
}

async function transfer(run: AppRun, desired: Rendered): Promise<PruneDecision[]> {
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
    const outcome = await transferTo(run, live, claimant.app);
    if (outcome.ok) transferred.push({ verb: "HandOver", live, to: claimant.app });
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
