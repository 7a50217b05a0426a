import { isBuiltinGroup } from "./builtin-groups.js";
import type { Document } from "./document.js";
import type { ObjectKey } from "./object-id.js";
import { isRecord } from "./shape.js";

const ADMISSION = "admissionregistration.k8s.io";
const WORKLOADS: ReadonlySet<string> = new Set([
  "apps/Deployment",
  "apps/StatefulSet",
  "apps/DaemonSet",
  "apps/ReplicaSet",
]);

/**
 * Returns the workloads that serve a webhook configuration or APIService: those whose pods its Services select. Empty for other
 * documents, and if the workloads are not in the set.
 */
export function serversOf(document: Document, all: readonly Document[]): readonly Document[] {
  const services = servicesOf(document);
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
function servicesOf({ id, object }: Document): { namespace: unknown; name: unknown }[] {
  if (id.group === "apiregistration.k8s.io" && id.kind === "APIService")
    return isRecord(object.spec) ? reference(object.spec.service) : [];
  if (id.group !== ADMISSION) return [];
  return records(object.webhooks)
    .filter(({ failurePolicy }) => failurePolicy !== "Ignore")
    .flatMap(({ clientConfig }) => (isRecord(clientConfig) ? reference(clientConfig.service) : []));
}

function reference(service: unknown): { namespace: unknown; name: unknown }[] {
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
