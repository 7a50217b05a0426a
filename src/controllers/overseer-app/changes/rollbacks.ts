import type { Change } from "../../../api/change.js";
import { type Inputs, isKeyOf, lastingKey } from "../../../api/inputs.js";
import { shortRevision } from "../../../api/short-revision.js";
import { messageOf, OverseerError } from "../../../base/errors.js";
import { isStatus } from "../../../kube/errors.js";
import { objectPath } from "../../../kube/resource.js";
import type { AppRun } from "../run.js";
import { repositoryKey } from "../source/locate-inputs.js";
import { remoteOf, renderEarlier } from "../source/render.js";
import { failedChange, lastSucceeded } from "./pin.js";

/** Earlier inputs, or why an app cannot be rolled back to them. */
export type RollbackTarget = { readonly inputs: Inputs } | { readonly refusal: string };

/** Finds the inputs that a request of a user names, and whether they can still be had. */
export async function rollbackTarget(run: AppRun, request: Change): Promise<RollbackTarget> {
  const { rollbackTo } = request.spec;
  if (rollbackTo === undefined) return { refusal: "spec.rollbackTo is not set" };
  const { change: name, uid } = rollbackTo;
  const target = await readChange(run, name);
  if (target === undefined || target.spec.app.name !== run.ref.name)
    return { refusal: `OverseerApp ${run.ref.name} has no Change ${name}: see kubectl get changes` };
  if (target.metadata.uid !== uid)
    return { refusal: `Change ${name} has the UID ${target.metadata.uid}, not ${uid}: correct spec.rollbackTo.uid` };
  const { phase } = target.status ?? {};
  if (phase !== "Succeeded" || target.spec.inputs === undefined)
    return { refusal: `Change ${name} has not succeeded (${phase ?? "no phase"}): choose one in phase Succeeded` };
  return available(run, target.spec.inputs);
}

async function available(run: AppRun, inputs: Inputs): Promise<RollbackTarget> {
  const revision = shortRevision(inputs.revision);
  const { repositoryRef } = run.app.spec.source;
  const earlier = inputs.source.repositoryRef;
  const { namespace } = run.ref;
  if (
    earlier.name !== repositoryRef.name ||
    (earlier.namespace ?? namespace) !== (repositoryRef.namespace ?? namespace)
  )
    return { refusal: `${revision} is of GitRepository ${earlier.name}, which the app does not use any more` };
  // Fail closed: the commit may have been applied before signatures were required.
  if (run.services.repositories.get(repositoryKey(run.app))?.spec.verify !== undefined)
    return {
      refusal: `GitRepository ${repositoryRef.name} requires signatures by spec.verify, and those of earlier commits are not verified again: revert the commit in Git instead`,
    };
  try {
    const rendered = await renderEarlier(run, inputs);
    if (rendered !== undefined) return { inputs };
    return {
      refusal: `${revision} can no longer be fetched, or was rendered with values of ConfigMaps and Secrets that have changed since`,
    };
  } catch (error) {
    if (!(error instanceof OverseerError)) throw error;
    return { refusal: `${revision} cannot be rendered again: ${messageOf(error)}` };
  }
}

/** Decides once for each failed Change whether, and to which inputs, the app is rolled back automatically. */
export async function prepareRollback(run: AppRun): Promise<void> {
  const failed = failedChange(run);
  if (failed === undefined) {
    if (run.status.pin === undefined && !isKeyOf(run.memory.rollback?.failed.inputsKey, run.status.applied))
      run.memory.rollback = undefined;
    return;
  }
  const { uid, name } = failed.metadata;
  if (remoteOf(run) === undefined) return;
  if (run.memory.rollback?.failed.uid === uid) return;
  const { inputs } = failed.spec;
  const inputsKey = inputs === undefined ? "" : lastingKey(inputs);
  const earlier = lastSucceeded(run, inputs);
  const target = earlier && (await readChange(run, earlier.metadata.name));
  const found = target?.spec.inputs && (await available(run, target.spec.inputs));
  if (found === undefined || "refusal" in found) {
    const why = found?.refusal ?? "no Change with other inputs has succeeded";
    run.emitEventOnce("rollback", "Warning", "RollbackImpossible", "Sync", `Change ${name} is not rolled back: ${why}`);
    run.memory.rollback = { failed: { uid, name, inputsKey }, target: undefined };
    return;
  }
  run.memory.rollback = { failed: { uid, name, inputsKey }, target: found.inputs };
  const message = `Change ${name} failed: rolling back to ${shortRevision(found.inputs.revision)}`;
  run.emitEventOnce("rollback", "Warning", "RolledBack", "Sync", message);
}

async function readChange(run: AppRun, name: string): Promise<Change | undefined> {
  const { changes, client } = run.services;
  try {
    const path = objectPath(changes.resource, run.ref.namespace, name);
    return (await client.request<Change>({ method: "GET", path })).body;
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}
