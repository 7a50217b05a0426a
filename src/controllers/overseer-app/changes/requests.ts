import type { Change } from "../../../api/change.js";
import { API_VERSION } from "../../../api/group.js";
import type { Inputs } from "../../../api/inputs.js";
import { shortRevision } from "../../../api/short-revision.js";
import { isStatus } from "../../../kube/errors.js";
import { objectPath } from "../../../kube/resource.js";
import { promotionTarget } from "../promotion/requests.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { isProblem } from "../source/locate-inputs.js";
import { remoteOf, renderEarlier } from "../source/render.js";
import { renderNewest } from "../source/render-desired.js";
import { planRequest } from "../sync/plan-request.js";
import { syncObjects } from "../sync/sync-objects.js";
import { openChangeFor, openChanges, recordChange, supersede, trimHistory } from "./change-record.js";
import { rollbackTarget } from "./rollbacks.js";

/** Returns the requests of users that have no inputs yet, oldest first. */
function newRequests(run: AppRun): Change[] {
  const requests = openChanges(run).filter(({ spec }) => spec.requester !== undefined && spec.inputs === undefined);
  const createdAt = ({ metadata }: Change): string => metadata.creationTimestamp ?? "";
  return requests.sort((a, b) => (createdAt(a) < createdAt(b) ? -1 : 1));
}

/**
 * Decides about requests that change which inputs are desired, before these are rendered: rollbacks and promotions get the inputs that they
 * name, and a sync lifts the pin of a rollback only if the request is proven.
 */
export async function takeRollbacks(run: AppRun): Promise<void> {
  for (const request of newRequests(run)) {
    const { cause, dryRun, objects } = request.spec;
    if (dryRun === true || objects !== undefined || (cause === "Sync" && run.status.pin === undefined)) continue;
    // Until the repository was polled, no earlier commit can be had. Its first revision enqueues the app.
    if (cause !== "Sync" && remoteOf(run) === undefined) continue;
    const doubt = await run.services.proof.problem(run.ref.namespace);
    if (doubt !== undefined) await end(run, request, `the request does not count: ${doubt}`);
    else if (cause !== "Sync") await goTo(run, request);
  }
}

/** Gives a rollback or promotion the inputs that it names. */
async function goTo(run: AppRun, request: Change): Promise<void> {
  const target = await targetOf(run, request);
  if ("refusal" in target) await end(run, request, target.refusal);
  else await adopt(run, request, target.inputs);
}

function targetOf(run: AppRun, request: Change): Promise<{ readonly inputs: Inputs } | { readonly refusal: string }> {
  return request.spec.cause === "Rollback" ? rollbackTarget(run, request) : promotionTarget(run, request);
}

/**
 * Takes the requests of users: plans those that are dry runs, and gives syncs the newest inputs. From then on they are the
 * Change for these inputs.
 */
export async function takeRequests(run: AppRun): Promise<void> {
  for (const request of newRequests(run)) {
    const { desired } = run;
    if (request.spec.dryRun === true) await plan(run, request);
    else if (desired === undefined) await waitForSource(run, request);
    else if (request.spec.objects !== undefined) await takeObjects(run, request, desired);
    else if (request.spec.cause === "Sync") await take(run, request, desired);
  }
}

async function takeObjects(run: AppRun, request: Change, desired: Rendered): Promise<void> {
  const doubt = await run.services.proof.problem(run.ref.namespace);
  if (doubt !== undefined) await end(run, request, `the request does not count: ${doubt}`);
  else await syncObjects(run, request, desired);
}

async function plan(run: AppRun, request: Change): Promise<void> {
  if (request.spec.cause !== "Sync") {
    if (remoteOf(run) === undefined) return;
    const target = await targetOf(run, request);
    if ("refusal" in target) return end(run, request, target.refusal);
    const earlier = await renderEarlier(run, target.inputs);
    return earlier && planRequest(run, request, earlier);
  }
  const newest = run.status.pin === undefined ? run.desired : await renderNewest(run);
  if (newest === undefined || isProblem(newest)) return waitForSource(run, request);
  return planRequest(run, request, newest);
}

async function waitForSource(run: AppRun, request: Change): Promise<void> {
  const message = `there are no documents to sync: ${run.problem?.message ?? "the source has not been read yet"}`;
  if (run.problem?.terminal === true) await end(run, request, message);
  else await recordChange(run, request, { phase: "Planning", message });
}

async function take(run: AppRun, request: Change, { inputs }: Rendered): Promise<void> {
  const doubt = await run.services.proof.problem(run.ref.namespace);
  if (doubt !== undefined) return end(run, request, `the request does not count: ${doubt}`);
  const open = openChangeFor(run, inputs);
  const phase = open?.status?.phase;
  if (phase === "Applying" || phase === "Verifying") {
    const message = `Change ${open?.metadata.name} already applies ${shortRevision(inputs.revision)}`;
    await recordChange(run, request, { phase: "Superseded", message });
    return;
  }
  await adopt(run, request, inputs);
}

async function adopt(run: AppRun, request: Change, inputs: Inputs): Promise<void> {
  const taken = await setInputs(run, request, inputs);
  if (taken === undefined) return;
  run.services.failpoint("app:after-request-taken");
  run.status = { ...run.status, change: { name: taken.metadata.name } };
  run.memory.retryOnRequest();
  await supersede(run, inputs);
}

/** Sets the inputs of a request, and the app as its owner. Returns undefined if the request was deleted or changed meanwhile. */
async function setInputs(run: AppRun, request: Change, inputs: Inputs): Promise<Change | undefined> {
  const { changes, client } = run.services;
  const { namespace, name, uid } = run.ref;
  const owner = { apiVersion: API_VERSION, kind: run.app.kind, name, uid, controller: true, blockOwnerDeletion: false };
  const { resourceVersion } = request.metadata;
  try {
    const { body } = await client.request<Change>({
      method: "PATCH",
      path: objectPath(changes.resource, namespace, request.metadata.name),
      contentType: "application/merge-patch+json",
      body: { metadata: { resourceVersion, ownerReferences: [owner] }, spec: { inputs } },
    });
    changes.note(body);
    return body;
  } catch (error) {
    if (isStatus(error, 404) || isStatus(error, 409)) return undefined;
    throw error;
  }
}

/** Ends all new requests of an app that cannot meet them. */
export async function rejectRequests(run: AppRun, message: string): Promise<void> {
  for (const request of newRequests(run)) await end(run, request, message);
}

async function end(run: AppRun, request: Change, message: string): Promise<void> {
  await recordChange(run, request, { phase: "Rejected", message });
  await trimHistory(run);
}
