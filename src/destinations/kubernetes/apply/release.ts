import {
  ANNOTATION_APPLIED,
  ANNOTATION_IDENTITY,
  LABEL_APP,
  LABEL_APP_NAMESPACE,
  LABEL_INSTANCE,
} from "../../../api/group.js";
import type { RawObject } from "../../../kube/object.js";
import { objectPath, type ResourceInfo } from "../../../kube/resource.js";
import type { LiveObject } from "../../../plan/live.js";
import type { Target } from "../../destination.js";
import { type KubernetesContext, writer } from "../kubernetes-context.js";
import { fieldManager } from "../ownership/identity.js";

const LABELS = [LABEL_APP, LABEL_APP_NAMESPACE, LABEL_INSTANCE];
const ANNOTATIONS = [ANNOTATION_IDENTITY, ANNOTATION_APPLIED];

/**
 * Takes our labels and annotations off an object that stays when its app goes. Our entry in the managed fields stays: by it an
 * app of the same name takes the object again.
 */
export async function release(
  context: KubernetesContext,
  target: Target,
  resource: ResourceInfo,
  live: LiveObject,
): Promise<void> {
  const nothing = (keys: readonly string[]): Record<string, null> => Object.fromEntries(keys.map((key) => [key, null]));
  await context.client.request<RawObject>({
    method: "PATCH",
    path: objectPath(resource, live.id.namespace, live.id.name),
    query: { fieldManager: fieldManager(target.app) },
    contentType: "application/merge-patch+json",
    impersonate: writer(context, target),
    body: {
      metadata: {
        uid: live.uid,
        resourceVersion: live.resourceVersion,
        labels: nothing(LABELS),
        annotations: nothing(ANNOTATIONS),
      },
    },
  });
}
