import { OverseerError } from "../../../base/errors.js";
import { mapLimit } from "../../../base/semaphore.js";
import type { RawObject } from "../../../kube/object.js";
import { objectPath } from "../../../kube/resource.js";
import { type AppRef, appKey } from "../../../plan/live.js";
import { type KubernetesContext, observeResponse } from "../kubernetes-context.js";
import type { ObservedObject } from "../watch/observed-object.js";

const PARALLEL = 4;

/**
 * Reads the objects of an app again whose health was computed by other expressions than the app has now. Sends no request unless the
 * app has changed its expressions.
 */
export async function refreshHealth(context: KubernetesContext, app: AppRef): Promise<void> {
  const outdated: ObservedObject[] = [];
  for (const { object } of context.tracker.ofApp(app)) {
    if (context.judge.expressionsOf(appKey(app), object.id)?.digest !== object.healthBy) outdated.push(object);
  }
  await mapLimit(outdated, PARALLEL, (object) => refresh(context, object));
}

async function refresh(context: KubernetesContext, { id }: ObservedObject): Promise<void> {
  const resource = await context.discovery.findAny(id);
  if (!resource) return;
  const path = objectPath(resource, id.namespace, id.name);
  try {
    const { body } = await context.client.request<RawObject>({ method: "GET", path });
    context.tracker.seen(observeResponse(context, resource, body), false);
  } catch (error) {
    // Its watch reports what has become of it.
    if (!(error instanceof OverseerError)) throw error;
  }
}
