import { environmentsOf } from "../../../gates/environments.js";
import type { Difference, Preview, RefusedWrite } from "../../../plan/actions.js";
import type { Observation } from "../../../plan/live.js";
import type { Plan } from "../../../plan/plan.js";
import { judgePrune, keepPaused, type PruneDecision, type PruneVerdict } from "../../../plan/prune-guard.js";
import { acceptedBudgets } from "../gates/settings.js";
import { appsBehind } from "../ownership/apps-behind.js";
import { type Claimants, claimFacts, judgeClaims } from "../ownership/claimants.js";
import { awaitsHandOver } from "../ownership/standing.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { namespaceWrite } from "./create-namespace.js";
import { liftingDeletions } from "./lifting-deletions.js";
import { withoutOperatorKinds } from "./operator-kinds.js";
import { previewDigest, rememberedPreview } from "./remembered-preview.js";

/** A plan, and what it is based on. */
export interface JudgedPlan {
  readonly plan: Plan;
  readonly preview: Preview;
  readonly verdict: PruneVerdict;
  /** Apps that have not processed the commit, for which deletions wait. */
  readonly behind: readonly string[];
  /** Digest of what the preview depends on. */
  readonly digest: string;
  /** Whether the writes were not previewed now, but earlier. */
  readonly isRemembered: boolean;
}

/**
 * Plans a difference: judges its deletions and dry-runs its writes. Changes nothing at the destination. `maySkip`: a preview of the same
 * writes is used again.
 */
export async function planDifference(
  run: AppRun,
  desired: Rendered,
  observation: Observation,
  diff: Difference,
  transferred: readonly PruneDecision[],
  maySkip: boolean,
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
  const digest = previewDigest(run, desired, writes, deletions);
  const remembered = maySkip ? rememberedPreview(run, digest) : undefined;
  const judged =
    remembered ?? (await destination.preview(run.target, writes, desired.documents, run.signal, deletions));
  const ofAll = [...refused, ...judged.refused.map((one) => withHandOver(run, one))];
  const preview = ofAll.length === 0 ? judged : { ...judged, refused: ofAll };
  const held = diff.paused.filter(({ behind }) => behind).map(({ live }) => keepPaused(live));
  const plan: Plan = {
    writes: preview.accepted,
    deferred: preview.deferred,
    refused: preview.refused,
    pruneCandidates: [...transferred, ...verdict.decisions, ...held],
    hooks: desired.hooks,
    paused: diff.paused.filter(({ behind }) => behind).map(({ document }) => document),
  };
  return { plan, preview, verdict, behind, digest, isRemembered: remembered !== undefined };
}

/** Says of an object of another app, which that app's newest documents omit, when it can be taken. */
function withHandOver(run: AppRun, refused: RefusedWrite): RefusedWrite {
  if (!awaitsHandOver(run, refused)) return refused;
  const message = `belongs to OverseerApp ${refused.owner}, whose newest documents omit it: it is handed over as soon as the Change of that app has passed its gates`;
  return { ...refused, message };
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
