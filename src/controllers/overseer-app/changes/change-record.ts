import type { Change, ChangeCause, ChangeStatus } from "../../../api/change.js";
import { isFinal } from "../../../api/change.js";
import { type ConditionDraft, cutMessage, mergeConditions } from "../../../api/conditions.js";
import { API_VERSION } from "../../../api/group.js";
import { hasSameSource, type InputKeys, type Inputs } from "../../../api/inputs.js";
import type { ObjectMeta } from "../../../api/meta.js";
import { rfc3339 } from "../../../base/clock.js";
import { cutMiddle } from "../../../base/cut-text.js";
import { isStatus } from "../../../kube/errors.js";
import { collectionPath, objectPath, type ResourceInfo } from "../../../kube/resource.js";
import { expiredChanges, isNewer, neededChanges } from "../../../plan/change-history.js";
import type { AppServices } from "../app-services.js";
import { auditChange } from "../audit.js";
import { standingRejections } from "../gates/decisions.js";
import type { ChangeUpdate, Problem } from "../outcome.js";
import type { AppRun } from "../run.js";
import { notePlanComment } from "../status/note-plan-comment.js";
import { elapsedSince } from "../sync/change-timer.js";
import { unacknowledged } from "./break-glass.js";
import { logChange } from "./change-log.js";
import { isOpen } from "./known-change.js";

/** Maximum number of names to try when the next number is taken. */
const MAX_ATTEMPTS = 20;
/** Maximum length of a message in conditions other than Ready, which has the full text. */
const MAX_SHORT = 300;

/** Returns the open Changes of an app. Those of a deleted app of the same name, which are not collected yet, are none of it. */
export function openChanges(run: AppRun): Change[] {
  return [...run.services.changes.of(run.key)].filter(isOpen).filter((change) => isOwn(run, change));
}

function isOwn({ app, ref }: AppRun, { metadata }: Pick<Change, "metadata">): boolean {
  const owner = metadata.ownerReferences?.find(({ kind }) => kind === app.kind);
  return owner === undefined || owner.uid === ref.uid;
}

/** Returns the open Change that deletes the app, if any. */
export function openDeletion(run: AppRun): Change | undefined {
  return openChanges(run).find(({ spec }) => spec.cause === "Deletion");
}

/**
 * Returns the open Change that applies these inputs, or the same before an upgrade, if any. One that a user has requested takes precedence.
 * Changes of cause Drift and Deletion apply none.
 */
export function openChangeFor(run: AppRun, inputs: InputKeys | undefined): Change | undefined {
  const open = openChanges(run).filter(
    ({ spec }) =>
      hasSameSource(spec.inputs, inputs) && spec.dryRun !== true && spec.cause !== "Drift" && spec.cause !== "Deletion",
  );
  return open.findLast(({ spec }) => spec.requester !== undefined) ?? open[0];
}

/**
 * Returns the Change for these inputs: the open one, or a new one. Names are numbered, `shop-1`, `shop-2`, so that a Change
 * created just before a crash is found by its name.
 */
export async function ensureChange(run: AppRun, inputs: Inputs, cause: ChangeCause): Promise<Change> {
  const open = cause === "Deletion" ? openDeletion(run) : openChangeFor(run, inputs);
  if (open) return open;
  const change = await createNumbered(run, inputs, cause);
  run.status = { ...run.status, change: { name: change.metadata.name } };
  run.services.failpoint("app:after-change-created");
  return change;
}

/**
 * Ends a Change, after the one that asks for the rest exists: without an open Change, what is not written yet would count as drift, and
 * would be written without its gates.
 */
export async function replaceChange(
  run: AppRun,
  change: Change,
  inputs: Inputs,
  cause: ChangeCause,
  message: string,
): Promise<void> {
  const isNext = ({ metadata, spec }: Change): boolean =>
    metadata.uid !== change.metadata.uid && spec.cause === cause && hasSameSource(spec.inputs, inputs);
  if (!openChanges(run).some(isNext)) {
    const next = await createNumbered(run, inputs, cause);
    run.status = { ...run.status, change: { name: next.metadata.name } };
    run.services.failpoint("app:after-change-created");
  }
  await recordChange(run, change, { phase: "Superseded", message });
}

