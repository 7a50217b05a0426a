import { FINALIZER } from "../../../api/group.js";
import { cutText } from "../../../base/cut-text.js";
import { OverseerError } from "../../../base/errors.js";
import type { RawObject } from "../../../kube/object.js";
import { objectPath } from "../../../kube/resource.js";
import { displayId } from "../../../manifest/object-id.js";
import type { LiveObject } from "../../../plan/live.js";
import type { Target } from "../../destination.js";
import { type KubernetesContext, writer } from "../kubernetes-context.js";
import { condition, type StatusCondition, statusOf } from "./conditions.js";

/** Conditions that explain why a namespace is still terminating. */
const NAMESPACE_CONDITIONS = [
  "NamespaceDeletionDiscoveryFailure",
  "NamespaceDeletionGroupVersionParsingFailure",
  "NamespaceDeletionContentFailure",
  "NamespaceContentRemaining",
  "NamespaceFinalizersRemaining",
];
const MAX_TEXT = 300;
/** Limit of named pods that use a claim. */
const MAX_PODS = 3;

/**
 * Explains why an object is still being deleted: its finalizers and, where Kubernetes reveals it, what they wait for (pods that
 * use a claim, the claim of a volume, the contents of a namespace, objects of a definition, what a child app waits for). Reads
 * with the app's permissions and omits what these do not cover.
 */
export async function deletionHolders(context: KubernetesContext, target: Target, live: LiveObject): Promise<string> {
  const { finalizers = [] } = live.deletion ?? {};
  const detail = await detailOf(context, target, live).catch((error: unknown) => {
    if (error instanceof OverseerError) return undefined;
    throw error;
  });
  const named =
    finalizers.length === 0
      ? undefined
      : `${finalizers.length === 1 ? "finalizer" : "finalizers"} ${finalizers.join(", ")}`;
  if (detail !== undefined) return `${cutText(detail, MAX_TEXT)}${named === undefined ? "" : ` (${named})`}`;
  if (named === undefined) return "its grace period has not elapsed";
  const owner = finalizers.length === 1 ? "its controller" : "their controllers";
  return `held by ${named}, to be removed by ${owner}`;
}

async function detailOf(context: KubernetesContext, target: Target, live: LiveObject): Promise<string | undefined> {
  const { group, kind } = live.id;
  const { finalizers = [] } = live.deletion ?? {};
  const object = (): Promise<RawObject | undefined> => get(context, target, live);
  if (group === "" && kind === "Namespace") return namespaceHolds(await object());
  if (group === "" && kind === "PersistentVolumeClaim" && finalizers.includes("kubernetes.io/pvc-protection"))
    return podsUsing(context, target, live);
  if (group === "" && kind === "PersistentVolume" && finalizers.includes("kubernetes.io/pv-protection")) {
    const { claimRef } = ((await object())?.spec ?? {}) as { claimRef?: { namespace?: string; name?: string } };
    return claimRef && `bound to PersistentVolumeClaim ${claimRef.namespace}/${claimRef.name}`;
  }
  if (kind === "CustomResourceDefinition") return messageOf(await object(), "Terminating");
  if (finalizers.includes(FINALIZER)) return messageOf(await object(), "Ready");
  if (finalizers.includes("foregroundDeletion")) return "waiting for the objects that it owns to be deleted";
  return undefined;
}

function namespaceHolds(object: RawObject | undefined): string | undefined {
  if (!object) return undefined;
  const status = statusOf(object);
  const messages = NAMESPACE_CONDITIONS.map((type) => condition(status, type)).filter(
    (found): found is StatusCondition => found?.status === "True" && typeof found.message === "string",
  );
  return messages.length === 0 ? undefined : messages.map(({ message }) => message).join(" ");
}

function messageOf(object: RawObject | undefined, type: string): string | undefined {
  const message = object && condition(statusOf(object), type)?.message;
  return message === "" ? undefined : message;
}

interface PodList {
  readonly items: readonly (RawObject & {
    readonly spec?: {
      readonly volumes?: readonly { readonly persistentVolumeClaim?: { readonly claimName?: string } }[];
    };
    readonly status?: { readonly phase?: string };
  })[];
}

async function podsUsing(context: KubernetesContext, target: Target, { id }: LiveObject): Promise<string | undefined> {
  const { body } = await context.client.request<PodList>({
    method: "GET",
    path: `/api/v1/namespaces/${encodeURIComponent(id.namespace)}/pods`,
    query: { limit: "500" },
    impersonate: writer(context, target),
  });
  const names = body.items
    .filter(
      ({ spec, status }) =>
        status?.phase !== "Succeeded" &&
        status?.phase !== "Failed" &&
        spec?.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === id.name),
    )
    .map(({ metadata }) => displayId({ kind: "Pod", namespace: id.namespace, name: metadata.name }))
    .sort();
  if (names.length === 0) return undefined;
  const more = names.length > MAX_PODS ? ` and ${names.length - MAX_PODS} more` : "";
  return `used by ${names.slice(0, MAX_PODS).join(", ")}${more}`;
}

async function get(context: KubernetesContext, target: Target, { id }: LiveObject): Promise<RawObject | undefined> {
  const resource = await context.discovery.findAny(id);
  if (!resource) return undefined;
  const path = objectPath(resource, id.namespace, id.name);
  return (await context.client.request<RawObject>({ method: "GET", path, impersonate: writer(context, target) })).body;
}
