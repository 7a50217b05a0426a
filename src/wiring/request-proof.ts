import { POLICY_NAMES, type PolicyName, type PolicySpec } from "../api/policies/admission-policy.js";
import { changePolicies } from "../api/policies/change-policies.js";
import { canonicalJson } from "../base/hash.js";
import type { RequestProof } from "../controllers/overseer-app/app-services.js";
import type { KubeClient } from "../kube/client/kube-client.js";

const ADMISSION = "/apis/admissionregistration.k8s.io/v1";
/** Label of namespaces with their name, set by the API server. */
const NAME_LABEL = "kubernetes.io/metadata.name";

interface LivePolicy {
  readonly metadata: { readonly name: string };
  readonly spec: unknown;
}

interface LiveBinding {
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

/**
 * Compares the admission policies of the cluster with those of this version. Compared by content: their names depend on the release. Read
 * at each use, since a weakened policy proves nothing, and requests are rare.
 */
export class AdmissionProof implements RequestProof {
  readonly #client: KubeClient;
  /** User names of the ServiceAccounts that may approve. */
  readonly #approvers: readonly string[];
  /** Names of the policies that this installation has. */
  readonly #names: readonly PolicyName[];
  #operator: string | undefined;

  /** `whole`: the installation watches all namespaces, and its policies protect cluster-scoped kinds as well. */
  constructor(client: KubeClient, approvers: readonly string[], whole: boolean) {
    this.#client = client;
    this.#approvers = approvers;
    this.#names = POLICY_NAMES.filter((name) => whole || name !== "environments");
  }

  async problem(namespace: string): Promise<string | undefined> {
    const expected = changePolicies(await this.#userName(), this.#approvers);
    const [policies, bindings] = await Promise.all([
      this.#list<LivePolicy>("validatingadmissionpolicies"),
      this.#list<LiveBinding>("validatingadmissionpolicybindings"),
    ]);
    const missing = this.#names.filter((name) => !isInForce(expected[name], policies, bindings, namespace));
    return missing.length === 0 ? undefined : describe(missing);
  }

  async #list<T>(plural: string): Promise<readonly T[]> {
    const { body } = await this.#client.request<{ items: T[] }>({ method: "GET", path: `${ADMISSION}/${plural}` });
    return body.items;
  }

  /** Returns the user that the API server takes this process for. */
  async #userName(): Promise<string> {
    if (this.#operator !== undefined) return this.#operator;
    const { body } = await this.#client.request<{ status: { userInfo: { username: string } } }>({
      method: "POST",
      path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
    });
    this.#operator = body.status.userInfo.username;
    return this.#operator;
  }
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

function describe(missing: readonly PolicyName[]): string {
  const names = missing.map((name) => `overseer-gitops-${name}`).join(" and ");
  const one = missing.length === 1;
  return `the ValidatingAdmissionPolic${one ? "y" : "ies"} ${names}, or ${one ? "its binding" : "their bindings"}, ${one ? "is" : "are"} missing or not as in this version: upgrade the chart with policies.changes: true`;
}
