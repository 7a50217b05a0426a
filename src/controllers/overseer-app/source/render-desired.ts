import { hasSameSource, type InputKeys, isKeyOf } from "../../../api/inputs.js";
import type { Pin } from "../../../api/pin.js";
import { OverseerError } from "../../../base/errors.js";
import { latchedChange } from "../changes/latch.js";
import { currentPin } from "../changes/pin.js";
import type { Problem } from "../outcome.js";
import { locateDesired } from "../promotion/select-commit.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { isProblem, type LocatedInputs, locateInputs } from "./locate-inputs.js";
import { renderEarlier, renderLocated, renderProblem } from "./render.js";

/**
 * Renders the inputs that the app is to be synced to: the newest, or the newest that earlier Environments have tested, or after a rollback
 * those that it is pinned to. Undefined if nothing may be applied yet and nothing was.
 */
export async function renderDesired(run: AppRun): Promise<Rendered | Problem | undefined> {
  const desired = await findDesired(run);
  if (desired !== undefined && !isProblem(desired)) noteSourceKey(run, desired.inputs);
  return desired;
}

/** Adds the key that outlives upgrades to inputs of a status that an earlier version has written. */
function noteSourceKey(run: AppRun, { key, sourceKey }: InputKeys): void {
  const { applied, pin } = run.status;
  const isOld = (inputs: InputKeys | undefined): boolean => inputs?.key === key && inputs.sourceKey === undefined;
  if (applied && isOld(applied)) run.status = { ...run.status, applied: { ...applied, sourceKey } };
  if (pin && isOld(pin.inputs)) run.status = { ...run.status, pin: { ...pin, inputs: { ...pin.inputs, sourceKey } } };
}

async function findDesired(run: AppRun): Promise<Rendered | Problem | undefined> {
  const head = await locateInputs(run);
  if (!isProblem(head)) run.headCommit = head.inputs.commit;
  const pin = currentPin(run);
  const isKept = pin !== undefined && pin.replaces === undefined;
  const located = isProblem(head) || isKept ? head : await locateDesired(run, head);
  if (located === undefined) return undefined;
  if (!isProblem(located)) run.locatedCommit = located.inputs.commit;
  const isOver = !isProblem(located) && pin?.replaces !== undefined && !isKeyOf(pin.replaces, located.inputs);
  if (pin === undefined || isOver) {
    run.status = { ...run.status, pin: undefined };
    const latched = await renderLatched(run, located);
    if (latched !== undefined) return latched;
    if (isProblem(located)) return located;
    run.located = located.inputs;
    return renderLocated(run, located);
  }
  run.status = { ...run.status, pin };
  run.newest = isProblem(located) ? undefined : located.inputs;
  return renderPinned(run, pin, isProblem(located) ? located : undefined);
}

/** Renders the inputs of a Change that users have begun to approve, if newer ones wait for it. */
async function renderLatched(run: AppRun, located: LocatedInputs | Problem): Promise<Rendered | undefined> {
  const inputs = latchedChange(run)?.spec.inputs;
  const newest = isProblem(located) ? undefined : located.inputs;
  if (inputs === undefined || hasSameSource(inputs, newest)) return undefined;
  try {
    const rendered = await renderEarlier(run, inputs);
    if (rendered !== undefined) run.newest = newest;
    return rendered;
  } catch (error) {
    if (error instanceof OverseerError) return undefined;
    throw error;
  }
}

async function renderPinned(run: AppRun, { inputs }: Pin, problem: Problem | undefined): Promise<Rendered | Problem> {
  try {
    const rendered = await renderEarlier(run, inputs);
    if (rendered !== undefined) return rendered;
  } catch (error) {
    if (!(error instanceof OverseerError)) throw error;
    return renderProblem(inputs, error);
  }
  if (problem?.reason === "RepositoryNotReady") return problem;
  const message = `the app is pinned to ${inputs.revision}, which can no longer be fetched, or was rendered with other values of its ConfigMaps and Secrets: request a sync by a Change of cause Sync`;
  return { stage: "Source", reason: "RevisionLost", message, terminal: false };
}

/** Renders the newest inputs, whether or not the app is pinned to others. */
export async function renderNewest(run: AppRun): Promise<Rendered | Problem> {
  const located = await locateInputs(run);
  return isProblem(located) ? located : renderLocated(run, located);
}
