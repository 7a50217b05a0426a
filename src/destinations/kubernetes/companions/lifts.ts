import type { Document } from "../../../manifest/document.js";
import { applyTier } from "../../../manifest/order.js";
import { isRecord } from "../../../manifest/shape.js";
import type { WriteAction } from "../../../plan/actions.js";
import type { RefusalCause } from "./cause.js";
import { type BoundRoles, binds, bindsUser, grants, isAggregated, isBinding, isRole } from "./grants.js";
import type { PolicyInputs } from "./policy-inputs.js";
import { defines, provides } from "./provides.js";
import type { RefusalWords } from "./refusal-words.js";

/** A refused write and the details of its refusal. */
export interface RefusedForCause {
  readonly document: Document;
  readonly cause: RefusalCause;
  /** The message of the API server. */
  readonly words: RefusalWords;
  /** Inputs of the admission policy, if one refused the write. */
  readonly policy: PolicyInputs | undefined;
  /** The writing user; undefined if unknown. */
  readonly user: string | undefined;
  /** Roles that any document of the app binds to that user. */
  readonly boundRoles: BoundRoles;
}

/** Kinds that admission plugins of the API server look up by a name that their refusal contains. */
const NAMED_BY_PLUGINS: ReadonlySet<string> = new Set([
  "/ServiceAccount",
  "/Secret",
  "/ResourceQuota",
  "scheduling.k8s.io/PriorityClass",
  "node.k8s.io/RuntimeClass",
  "storage.k8s.io/StorageClass",
  "storage.k8s.io/VolumeAttributesClass",
  "networking.k8s.io/IngressClass",
  "resource.k8s.io/DeviceClass",
]);
/** Kinds that admission plugins look up in the namespace of an object, with any name. */
const PER_NAMESPACE: ReadonlySet<string> = new Set(["/ResourceQuota", "/LimitRange"]);
/** Kinds that serve requests, or create pods that do. */
const SERVERS: ReadonlySet<string> = new Set([
  "/Service",
  "/Pod",
  "apps/Deployment",
  "apps/StatefulSet",
  "apps/DaemonSet",
  "apps/ReplicaSet",
]);

/** Whether, after a write, the API server may accept what it refuses now. */
export function lifts(write: WriteAction, refused: RefusedForCause): boolean {
  const companion = write.document;
  const { cause, document } = refused;
  if (companion.key === document.key) return false;
  switch (cause.type) {
    case "Namespace":
      return isNamespace(companion, cause.name);
    case "Kind":
      return provides(companion, document.id);
    case "Schema":
      return defines(companion, document.id);
    case "Access":
      return givesAccess(companion, refused) || isNewNamespaceOf(write, document);
    case "Escalation":
      return changesRightsToGrant(companion, refused);
    case "Policy":
      return isNamespace(companion, document.id.namespace) || isReadByPolicy(companion, refused, cause);
    case "Webhook":
      return (
        isNamespace(companion, document.id.namespace) ||
        hasWebhook(companion, cause.name) ||
        isNamed(companion, refused) ||
        (refused.words.saysAbsent && goesBefore(companion, document))
      );
    case "Unreachable":
      return (
        (cause.webhook !== undefined ? hasWebhook(companion, cause.webhook) : defines(companion, document.id)) ||
        mayServe(companion, cause.service)
      );
    case "Plugin":
      return isReadByPlugins(companion, refused);
    case "Allocation":
      return companion.id.group === "networking.k8s.io"
        ? companion.id.kind === "ServiceCIDR"
        : isKind(companion, "/Service") && write.verb === "Update";
  }
}

function isKind({ id }: Document, kind: string): boolean {
  return `${id.group}/${id.kind}` === kind;
}

function isNamespace(companion: Document, name: string): boolean {
  return isKind(companion, "/Namespace") && companion.id.name === name;
}

/** Whether a write creates the namespace of a document. Project and tenant controllers grant access to new namespaces. */
function isNewNamespaceOf({ document, verb }: WriteAction, { id }: Document): boolean {
  return verb === "Create" && isNamespace(document, id.namespace);
}

/** Whether a companion grants the missing permission to the user. */
function givesAccess(companion: Document, { cause, user, boundRoles }: RefusedForCause): boolean {
  if (isBinding(companion)) return bindsUser(companion, user);
  if (!isRole(companion) || cause.type !== "Access") return false;
  return grants(companion, cause.group, cause.resource) || boundRoles.has(companion);
}

function changesRightsToGrant(companion: Document, { document, user, boundRoles }: RefusedForCause): boolean {
  if (isBinding(companion)) return bindsUser(companion, user);
  if (!isRole(companion)) return false;
  return binds(document, companion) || isAggregated(companion) || boundRoles.has(companion);
}

function isReadByPolicy(
  companion: Document,
  { document, policy }: RefusedForCause,
  { policy: name, binding }: RefusalCause & { type: "Policy" },
): boolean {
  if (companion.id.group === "admissionregistration.k8s.io") return [name, binding].includes(companion.id.name);
  if (policy === undefined) return goesBefore(companion, document);
  if (policy.authorizer && (isRole(companion) || isBinding(companion))) return true;
  const { paramKind } = policy;
  return paramKind !== undefined && companion.id.group === paramKind.group && companion.id.kind === paramKind.kind;
}

function isReadByPlugins(companion: Document, refused: RefusedForCause): boolean {
  const { id } = companion;
  const kind = `${id.group}/${id.kind}`;
  const { namespace } = refused.document.id;
  if (isNamespace(companion, namespace)) return true;
  if (PER_NAMESPACE.has(kind) && id.namespace === namespace) return true;
  const here = id.namespace === "" || id.namespace === namespace;
  const claims = isKind(refused.document, "/PersistentVolumeClaim") && kind === "storage.k8s.io/StorageClass";
  return here && (claims || (NAMED_BY_PLUGINS.has(kind) && isNamed(companion, refused)));
}

/** Whether the refusal names a companion. If it has the same name as the document, its kind must be named as well. */
function isNamed({ id }: Document, { document, words }: RefusedForCause): boolean {
  if (!words.has(id.name)) return false;
  return id.name !== document.id.name || words.has(id.kind) || words.has(`${id.kind}s`);
}

/**
 * Whether a companion configures the webhook that refused, and may change or remove it. The webhooks of a configuration that is
 * about to be deleted are unknown.
 */
function hasWebhook({ id: { group, kind }, object: { webhooks } }: Document, name: string): boolean {
  if (group !== "admissionregistration.k8s.io" || !kind.endsWith("WebhookConfiguration")) return false;
  return (
    webhooks === undefined ||
    (Array.isArray(webhooks) && webhooks.some((webhook) => isRecord(webhook) && webhook.name === name))
  );
}

/** Whether a companion may serve the requests of a webhook, or be needed by its server. */
function mayServe(companion: Document, service: { readonly namespace: string } | undefined): boolean {
  if (service === undefined) return SERVERS.has(`${companion.id.group}/${companion.id.kind}`);
  return companion.id.namespace === service.namespace || isNamespace(companion, service.namespace);
}

function goesBefore(companion: Document, document: Document): boolean {
  return applyTier(companion.id) < applyTier(document.id);
}
