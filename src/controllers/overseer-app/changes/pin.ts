import type { Change } from "../../../api/change.js";
import { hasSameSource, type InputKeys, type Inputs, isKeyOf } from "../../../api/inputs.js";
import { isSettled } from "../../../api/overseer-app.js";
import type { Pin } from "../../../api/pin.js";
import { isNewer } from "../../../plan/change-history.js";
import type { AppRun } from "../run.js";
import { openChanges } from "./change-record.js";
import { isOpen, type KnownChange } from "./known-change.js";

/**
 * Returns the earlier inputs that the app is to be kept at, if any. An open rollback of a user is a pin before the status says so, and a
 * request of a user to sync lifts the pin, so that a crash in between changes nothing.
 */
export function currentPin(run: AppRun): Pin | undefined {
  const request = newestRequest(run);
  if (request?.spec.cause === "Sync" || request?.spec.cause === "Promotion") return undefined;
  if (request?.spec.inputs !== undefined) return pinOf(request, request.spec.inputs);
  return run.status.pin ?? rollbackAfterFailure(run);
}

/** Returns the newest open request of a user that decides which inputs are desired. */
function newestRequest(run: AppRun): Change | undefined {
  let newest: Change | undefined;
  for (const change of openChanges(run)) {
    const { cause, requester, inputs, dryRun, objects } = change.spec;
    const decides = cause === "Sync" || inputs !== undefined;
    if (requester === undefined || dryRun === true || objects !== undefined || !decides) continue;
    if (newest === undefined || isNewer(change, newest)) newest = change;
  }
  return newest;
}

function pinOf({ metadata, spec }: Change, inputs: Inputs): Pin {
  return { inputs, change: metadata.name, ...(spec.requester === undefined ? {} : { requester: spec.requester }) };
}

/** Returns the pin after a Change that failed, with `health.rollbackOnFailure`; it is found again after a crash. */
function rollbackAfterFailure(run: AppRun): Pin | undefined {
  const { applied, health } = run.status;
  const { target, failed } = run.memory.rollback ?? {};
  if (target === undefined || failed === undefined || isSettled(health) || !isKeyOf(failed.inputsKey, applied))
    return undefined;
  return { inputs: target, change: failed.name, replaces: failed.inputsKey };
}

/** Returns the last Change if it has failed and the app is to be rolled back from it. */
export function failedChange(run: AppRun): KnownChange | undefined {
  if (!run.app.spec.health.rollbackOnFailure || run.status.pin !== undefined) return undefined;
  if (isSettled(run.status.health)) return undefined;
  const last = newestOf(finished(run));
  // What an upgrade makes of the same source is not what an earlier revision was better at.
  const isFailed = last?.status?.phase === "Failed" && last.spec.cause !== "Rollback" && last.spec.cause !== "Renderer";
  return isFailed && hasSameSource(last.spec.inputs, run.status.applied) ? last : undefined;
}

/** Returns the newest Change that succeeded with inputs of another source: an upgrade alone makes no others. */
export function lastSucceeded(run: AppRun, inputs: InputKeys | undefined): KnownChange | undefined {
  return newestOf(
    finished(run).filter(({ spec, status }) => status?.phase === "Succeeded" && !hasSameSource(spec.inputs, inputs)),
  );
}

function finished(run: AppRun): KnownChange[] {
  return [...run.services.changes.of(run.key)].filter(
    (change) =>
      !isOpen(change) &&
      change.spec.inputs !== undefined &&
      change.spec.cause !== "Drift" &&
      change.status?.phase !== "Superseded",
  );
}

function newestOf(changes: readonly KnownChange[]): KnownChange | undefined {
  return changes.reduce<KnownChange | undefined>(
    (newest, change) => (newest === undefined || isNewer(change, newest) ? change : newest),
    undefined,
  );
}
