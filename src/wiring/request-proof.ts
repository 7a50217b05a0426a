import { POLICY_NAMES, type PolicyName } from "../api/policies/admission-policy.js";
import { changePolicies } from "../api/policies/change-policies.js";
import { isInForce, type LiveBinding, type LivePolicy } from "../api/policies/in-force.js";
import type { RequestProof } from "../controllers/overseer-app/app-services.js";
import { admitsOurKinds } from "../gates/powers.js";
import type { KubeClient } from "../kube/client/kube-client.js";

const ADMISSION = "/apis/admissionregistration.k8s.io/v1";
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

  async ownPolicies(): Promise<ReadonlySet<string>> {
    const [policies, bindings] = await Promise.all([
      this.#list<LivePolicy>("validatingadmissionpolicies"),
      this.#list<LiveBinding>("validatingadmissionpolicybindings"),
    ]);
    const own = new Set(
      policies
        .filter((one) => admitsOurKinds("ValidatingAdmissionPolicy", { ...one }))
        .map(({ metadata }) => metadata.name),
    );
    const bound = bindings.filter(({ spec }) => own.has(spec.policyName)).map(({ metadata }) => metadata.name);
    return new Set([
      ...[...own].map((name) => `ValidatingAdmissionPolicy/${name}`),
      ...bound.map((name) => `ValidatingAdmissionPolicyBinding/${name}`),
    ]);
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

function describe(missing: readonly PolicyName[]): string {
  const names = missing.map((name) => `overseer-gitops-${name}`).join(" and ");
  const one = missing.length === 1;
  return `the ValidatingAdmissionPolic${one ? "y" : "ies"} ${names}, or ${one ? "its binding" : "their bindings"}, ${one ? "is" : "are"} missing or not as in this version: upgrade the chart with policies.changes: true`;
}
