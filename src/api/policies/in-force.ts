import { canonicalJson } from "../../base/hash.js";
import type { PolicySpec } from "./admission-policy.js";

/** Label of namespaces with their name, set by the API server. */
const NAME_LABEL = "kubernetes.io/metadata.name";

/** A ValidatingAdmissionPolicy as the API server returns it. */
export interface LivePolicy {
  readonly metadata: { readonly name: string };
  readonly spec: unknown;
}

/** A ValidatingAdmissionPolicyBinding as the API server returns it. */
export interface LiveBinding {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly policyName: string;
    readonly validationActions?: readonly string[];
    readonly paramRef?: unknown;
    readonly matchResources?: {
      readonly namespaceSelector?: {
        readonly matchLabels?: object;
        readonly matchExpressions?: readonly {
          readonly key: string;
          readonly operator: string;
          readonly values?: readonly string[];
        }[];
      };
      readonly objectSelector?: object;
      readonly resourceRules?: readonly unknown[];
      readonly excludeResourceRules?: readonly unknown[];
    };
  };
}

/** Reports whether a policy with this spec is bound, and denies in this namespace. */
export function isInForce(
  expected: PolicySpec,
  policies: readonly LivePolicy[],
  bindings: readonly LiveBinding[],
  namespace: string,
): boolean {
  const text = canonicalJson(expected);
  const names = new Set(
    policies.filter(({ spec }) => canonicalJson(spec) === text).map(({ metadata }) => metadata.name),
  );
  return bindings.some(
    ({ spec }) =>
      names.has(spec.policyName) &&
      spec.validationActions?.includes("Deny") === true &&
      spec.paramRef === undefined &&
      covers(spec.matchResources, namespace),
  );
}

function covers(match: LiveBinding["spec"]["matchResources"], namespace: string): boolean {
  if (match === undefined) return true;
  const { namespaceSelector = {}, objectSelector = {}, resourceRules = [], excludeResourceRules = [] } = match;
  if (Object.keys(objectSelector).length > 0 || resourceRules.length > 0 || excludeResourceRules.length > 0)
    return false;
  const { matchLabels = {}, matchExpressions = [] } = namespaceSelector;
  return (
    Object.keys(matchLabels).length === 0 &&
    matchExpressions.every(
      ({ key, operator, values = [] }) => key === NAME_LABEL && operator === "In" && values.includes(namespace),
    )
  );
}
