import type { Change } from "../../src/api/change.js";
import { ANNOTATION_RECONCILE_AT, API_VERSION } from "../../src/api/group.js";
import type { OverseerApp } from "../../src/api/overseer-app.js";
import { FatalWaitError, waitUntil } from "../wait-until.js";
import { conditionOf, isTrue, type ObjectRef, type WithConditions } from "./kube.js";
import { DEMO_NAMESPACE, REPOSITORY } from "./sample.js";
import type { Stage } from "./stage.js";

/** Poll interval; short, so that the displayed times are those of the operator. */
const POLL_INTERVAL_MS = 10;

/** Returns the reference of an OverseerApp. */
export function appRef(name: string): ObjectRef {
  return { apiVersion: API_VERSION, kind: "OverseerApp", namespace: DEMO_NAMESPACE, name };
}

/** Reference of the GitRepository. */
export const REPOSITORY_REF: ObjectRef = {
  apiVersion: API_VERSION,
  kind: "GitRepository",
  namespace: DEMO_NAMESPACE,
  name: REPOSITORY,
};

/** Waits until `probe` succeeds. Fails at once if the demo is stopped or one of its processes has ended. */
export function until<T>(
  stage: Stage,
  what: string,
  timeoutMs: number,
  probe: () => Promise<T | undefined | false>,
): Promise<T> {
  return waitUntil<T>({ what, timeoutMs, intervalMs: POLL_INTERVAL_MS }, async () => {
    if (stage.signal.aborted) throw new FatalWaitError("the demo is stopping");
    const exited = stage.processes.find((one) => one.ended() !== undefined);
    if (exited) throw new FatalWaitError(`${exited.name} ended with ${exited.ended()}`);
    return probe();
  });
}

/** Waits until an object passes `test`. Fails at once if the object is stalled. */
export function untilObject<T>(
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
  return untilObject<OverseerApp>(
    stage,
    appRef(name),
    `OverseerApp ${name} is Ready`,
    timeoutMs,
    (app) => isTrue(app, "Ready") && isTrue(app, "Synced") && app.status?.applied?.commit === commit,
  );
}

/** Returns the current or last Change of an app. */
export async function currentChange(stage: Stage, app: OverseerApp): Promise<Change | undefined> {
  const name = app.status?.change?.name;
  if (name === undefined) return undefined;
  return stage.kube.get<Change>({ apiVersion: API_VERSION, kind: "Change", namespace: DEMO_NAMESPACE, name });
}

/** Requests a poll of the repository, as a webhook would. */
export async function requestPoll(stage: Stage): Promise<void> {
  const annotations = { [ANNOTATION_RECONCILE_AT]: new Date().toISOString() };
  await stage.kube.patch(REPOSITORY_REF, { metadata: { annotations } }, "overseer-demo");
}
