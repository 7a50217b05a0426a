import type { RawObject } from "../../../kube/object.js";
import { isRecord } from "../../../manifest/shape.js";

/** A resource as named in the rules of webhooks and policies. */
export interface ResourceName {
  readonly group: string;
  /** Plural name: `deployments`. */
  readonly plural: string;
}

/** Whether a resource is affected. */
export type ResourceMatcher = (resource: ResourceName) => boolean;

/** Matches all resources: for unknown rules. */
export const matchesAll: ResourceMatcher = () => true;

/** Matches no resource: for rules without effect. */
export const matchesNone: ResourceMatcher = () => false;

/** Matches the resource of a CustomResourceDefinition, by its name: `widgets.example.com`. */
export function matcherOfDefinition(name: string): ResourceMatcher {
  const dot = name.indexOf(".");
  const [plural, group] = [name.slice(0, dot), name.slice(dot + 1)];
  return (resource) => resource.group === group && resource.plural === plural;
}

/** Matches the resources of a webhook configuration or an admission policy; ignores selectors. */
export function matcherOfRules(object: RawObject): ResourceMatcher {
  const rules = rulesOf(object);
  return (resource) =>
    rules.some(
      ({ apiGroups, resources }) =>
        (apiGroups.includes("*") || apiGroups.includes(resource.group)) &&
        resources.some((name) => name === "*" || name === "*/*" || name === resource.plural),
    );
}

/** Returns the rules of an object as text, without certificates, which are renewed regularly. */
export function versionlessRules(object: RawObject): string {
  const { metadata: _, status: __, ...fields } = object;
  return JSON.stringify(fields, (key, value: unknown) => (key === "caBundle" ? undefined : value));
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
}

function rulesOf(object: RawObject): Rule[] {
  const webhooks = Array.isArray(object.webhooks) ? object.webhooks : [];
  const spec = isRecord(object.spec) ? object.spec : {};
  const constraints = isRecord(spec.matchConstraints) ? spec.matchConstraints.resourceRules : undefined;
  const all = [...webhooks.flatMap((webhook) => (isRecord(webhook) ? [webhook.rules] : [])), constraints];
  return all
    .flatMap((rules) => (Array.isArray(rules) ? rules : []))
    .filter(isRecord)
    .map(({ apiGroups, resources }) => ({ apiGroups: strings(apiGroups), resources: strings(resources) }));
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
