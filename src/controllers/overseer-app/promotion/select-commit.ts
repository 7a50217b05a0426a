import { hasSameSource, type Inputs } from "../../../api/inputs.js";
import { messageOf, OverseerError } from "../../../base/errors.js";
import type { Proof } from "../../../gates/promotion/eligibility.js";
import { allProven, selectCommit } from "../../../gates/promotion/eligibility.js";
import { type PromotionPath, promotionPaths } from "../../../gates/promotion/paths.js";
import type { Problem } from "../outcome.js";
import type { AppRun } from "../run.js";
import type { LocatedInputs } from "../source/locate-inputs.js";
import { locateAt } from "./locate-at.js";
import { notePullRequest } from "./note-pull-request.js";
import { baseCommit, baseInputs, openPromotion } from "./open-promotion.js";
import { notFailedHere, proofIn, proofOfEdit } from "./proofs.js";

/** Maximum number of commits that are rendered to compare images. */
const MAX_RENDERED = 10;

/**
 * Returns the inputs that the app takes of its ref: the newest ones, unless it belongs to an Environment with `promotesFrom`. Undefined
 * if nothing may be applied yet and nothing was. Sets `run.promotion`.
 */
export async function locateDesired(run: AppRun, head: LocatedInputs): Promise<LocatedInputs | Problem | undefined> {
  const paths = promotionPaths(run.app, run.services.lister);
  await notePullRequest(run, paths, head);
  if (paths.length === 0) return head;
  const newest = head.inputs.revision;
  const proofOf = (inputs: Inputs): Promise<Proof> => proofOfInputs(run, paths, head, inputs);
  const request = openPromotion(run)?.spec.inputs?.commit;
  if (request !== undefined) {
    run.promotion = { newest, proofOf };
    return locateAt(run, head, request);
  }
  if (hasSameSource(head.inputs, run.status.applied)) {
    run.promotion = { newest, proofOf };
    return head;
  }
  return locateSelected(run, paths, head);
}

/**
 * Inputs that are applied, or that a Change has begun to apply, were promoted before. Other inputs of the same commit come from an edit of the
 * app: their images are compared, and with `compare: Commit` the gate `approval` judges the edit.
 */
async function proofOfInputs(
  run: AppRun,
  paths: readonly PromotionPath[],
  head: LocatedInputs,
  inputs: Inputs,
): Promise<Proof> {
  const base = baseInputs(run);
  if (hasSameSource(inputs, run.status.applied) || hasSameSource(inputs, base)) return { proven: true };
  return inputs.commit === base?.commit
    ? proofOfEdit(run, paths, head, inputs)
    : proofIn(run, paths, head, inputs.commit, inputs);
}

async function locateSelected(
  run: AppRun,
  paths: readonly PromotionPath[],
  head: LocatedInputs,
): Promise<LocatedInputs | Problem | undefined> {
  const base = baseCommit(run);
  const newest = head.inputs.revision;
  const proofOf = (inputs: Inputs): Promise<Proof> => proofOfInputs(run, paths, head, inputs);
  const stay = (): Promise<LocatedInputs | Problem> | undefined =>
    base === undefined ? undefined : locateAt(run, head, base);
  const selection = await select(run, paths, head, base);
  if (selection.kind === "Stay") {
    const { why, until } = selection;
    const isBase = head.inputs.commit === base;
    run.promotion = { newest, proofOf, ...(isBase ? {} : { why, until }) };
    return stay();
  }
  const { commit } = selection;
  if (paths.every(({ auto }) => auto)) {
    const whole = commit === head.inputs.commit ? {} : await whyNotNewest(run, paths, head);
    run.promotion = { newest, proofOf, ...whole };
    return locateAt(run, head, commit);
  }
  const why = `commit ${commit} has been tested, and waits for a user with the verb promote to create a Change of cause Promotion`;
  run.promotion = { newest, promotable: commit, why, proofOf };
  return stay();
}

async function select(
  run: AppRun,
  paths: readonly PromotionPath[],
  head: LocatedInputs,
  base: string | undefined,
): Promise<ReturnType<typeof selectCommit>> {
  try {
    const { lines } = run.services;
    const { commits } = await lines.of(head.remote, head.inputs.commit, base, run.signal);
    const isRendered = paths.some(({ compare }) => compare === "Images");
    const end = base === undefined ? -1 : commits.indexOf(base);
    const bounded = isRendered && (end < 0 || end > MAX_RENDERED) && (base === undefined || end > 0);
    const line = bounded ? [...commits.slice(0, MAX_RENDERED), ...(base === undefined ? [] : [base])] : commits;
    return await selectCommit({ commits: line, base }, (commit) => proofHere(run, paths, head, commit));
  } catch (error) {
    if (!(error instanceof OverseerError)) throw error;
    return { kind: "Stay", why: `the history of the ref cannot be read: ${messageOf(error)}`, until: undefined };
  }
}

async function proofHere(
  run: AppRun,
  paths: readonly PromotionPath[],
  head: LocatedInputs,
  commit: string,
): Promise<Proof> {
  const proof = await proofIn(run, paths, head, commit);
  return proof.proven ? notFailedHere(run, paths, head, commit) : proof;
}

async function whyNotNewest(
  run: AppRun,
  paths: readonly PromotionPath[],
  head: LocatedInputs,
): Promise<{ readonly why?: string; readonly until?: number | undefined }> {
  const proof = allProven([await proofHere(run, paths, head, head.inputs.commit)]);
  return proof.proven ? {} : { why: proof.why, until: proof.until };
}