/** Creates a Change with the next number that is free. */
export async function createNumbered(run: AppRun, inputs: Inputs, cause: ChangeCause): Promise<Change> {
  let number = (run.status.changes ?? 0) + 1;
  for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++, number++) {
    const change = await createChange(run, `${run.ref.name}-${number}`, inputs, cause);
    if (!change) continue;
    run.status = { ...run.status, changes: number };
    return change;
  }
  throw new Error(`no free name for a Change of ${run.key} up to number ${number}`);
}

async function createChange(
  run: AppRun,
  name: string,
  inputs: Inputs,
  cause: ChangeCause,
): Promise<Change | undefined> {
  const { changes, client } = run.services;
  const { namespace, uid } = run.ref;
  try {
    const { body } = await client.request<Change>({
      method: "POST",
      path: collectionPath(changes.resource, namespace),
      body: {
        apiVersion: API_VERSION,
        kind: "Change",
        metadata: {
          name,
          namespace,
          ownerReferences: [
            {
              apiVersion: API_VERSION,
              kind: run.app.kind,
              name: run.ref.name,
              uid,
              controller: true,
              blockOwnerDeletion: false,
            },
          ],
        },
        spec: { app: { name: run.ref.name }, cause, inputs },
      },
    });
    changes.note(body);
    return body;
  } catch (error) {
    if (!isStatus(error, 409)) throw error;
  }
  const { body } = await client.request<Change>({ method: "GET", path: objectPath(changes.resource, namespace, name) });
  const { spec } = body;
  const isSame = hasSameSource(spec.inputs, inputs) && spec.requester === undefined && spec.cause === cause;
  return isSame && isOwn(run, body) && !isFinal(body.status?.phase) ? body : undefined;
}

/**
 * Stages an update of a Change, so that one reconcile writes it once. A crash before the write loses nothing, because the next
 * reconcile starts from the live objects.
 */
export function stageChange(run: AppRun, change: Change, update: ChangeUpdate): void {
  const { message: _, waitingFor: __, refusals: ___, ...lasting } = run.staged?.update ?? {};
  elapsedSince(run, change, "started", change.status?.startTime);
  run.staged = { change, update: { startTime: rfc3339(run.services.clock.now()), ...lasting, ...update } };
}

/** Writes the staged update, if any, and returns the resulting Change. */
export async function flushChange(run: AppRun, change: Change): Promise<Change> {
  if (!run.staged) return change;
  const { change: staged, update } = run.staged;
  run.staged = undefined;
  return recordChange(run, staged, update);
}

/** Writes the status of a Change. Sets start and completion times. */
export async function recordChange(run: AppRun, change: Change, update: ChangeUpdate): Promise<Change> {
  const { changes, status, clock } = run.services;
  const now = rfc3339(clock.now());
  const before = change.status ?? {};
  const { waitingFor: _, message: __, refusals: ___, omitted, planIncomplete, ...lasting } = before;
  const next: ChangeStatus = {
    ...lasting,
    ...(update.plan === undefined ? { omitted, planIncomplete } : {}),
    ...update,
    observedGeneration: change.metadata.generation,
    startTime: before.startTime ?? update.startTime ?? now,
    ...(isFinal(update.phase) && before.completionTime === undefined ? { completionTime: now } : {}),
    ...(update.message === undefined ? {} : { message: cutMessage(update.message) }),
    ...(update.waitingFor === undefined ? {} : { waitingFor: cutMessage(update.waitingFor) }),
  };
  next.conditions = mergeConditions(before.conditions ?? [], changeConditions(next), change.metadata.generation, now);
  const written = (await status.write(changes.resource, change, next)) ?? change;
  changes.note(written);
  notePlanComment(run, change, next);
  if (isFinal(next.phase) && next.phase !== "Planned") run.services.wholePlans.drop(change.metadata.uid);
  logChange(run, change, before, next);
  await auditChange(run, change, before, next);
  return written;
}

