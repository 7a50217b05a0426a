import { isBuiltinGroup } from "./builtin-groups.js";
import type { Document } from "./document.js";
import type { ObjectKey } from "./object-id.js";
import { isRecord } from "./shape.js";

interface ServiceReference {
  readonly namespace: unknown;
  readonly name: unknown;
}

const ADMISSION = "admissionregistration.k8s.io";
const WORKLOADS: ReadonlySet<string> = new Set([
  "apps/Deployment",
  "apps/StatefulSet",
  "apps/DaemonSet",
  "apps/ReplicaSet",
]);

/**
 * Returns the workloads that a document needs at the API server: those whose pods are selected by the Services of a webhook
 * configuration or APIService, or of the conversion webhook of a custom resource that is not at the stored version. Empty for
 * other documents, and if the workloads are not in the set.
 */
export function serversOf(document: Document, all: readonly Document[]): readonly Document[] {
  const services = [...servicesOf(document), ...conversionOf(document, all)];
  if (services.length === 0) return [];
  const selectors = all.flatMap(({ id, object }) => {
    if (id.group !== "" || id.kind !== "Service") return [];
    if (!services.some(({ namespace, name }) => namespace === id.namespace && name === id.name)) return [];
    const selector = isRecord(object.spec) ? object.spec.selector : undefined;
    return isRecord(selector) && Object.keys(selector).length > 0 ? [{ namespace: id.namespace, selector }] : [];
  });
  return all.filter((candidate) => {
    const labels = podLabels(candidate);
    return (
      labels !== undefined &&
      selectors.some(
        ({ namespace, selector }) =>
          namespace === candidate.id.namespace &&
          Object.entries(selector).every(([label, value]) => labels[label] === value),
      )
    );
  });
}

/**
 * Returns the custom resources that webhooks of the set admit, by key, with the configurations of these webhooks. They are
 * applied after the webhooks, so that they are validated and defaulted. Objects of built-in kinds do not wait, because the
 * webhook servers consist of them.
 */
export function judgedBy(all: readonly Document[]): ReadonlyMap<ObjectKey, readonly Document[]> {
  const configurations = all.filter(isWebhookConfiguration);
  const judged = new Map<ObjectKey, Document[]>();
  if (configurations.length === 0) return judged;
  const plurals = new Map(all.flatMap(definedResource));
  for (const document of all) {
    const { group, kind } = document.id;
    if (isBuiltinGroup(group)) continue;
    const defined = plurals.get(`${group}/${kind}`);
    const names = defined === undefined ? pluralsOf(kind) : [defined];
    const judges = configurations.filter((one) => names.some((name) => judgesResource(one, group, name)));
    if (judges.length > 0) judged.set(document.key, judges);
  }
  return judged;
}

/** Reports whether a document is a webhook configuration. */
function isWebhookConfiguration({ id }: Document): boolean {
  return id.group === ADMISSION && id.kind.endsWith("WebhookConfiguration");
}

/** Returns the Service of the conversion webhook that a custom resource needs, by its CustomResourceDefinition in the set. */
function conversionOf({ id }: Document, all: readonly Document[]): ServiceReference[] {
  if (isBuiltinGroup(id.group)) return [];
  for (const { id: definition, object } of all) {
    if (definition.kind !== "CustomResourceDefinition" || !isRecord(object.spec)) continue;
    const { group, names, versions, conversion } = object.spec;
    if (group !== id.group || !isRecord(names) || names.kind !== id.kind) continue;
    const isStored = records(versions).some(({ name, storage }) => name === id.version && storage === true);
    const webhook = isRecord(conversion) && conversion.strategy === "Webhook" ? conversion.webhook : undefined;
    const client = isRecord(webhook) ? webhook.clientConfig : undefined;
    return !isStored && isRecord(client) ? reference(client.service) : [];
  }
  return [];
}

/** Returns the resource that a CustomResourceDefinition defines, by group and kind. */
function definedResource({ id, object }: Document): [string, string][] {
  if (id.kind !== "CustomResourceDefinition" || !isRecord(object.spec)) return [];
  const { group, names } = object.spec;
  if (!isRecord(names) || typeof names.plural !== "string") return [];
  return [[`${String(group)}/${String(names.kind)}`, names.plural]];
}

/** Guesses the resource name of a kind whose CustomResourceDefinition is not in the set. */
function pluralsOf(kind: string): string[] {
  const name = kind.toLowerCase();
  return [`${name}s`, `${name}es`, name.replace(/y$/, "ies"), name];
}

function judgesResource({ object }: Document, group: string, resource: string): boolean {
  return records(object.webhooks).some(({ rules }) =>
    records(rules).some(
      ({ apiGroups, resources }) => holds(apiGroups, group) && (holds(resources, resource) || holds(resources, "*/*")),
    ),
  );
}

/** Returns the Services of a webhook configuration or APIService. Webhooks with failurePolicy Ignore are skipped. */
function servicesOf({ id, object }: Document): ServiceReference[] {
  if (id.group === "apiregistration.k8s.io" && id.kind === "APIService")
    return isRecord(object.spec) ? reference(object.spec.service) : [];
  if (id.group !== ADMISSION) return [];
  return records(object.webhooks)
    .filter(({ failurePolicy }) => failurePolicy !== "Ignore")
    .flatMap(({ clientConfig }) => (isRecord(clientConfig) ? reference(clientConfig.service) : []));
}

function reference(service: unknown): ServiceReference[] {
  return isRecord(service) ? [{ namespace: service.namespace, name: service.name }] : [];
}

/** Returns the pod labels of a workload. Undefined for other documents. */
function podLabels({ id, object }: Document): Record<string, unknown> | undefined {
  if (id.group === "" && id.kind === "Pod") return { ...object.metadata.labels };
  if (!WORKLOADS.has(`${id.group}/${id.kind}`) || !isRecord(object.spec)) return undefined;
  const { template } = object.spec;
  const metadata = isRecord(template) && isRecord(template.metadata) ? template.metadata : {};
  return isRecord(metadata.labels) ? metadata.labels : {};
}

function holds(list: unknown, value: string): boolean {
  return Array.isArray(list) && (list.includes("*") || list.includes(value));
}

function records(list: unknown): Record<string, unknown>[] {
  return Array.isArray(list) ? list.filter(isRecord) : [];
}
