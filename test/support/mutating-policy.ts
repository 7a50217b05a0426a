import type { RawObject } from "../../src/kube/object.js";
import { waitUntil } from "../../tools/wait-until.js";
import type { TestKube, TestRef } from "./kube.js";

const API = "admissionregistration.k8s.io/v1beta1";

/** What a policy changes, in whose writes. */
export interface MutatingPolicyScope {
  readonly name: string;
  /** Only what is in this namespace is changed. */
  readonly namespace: string;
  /** CEL: which objects; the probe of the policy is among them always. Default: all. */
  readonly when?: string;
  readonly apiGroup?: string;
  readonly resource?: string;
}

/**
 * A MutatingAdmissionPolicy: admission that the API server does itself, in CEL. It reads its policies once a second, so each
 * change here waits until a probe shows it to be in force.
 */
export class MutatingPolicy {
  readonly #kube: TestKube;
  readonly #scope: MutatingPolicyScope;

  constructor(kube: TestKube, scope: MutatingPolicyScope) {
    this.#kube = kube;
    this.#scope = scope;
  }

  /** Sets the policy, or changes it, to JSON patch operations in CEL, and waits until they are made. */
  async set(operations: string): Promise<void> {
    const { apiGroup = "", resource = "configmaps", namespace, when = "true" } = this.#scope;
    const mark = `${Date.now()}`;
    const marking = `object.metadata.name == "${this.#probe}" ? [JSONPatch{op: "add", path: "/metadata/labels", value: {"policy": "${mark}"}}] : ${operations}`;
    await this.#kube.apply({
      apiVersion: API,
      kind: "MutatingAdmissionPolicy",
      metadata: { name: this.#name },
      spec: {
        failurePolicy: "Fail",
        reinvocationPolicy: "Never",
        matchConstraints: {
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
          resourceRules: [
            {
              apiGroups: [...new Set([apiGroup, ""])],
              apiVersions: ["v1"],
              operations: ["CREATE", "UPDATE"],
              resources: [...new Set([resource, "configmaps"])],
            },
          ],
        },
        matchConditions: [
          {
            name: "scope",
            expression: `object.metadata.name == "${this.#probe}" || (object.kind == "${KINDS[resource]}" && (${when}))`,
          },
        ],
        mutations: [{ patchType: "JSONPatch", jsonPatch: { expression: marking } }],
      },
    });
    await this.#kube.apply({
      apiVersion: API,
      kind: "MutatingAdmissionPolicyBinding",
      metadata: { name: this.#name },
      spec: { policyName: this.#name },
    });
    await this.#until("in force", (probe) => probe.metadata.labels?.policy === mark);
  }

  /** Removes the policy, and waits until it is out of force. Can be called twice. */
  async remove(): Promise<void> {
    for (const kind of ["MutatingAdmissionPolicyBinding", "MutatingAdmissionPolicy"]) {
      const ref: TestRef = { apiVersion: API, kind, name: this.#name };
      await this.#kube.delete(ref);
    }
    await this.#until("out of force", (probe) => probe.metadata.labels?.policy === undefined);
  }

  get #name(): string {
    return `${this.#scope.name}.${this.#scope.namespace}`;
  }

  get #probe(): string {
    return `probe-${this.#scope.name}`;
  }

  #until(what: string, test: (probe: RawObject) => boolean): Promise<unknown> {
    const metadata = { name: this.#probe, namespace: this.#scope.namespace };
    const probe = { apiVersion: "v1", kind: "ConfigMap", metadata };
    return waitUntil({ what: `the policy ${this.#name} is ${what}`, timeoutMs: 30_000 }, async () =>
      test(await this.#kube.apply(probe, "tests", { dryRun: "All" })),
    );
  }
}

const KINDS: Readonly<Record<string, string>> = { configmaps: "ConfigMap", deployments: "Deployment" };