/** Returns the conditions of a Change, in kstatus form. */
export function changeConditions(status: ChangeStatus): ConditionDraft[] {
  const reason = status.phase ?? "Planning";
  const message = status.message || status.waitingFor || status.summary || reason;
  if (status.phase === "Succeeded" || status.phase === "Planned")
    return [{ type: "Ready", status: "True", reason, message }];
  if (status.phase === "Refused") {
    return [
      { type: "Ready", status: "False", reason, message },
      { type: "Reconciling", status: "True", reason: "Retrying", message },
    ];
  }
  if (isFinal(status.phase)) {
    return [
      { type: "Ready", status: "False", reason, message },
      { type: "Stalled", status: "True", reason, message: cutMiddle(message, MAX_SHORT) },
    ];
  }
  return [
    { type: "Ready", status: "Unknown", reason, message },
    { type: "Reconciling", status: "True", reason, message: cutMiddle(message, MAX_SHORT) },
  ];
}

/** Ends the open Changes that newer inputs, or a request for the same inputs, supersede. */
export async function supersede(run: AppRun, current: Inputs): Promise<void> {
  const kept = openChangeFor(run, current);
  let hasEnded = false;
  for (const change of openChanges(run)) {
    const { inputs } = change.spec;
    if (inputs === undefined || change.metadata.uid === kept?.metadata.uid) continue;
    // It offers to revert to the inputs that are desired anyway.
    const isSame = hasSameSource(inputs, current);
    if (change.spec.cause === "Drift" && isSame && kept === undefined) continue;
    const by = isSame && kept ? `Change ${kept.metadata.name}` : current.revision;
    await recordChange(run, change, { phase: "Superseded", message: `superseded by ${by}` });
    hasEnded = true;
  }
  if (hasEnded) await trimHistory(run);
}

/**
 * Ends the Changes that are being applied when newer inputs exist that cannot be rendered before a user changes something. They could
 * not continue, since the app takes the newest inputs only: their hooks would be at work without an end.
 */
export async function supersedeUnrendered(run: AppRun, problem: Pick<Problem, "terminal">): Promise<void> {
  const { located } = run;
  if (located === undefined || !problem.terminal) return;
  for (const change of openChanges(run)) {
    const { inputs, cause } = change.spec;
    const isOther = inputs !== undefined && !hasSameSource(inputs, located);
    if (!isOther || cause === "Drift" || change.status?.phase !== "Applying") continue;
    const message = `superseded by ${located.revision}, which cannot be rendered`;
    await recordChange(run, change, { phase: "Superseded", message });
  }
}

/**
 * Deletes the oldest finished Changes beyond the app's history limit, with the decisions on them. What the app relies on stays, and what a
 * user has to acknowledge; rejections by users, which hold equal plans, are displaced only by others beyond the limit.
 */
export async function trimHistory(run: AppRun): Promise<void> {
  const { changes, approvals } = run.services;
  const { historyLimit } = run.app.spec;
  const all = [...changes.of(run.key)];
  const { applied, pin, change: last } = run.status;
  const kept = neededChanges(all, { applied, last: last?.name, pin });
  for (const { change } of unacknowledged(run)) kept.add(change.metadata.name);
  const rejections = standingRejections(run).sort((a, b) => (isNewer(a.change, b.change) ? -1 : 1));
  for (const { change } of rejections.slice(0, historyLimit)) kept.add(change.metadata.name);
  for (const change of expiredChanges(all, historyLimit, ({ metadata }) => kept.has(metadata.name))) {
    await remove(run.services, changes.resource, change.metadata);
    for (const { metadata, spec } of approvals.of(run.key))
      if (spec.change.uid === change.metadata.uid) await remove(run.services, approvals.resource, metadata);
  }
}

/** Deletes the decisions on Changes of an app (`namespace/name`) that does not exist any more. */
export async function removeApprovals(services: AppServices, app: string): Promise<void> {
  const { approvals } = services;
  for (const { metadata } of approvals.of(app)) await remove(services, approvals.resource, metadata);
}

async function remove({ client }: AppServices, resource: ResourceInfo, metadata: ObjectMeta): Promise<void> {
  const { namespace, name, uid } = metadata;
  try {
    await client.request({
      method: "DELETE",
      path: objectPath(resource, namespace, name),
      body: { preconditions: { uid } },
    });
  } catch (error) {
    if (!isStatus(error, 404) && !isStatus(error, 409)) throw error;
  }
}
