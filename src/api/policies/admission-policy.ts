/** Name suffixes of the admission policies that protect Changes. */
export const POLICY_NAMES = ["status", "requests", "approvals", "environments"] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

/** An operation on objects that a policy may match. */
export type PolicyOperation = "CREATE" | "UPDATE" | "DELETE";

/** Spec of a ValidatingAdmissionPolicy, with every field that the API server would default. */
export interface PolicySpec {
  readonly failurePolicy: "Fail";
  readonly matchConstraints: {
    readonly matchPolicy: "Equivalent";
    readonly namespaceSelector: Readonly<Record<string, never>>;
    readonly objectSelector: Readonly<Record<string, never>>;
    readonly resourceRules: readonly {
      readonly apiGroups: readonly string[];
      readonly apiVersions: readonly string[];
      readonly resources: readonly string[];
      readonly operations: readonly PolicyOperation[];
      readonly scope: "Namespaced" | "Cluster";
    }[];
  };
  readonly validations: readonly Validation[];
}

/** One rule of a policy. */
export type Validation = {
  readonly expression: string;
  readonly reason: "Forbidden" | "Invalid";
} & ({ readonly message: string } | { readonly messageExpression: string });

/** Creates the spec of a policy for kinds of our API group. */
export function policySpec(
  resources: readonly string[],
  operations: readonly PolicyOperation[],
  validations: readonly Validation[],
  scope: "Namespaced" | "Cluster" = "Namespaced",
): PolicySpec {
  return {
    failurePolicy: "Fail",
    matchConstraints: {
      matchPolicy: "Equivalent",
      namespaceSelector: {},
      objectSelector: {},
      resourceRules: [{ apiGroups: ["gitops.overseer.io"], apiVersions: ["*"], resources, operations, scope }],
    },
    validations,
  };
}
