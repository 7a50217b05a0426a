import type { Change, ChangeCause, ChangeStatus } from "../../../api/change.js";
import { isFinal } from "../../../api/change.js";
import { type ConditionDraft, cutMessage, mergeConditions } from "../../../api/conditions.js";
import { API_VERSION } from "../../../api/group.js";
import type { Inputs } from "../../../api/inputs.js";
import { rfc3339 } from "../../../base/clock.js";
import { cutMiddle } from "../../../base/cut-text.js";
import { isStatus } from "../../../kube/errors.js";
import { collectionPath, objectPath } from "../../../kube/resource.js";
import { expiredChanges } from "../../../plan/change-history.js";
import type { ChangeUpdate } from "../outcome.js";
import type { AppRun } from "../run.js";
import { elapsedSince } from "../sync/change-timer.js";
import { logChange } from "./change-log.js";
import { isOpen } from "./known-change.js";

/** Names tried when the next number is taken already. */
const MAX_TRIES = 20;
/** Longest message in the conditions beside Ready, which has it whole. */
const MAX_SHORT = 300;

/** The Changes of an app that have not reached their end. */
export function openChanges(run: AppRun): Change[] {
  return [...run.services.changes.of(run.key)].filter(isOpen);
}

/** The open Change that brings these inputs, if there is one. */
export function openChangeFor(run: AppRun, inputsKey: string): Change | undefined {
  return openChanges(run).find((change) => change.spec.inputs.key === inputsKey);
}

/**
 * The Change that brings these inputs: the open one, or a new one. Names are counted up, `shop-1`, `shop-2`; a Change that was made
 * just before a crash is found again by its name.
 */
export async function ensureChange(run: AppRun, inputs: Inputs, cause: ChangeCause): Promise<Change> {
  const open = openChangeFor(run, inputs.key);
  if (open) return open;
  let number = (run.status.changes ?? 0) + 1;
  for (let tries = 0; tries < MAX_TRIES; tries++, number++) {
    const change = await createChange(run, `${run.ref.name}-${number}`, inputs, cause);
    if (!change) continue;
    run.status = { ...run.status, changes: number, change: { name: change.metadata.name } };
    run.services.failpoint("app:after-change-created");
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
  return body.spec.inputs.key === inputs.key && !isFinal(body.status?.phase) ? body : undefined;
}

/**
 * Notes how a Change goes, to be written with whatever else this reconcile finds out: one write, not one for each step. A
 * crash before that loses nothing, since the next reconcile looks at what is live.
 */
export function stageChange(run: AppRun, change: Change, update: ChangeUpdate): void {
  const { message: _, waitingFor: __, refusals: ___, ...lasting } = run.staged?.update ?? {};
  elapsedSince(run, change, "started", change.status?.startTime);
  run.staged = { change, update: { startTime: rfc3339(run.services.clock.now()), ...lasting, ...update } };
}

/** Writes what was noted, if anything was, and gives the Change as it then is. */
export async function flushChange(run: AppRun, change: Change): Promise<Change> {
  if (!run.staged) return change;
  const { change: noted, update } = run.staged;
  run.staged = undefined;
  return recordChange(run, noted, update);
}

/** Writes how a Change goes. Times are set where a phase begins or ends. */
export async function recordChange(run: AppRun, change: Change, update: ChangeUpdate): Promise<Change> {
  const { changes, status, clock } = run.services;
  const now = rfc3339(clock.now());
  const before = change.status ?? {};
  const { waitingFor: _, message: __, refusals: ___, ...lasting } = before;
  const next: ChangeStatus = {
    ...lasting,
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
  logChange(run, change, before, next);
  return written;
}

/** The conditions of a Change, so that any tool that knows kstatus sees its end. */
export function changeConditions(status: ChangeStatus): ConditionDraft[] {
  const reason = status.phase ?? "Planning";
  const message = status.message || status.waitingFor || status.summary || reason;
  if (status.phase === "Succeeded") return [{ type: "Ready", status: "True", reason, message }];
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

/** Ends the open Changes that newer inputs have overtaken. */
export async function supersede(run: AppRun, current: Inputs): Promise<void> {
  for (const change of openChanges(run)) {
    if (change.spec.inputs.key === current.key) continue;
    await recordChange(run, change, { phase: "Superseded", message: `superseded by ${current.revision}` });
  }
}

/** Deletes the oldest finished Changes beyond the app's history limit. */
export async function trimHistory(run: AppRun): Promise<void> {
  const { changes, client } = run.services;
  for (const change of expiredChanges([...changes.of(run.key)], run.app.spec.historyLimit)) {
    try {
      const { namespace, name, uid } = change.metadata;
      await client.request({
        method: "DELETE",
        path: objectPath(changes.resource, namespace, name),
        body: { preconditions: { uid } },
      });
    } catch (error) {
      if (!isStatus(error, 404) && !isStatus(error, 409)) throw error;
    }
  }
}
