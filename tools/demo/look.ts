import type { Change } from "../../src/api/change.js";
import { ANNOTATION_RECONCILE_AT, API_VERSION } from "../../src/api/group.js";
import type { OverseerApp } from "../../src/api/overseer-app.js";
import { FatalWaitError, waitUntil } from "../wait-until.js";
import { conditionOf, isTrue, type ObjectRef, type WithConditions } from "./kube.js";
import { DEMO_NAMESPACE, REPOSITORY } from "./sample.js";
import type { Stage } from "./stage.js";

/** Often enough that the times on the screen are those of the operator. */
const LOOK_EVERY_MS = 10;

/** The OverseerApp of a name. */
export function appRef(name: string): ObjectRef {
  return { apiVersion: API_VERSION, kind: "OverseerApp", namespace: DEMO_NAMESPACE, name };
}

/** The one GitRepository. */
export const REPOSITORY_REF: ObjectRef = {
  apiVersion: API_VERSION,
  kind: "GitRepository",
  namespace: DEMO_NAMESPACE,
  name: REPOSITORY,
};

/** Waits for something to be so; gives up at once when the demo is to end, or when a process of it has ended. */
export function until<T>(
  stage: Stage,
  what: string,
  timeoutMs: number,
  probe: () => Promise<T | undefined | false>,
): Promise<T> {
  return waitUntil<T>({ what, timeoutMs, intervalMs: LOOK_EVERY_MS }, async () => {
    if (stage.signal.aborted) throw new FatalWaitError("the demo is to end");
    const gone = stage.processes.find((one) => one.ended() !== undefined);
    if (gone) throw new FatalWaitError(`${gone.name} ended with ${gone.ended()}`);
    return probe();
  });
}

/** Waits for an object to be as wanted; gives up at once where the object itself says that nothing will change. */
export function look<T>(
  stage: Stage,
  ref: ObjectRef,
  what: string,
  timeoutMs: number,
  test: (object: T) => boolean | Promise<boolean>,
): Promise<T> {
  return until<T>(stage, what, timeoutMs, async () => {
    const object = await stage.kube.get<T>(ref);
    if (object === undefined) return undefined;
    const stalled = conditionOf(object as WithConditions, "Stalled");
    if (stalled?.status === "True") throw new FatalWaitError(`${ref.kind} ${ref.name} is stalled: ${stalled.message}`);
    return (await test(object)) ? object : undefined;
  });
}

/** Waits until an app is Ready with this commit applied. */
export function synced(stage: Stage, name: string, commit: string, timeoutMs: number): Promise<OverseerApp> {
  return look<OverseerApp>(
    stage,
    appRef(name),
    `OverseerApp ${name} is Ready`,
    timeoutMs,
    (app) => isTrue(app, "Ready") && isTrue(app, "Synced") && app.status?.applied?.commit === commit,
  );
}

/** The Change of an app that is under way, or its last one. */
export async function currentChange(stage: Stage, app: OverseerApp): Promise<Change | undefined> {
  const name = app.status?.change?.name;
  if (name === undefined) return undefined;
  return stage.kube.get<Change>({ apiVersion: API_VERSION, kind: "Change", namespace: DEMO_NAMESPACE, name });
}

/** Asks the operator to look at the repository now, as a webhook would. */
export async function tell(stage: Stage): Promise<void> {
  const annotations = { [ANNOTATION_RECONCILE_AT]: new Date().toISOString() };
  await stage.kube.patch(REPOSITORY_REF, { metadata: { annotations } }, "overseer-demo");
}
