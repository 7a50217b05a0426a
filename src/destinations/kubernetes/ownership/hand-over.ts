import { ANNOTATION_APPLIED, ANNOTATION_IDENTITY, LABEL_APP, LABEL_APP_NAMESPACE } from "../../../api/group.js";
import { PARTIAL_OBJECT } from "../../../kube/client/kube-client.js";
import type { RawObject } from "../../../kube/object.js";
import { objectPath, type ResourceInfo } from "../../../kube/resource.js";
import { type AppRef, HANDED_OVER, type LiveObject } from "../../../plan/live.js";
import type { Target } from "../../destination.js";
import {
  isConfidentialHash,
  type KubernetesContext,
  keepConfidential,
  observeResponse,
  writer,
} from "../kubernetes-context.js";
import { fieldManager, identity } from "./identity.js";

/**
 * Transfers an object to another app in one write: labels, identity and managedFields change together, so that the object is
 * never without an owner or deleted. The new app then applies its own document as a normal update.
 */
export async function handOver(
  context: KubernetesContext,
  target: Target,
  resource: ResourceInfo,
  live: LiveObject,
  to: AppRef,
): Promise<void> {
  const path = objectPath(resource, live.id.namespace, live.id.name);
  const { body } = await context.client.request<RawObject>({
    method: "GET",
    path,
    accept: PARTIAL_OBJECT,
    impersonate: writer(context, target),
  });
  const from = fieldManager(target.app);
  const entries = (body.metadata.managedFields ?? []).map((entry) =>
    entry.manager === from && entry.operation === "Apply" ? { ...entry, manager: fieldManager(to) } : entry,
  );
  context.tracker.writeStarted(live.key);
  let after: RawObject | undefined;
  try {
    const response = await context.client.request<RawObject>({
      method: "PATCH",
      path,
      query: { fieldManager: from },
      contentType: "application/json-patch+json",
      impersonate: writer(context, target),
      confidential: isConfidentialHash(live.documentHash),
      body: [
        { op: "test", path: "/metadata/uid", value: live.uid },
        { op: "test", path: `/metadata/labels/${pointer(LABEL_APP)}`, value: target.app.name },
        { op: "replace", path: `/metadata/labels/${pointer(LABEL_APP)}`, value: to.name },
        { op: "replace", path: `/metadata/labels/${pointer(LABEL_APP_NAMESPACE)}`, value: to.namespace },
        {
          op: "replace",
          path: `/metadata/annotations/${pointer(ANNOTATION_IDENTITY)}`,
          value: identity(context, to, live.id),
        },
        ...resetApplied(body.metadata.annotations?.[ANNOTATION_APPLIED]),
        { op: "replace", path: "/metadata/managedFields", value: entries },
        { op: "replace", path: "/metadata/resourceVersion", value: body.metadata.resourceVersion },
      ],
    });
    after = response.body;
  } finally {
    context.tracker.writeFinished(live.key, after ? observeResponse(context, resource, after) : undefined, false);
  }
}

/** Resets the applied hash, so that the new app treats its document as a first apply and not as drift. */
function resetApplied(applied: string | undefined): object[] {
  const dot = applied?.indexOf(".") ?? -1;
  if (applied === undefined || dot < 0) return [];
  const path = `/metadata/annotations/${pointer(ANNOTATION_APPLIED)}`;
  return [{ op: "replace", path, value: `${keepConfidential(applied, HANDED_OVER)}${applied.slice(dot)}` }];
}

/** Escapes a JSON pointer segment. */
function pointer(step: string): string {
  return step.replaceAll("~", "~0").replaceAll("/", "~1");
}
