import { environmentsOf } from "../../../gates/environments.js";
import type { Difference, Preview } from "../../../plan/actions.js";
import type { Observation } from "../../../plan/live.js";
import type { Plan } from "../../../plan/plan.js";
import { judgePrune, keepPaused, type PruneDecision, type PruneVerdict } from "../../../plan/prune-guard.js";
import { acceptedBudgets } from "../gates/settings.js";
import { appsBehind } from "../ownership/apps-behind.js";
import { type Claimants, claimFacts, judgeClaims } from "../ownership/claimants.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { namespaceWrite } from "./create-namespace.js";
import { liftingDeletions } from "./lifting-deletions.js";
import { withoutOperatorKinds } from "./operator-kinds.js";

/** A plan, and what it is based on. */
export interface JudgedPlan {
  readonly plan: Plan;
  readonly preview: Preview;
  readonly verdict: PruneVerdict;
  /** Apps that have not processed the commit, for which deletions wait. */
  readonly behind: readonly string[];
}

/** Plans a difference: judges its deletions and dry-runs its writes. Changes nothing at the destination. */
export async function planDifference(
  run: AppRun,
  desired: Rendered,
  observation: Observation,
  diff: Difference,
  transferred: readonly PruneDecision[],
): Promise<JudgedPlan> {
  const { destination } = run;
  // Must precede judgeClaims: an app that reads the commit in between may claim a candidate.
  const candidates = diff.pruneCandidates.filter(({ key }) => desired.skipped?.has(key) !== true);
  const behind = candidates.length === 0 ? [] : appsBehind(run);
  const claimants = await judgeClaims(run, candidates);
  const verdict = judge(run, desired, observation, candidates, claimants);
  const deletions = liftingDeletions(verdict.decisions);
  const { writes, refused: ofWrites } = withoutOperatorKinds([...namespaceWrite(desired), ...diff.writes]);
  const hooks = (desired.hooks ?? []).map(({ document }) => ({ verb: "Create", document, live: undefined }) as const);
  const refused = [...ofWrites, ...withoutOperatorKinds(hooks).refused];
  const judged = await destination.preview(run.target, writes, desired.documents, run.signal, deletions);
  const preview = { ...judged, refused: [...refused, ...judged.refused] };
  const held = diff.paused.filter(({ behind }) => behind).map(({ live }) => keepPaused(live));
  const plan: Plan = {
    writes: preview.accepted,
    deferred: preview.deferred,
    refused: preview.refused,
    pruneCandidates: [...transferred, ...verdict.decisions, ...held],
    hooks: desired.hooks,
    paused: diff.paused.filter(({ behind }) => behind).map(({ document }) => document),
  };
  return { plan, preview, verdict, behind };
}

function judge(
  run: AppRun,
  desired: Rendered,
  observation: Observation,
  pruneCandidates: Parameters<typeof judgePrune>[0]["pruneCandidates"],
  claimants: Claimants,
): PruneVerdict {
  const { sync } = run.app.spec;
  const live = [...observation.objects.values()].filter((object) => object.ownership !== "Foreign").length;
  return judgePrune({
    pruneCandidates,
    observationComplete: observation.complete,
    desired: desired.documents.length,
    live,
    prune: sync?.prune ?? true,
    unread: desired.unread,
    allowEmpty: sync?.allowEmpty ?? false,
    budget: sync?.pruneBudget,
    environmentBudgets: [
      ...environmentsOf(run.ref.namespace, run.services.lister.list("Environment")).flatMap(
        ({ spec }) => spec.pruneBudget ?? [],
      ),
      ...acceptedBudgets(run, live),
    ],
    ...claimFacts(run, claimants),
  });
}
