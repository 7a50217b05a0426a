import { ANNOTATION_IDENTITY, LABEL_APP, LABEL_APP_NAMESPACE } from "../../api/group.js";
import { OverseerError } from "../../base/errors.js";
import { mapLimit } from "../../base/semaphore.js";
import { PARTIAL_LIST } from "../../kube/client/kube-client.js";
import { isStatus } from "../../kube/errors.js";
import type { RawObject } from "../../kube/object.js";
import { collectionPath, type ResourceInfo } from "../../kube/resource.js";
import { objectKey } from "../../manifest/object-id.js";
import type { AppRef } from "../../plan/live.js";
import type { KubernetesContext } from "./kubernetes-context.js";
import { identifiedApp } from "./ownership/identity.js";

/** Kinds that every namespace has, or that controllers create and delete. */
const IGNORED_KINDS: ReadonlySet<string> = new Set([
  "/Event",
  "events.k8s.io/Event",
  "/Endpoints",
  "discovery.k8s.io/EndpointSlice",
  "coordination.k8s.io/Lease",
]);
/** Objects that Kubernetes creates in each namespace. */
const BUILTIN_OBJECTS: ReadonlySet<string> = new Set(["ServiceAccount/default", "ConfigMap/kube-root-ca.crt"]);

interface Page {
  readonly items: RawObject[] | null;
  readonly metadata?: { readonly continue?: string };
}

/**
 * Names an object in a namespace that does not belong to the app; undefined if there is none. Lists all kinds, so it is used only
 * when an app is deleted. A kind that cannot be listed counts as present, so that nothing is deleted by mistake.
 */
export async function namespaceContents(
  context: KubernetesContext,
  app: AppRef,
  namespace: string,
): Promise<string | undefined> {
  const resources = (await context.discovery.all()).filter(
    (resource) =>
      resource.namespaced && resource.verbs.has("list") && !IGNORED_KINDS.has(`${resource.group}/${resource.kind}`),
  );
  const found = await mapLimit(resources, 8, (resource) => firstOther(context, app, namespace, resource));
  return found.find((name) => name !== undefined);
}

async function firstOther(
  context: KubernetesContext,
  app: AppRef,
  namespace: string,
  resource: ResourceInfo,
): Promise<string | undefined> {
  try {
    let page: string | undefined;
    do {
      const { body } = await context.client.request<Page>({
        method: "GET",
        path: collectionPath(resource, namespace),
        query: { limit: "500", continue: page },
        accept: PARTIAL_LIST,
      });
      const other = body.items?.find((item) => isContent(context, item, resource, app));
      if (other) return `${resource.kind} ${namespace}/${other.metadata.name}`;
      page = body.metadata?.continue || undefined;
    } while (page !== undefined);
    return undefined;
  } catch (error) {
    if (!(error instanceof OverseerError)) throw error;
    return isStatus(error, 404) || isStatus(error, 405)
      ? undefined
      : `objects of kind ${resource.kind}, which cannot be listed`;
  }
}

/** Whether an object is content of its own: without an owner, not built in, not of the app and not being deleted. */
function isContent(context: KubernetesContext, { metadata }: RawObject, resource: ResourceInfo, app: AppRef): boolean {
  if ((metadata.ownerReferences?.length ?? 0) > 0 || metadata.deletionTimestamp !== undefined) return false;
  if (BUILTIN_OBJECTS.has(`${resource.kind}/${metadata.name}`)) return false;
  const kept = resource.kind === "PersistentVolumeClaim";
  const ours = metadata.labels?.[LABEL_APP] === app.name && metadata.labels?.[LABEL_APP_NAMESPACE] === app.namespace;
  const key = objectKey({ ...resource, namespace: metadata.namespace ?? "", name: metadata.name });
  return kept || !ours || identifiedApp(context, metadata.annotations?.[ANNOTATION_IDENTITY], key) !== app.uid;
}
