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
import { isConfidentialHash, type KubernetesContext, writer } from "../kubernetes-context.js";
import { fieldManager } from "../ownership/identity.js";

const LABELS = [LABEL_APP, LABEL_APP_NAMESPACE, LABEL_INSTANCE];
const ANNOTATIONS = [ANNOTATION_IDENTITY, ANNOTATION_APPLIED];

/**
 * Removes the ownership labels and annotations from an object that outlives its app. The managedFields entry stays, so that an
 * app of the same name can adopt the object again.
 */
export async function release(
  context: KubernetesContext,
  target: Target,
  resource: ResourceInfo,
  live: LiveObject,
): Promise<void> {
  const removed = (keys: readonly string[]): Record<string, null> => Object.fromEntries(keys.map((key) => [key, null]));
  await context.client.request<RawObject>({
    method: "PATCH",
    path: objectPath(resource, live.id.namespace, live.id.name),
    query: { fieldManager: fieldManager(target.app) },
    contentType: "application/merge-patch+json",
    impersonate: writer(context, target),
    confidential: isConfidentialHash(live.documentHash),
    body: {
      metadata: {
        uid: live.uid,
        resourceVersion: live.resourceVersion,
        labels: removed(LABELS),
        annotations: removed(ANNOTATIONS),
      },
    },
  });
}
