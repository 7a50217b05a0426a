import { ANNOTATION_APPLIED, ANNOTATION_IDENTITY, LABEL_APP, LABEL_APP_NAMESPACE } from "../../../api/group.js";
import { PARTIAL_OBJECT } from "../../../kube/client/kube-client.js";
import type { RawObject } from "../../../kube/object.js";
import { objectPath, type ResourceInfo } from "../../../kube/resource.js";
import type { AppRef, LiveObject } from "../../../plan/live.js";
import type { Target } from "../../destination.js";
import { type KubernetesContext, observeResponse, writer } from "../kubernetes-context.js";
import { fieldManager, identity } from "./identity.js";

/**
 * Makes an object another app's in one write: labels, identity and the managed-fields entry change their owner together, so
 * that at no moment the object is nobody's or gone. The new app then applies its own document as an ordinary update.
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
        ...asUnwritten(body.metadata.annotations?.[ANNOTATION_APPLIED]),
        { op: "replace", path: "/metadata/managedFields", value: entries },
        { op: "replace", path: "/metadata/resourceVersion", value: body.metadata.resourceVersion },
      ],
    });
    after = response.body;
  } finally {
    context.tracker.writeFinished(live.key, after ? observeResponse(resource, after) : undefined, false);
  }
}

/** Stands for the hash of the document that the new app has not applied yet. */
const NOT_APPLIED = "transferred";

/** Until the new app has applied its document, the object is no drift of that app: it has a document to apply for the first time. */
function asUnwritten(applied: string | undefined): object[] {
  const rest = applied?.indexOf(".") ?? -1;
  if (applied === undefined || rest < 0) return [];
  const path = `/metadata/annotations/${pointer(ANNOTATION_APPLIED)}`;
  return [{ op: "replace", path, value: `${NOT_APPLIED}${applied.slice(rest)}` }];
}

/** Escapes a JSON pointer step. */
function pointer(step: string): string {
  return step.replaceAll("~", "~0").replaceAll("/", "~1");
}
