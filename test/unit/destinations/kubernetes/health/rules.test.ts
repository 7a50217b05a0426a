import { expect } from "chai";
import fc from "fast-check";
import { healthOf, needsStatus } from "../../../../../src/destinations/kubernetes/health/rules.js";
import { parseApiVersion } from "../../../../../src/manifest/object-id.js";
import { condition, health } from "./objects.js";

const WIDGET = "example.com/v1 Widget";
const kindOf = (text: string) => {
  const [apiVersion = "", kind = ""] = text.split(" ");
  return { ...parseApiVersion(apiVersion), kind };
};

describe("health of any other kind", () => {
  const ready = (status: string) => condition("Ready", status, "Because", "of this");
  const reconciling = condition("Reconciling", "True", "Working", "on it");
  const stalled = condition("Stalled", "True", "Stuck", "for good");
  const rows: readonly (readonly [string, unknown, string])[] = [
    ["is Healthy without a status", undefined, "Healthy"],
    ["is Healthy without conditions", {}, "Healthy"],
    ["is Healthy with an empty list of conditions", { conditions: [] }, "Healthy"],
    ["is Healthy with conditions of its own alone", { conditions: [condition("Synced", "False")] }, "Healthy"],
    ["is Healthy when Ready", { conditions: [ready("True")] }, "Healthy"],
    ["is Progressing when not Ready, as in kstatus", { conditions: [ready("False")] }, "Progressing: Because: of this"],
    ["is Progressing when Ready is Unknown", { conditions: [ready("Unknown")] }, "Progressing: Because: of this"],
    ["is Degraded when Stalled", { conditions: [ready("False"), stalled] }, "Degraded: Stuck: for good"],
    [
      "is Progressing when Reconciling, also while Ready",
      { conditions: [ready("True"), reconciling] },
      "Progressing: Working: on it",
    ],
    [
      "is Degraded when Stalled and Reconciling (kstatus: whichever comes first)",
      { conditions: [reconciling, stalled] },
      "Degraded: Stuck: for good",
    ],
    [
      "does not mind Stalled and Reconciling that do not hold",
      { conditions: [condition("Stalled", "False"), condition("Reconciling", "False"), ready("True")] },
      "Healthy",
    ],
    [
      "is Progressing while observedGeneration is behind",
      { observedGeneration: 1, conditions: [ready("True")] },
      "Progressing: is waiting for its controller to observe the latest generation",
    ],
    [
      "is Progressing, not Degraded, when Stalled with a former generation",
      { observedGeneration: 1, conditions: [stalled] },
      "Progressing: is waiting for its controller to observe the latest generation",
    ],
    [
      "is Progressing at observedGeneration -1",
      { observedGeneration: -1 },
      "Progressing: is waiting for its controller to observe the latest generation",
    ],
    [
      "is Progressing when Ready is about a former generation",
      { conditions: [{ ...ready("True"), observedGeneration: 1 }] },
      "Progressing: has a condition Ready of an older generation",
    ],
    [
      "is Healthy when Ready is about this one",
      { conditions: [{ ...ready("True"), observedGeneration: 2 }] },
      "Healthy",
    ],
    [
      "is Progressing, not Degraded, when Stalled is about a former generation",
      { conditions: [{ ...stalled, observedGeneration: 1 }] },
      "Progressing: has a condition Stalled of an older generation",
    ],
    [
      "is Progressing when Reconciling was False for a former generation",
      { conditions: [{ ...condition("Reconciling", "False"), observedGeneration: 1 }] },
      "Progressing: has a condition Reconciling of an older generation",
    ],
    [
      "is Progressing when Ready is of no generation, and Stalled of a former one",
      { conditions: [ready("True"), { ...condition("Stalled", "False"), observedGeneration: 1 }] },
      "Progressing: has a condition Stalled of an older generation",
    ],
    [
      "is Healthy when Ready is about this generation and the others are not written anew",
      {
        conditions: [
          { ...condition("Stalled", "False"), observedGeneration: 1 },
          { ...ready("True"), observedGeneration: 2 },
        ],
      },
      "Healthy",
    ],
    [
      "is Degraded when it is not Ready for a reason that names a failure",
      { conditions: [condition("Ready", "False", "IssuerNotFound", "no issuer x")] },
      "Degraded: IssuerNotFound: no issuer x",
    ],
    [
      "is Degraded when it Failed",
      { conditions: [condition("Ready", "False", "Failed", "issuer not found")] },
      "Degraded: Failed: issuer not found",
    ],
    [
      "is Progressing when a failure is worked on",
      { conditions: [condition("Ready", "False", "CreateFailed", "x"), condition("Issuing", "True", "Renewing")] },
      "Progressing: CreateFailed: x",
    ],
    [
      "is Progressing when what it needs is not there yet",
      { conditions: [condition("Ready", "False", "DoesNotExist", "Issuing as Secret does not exist")] },
      "Progressing: DoesNotExist: Issuing as Secret does not exist",
    ],
    [
      "is Healthy when observedGeneration is ahead (kstatus: InProgress)",
      { observedGeneration: 3, conditions: [ready("True")] },
      "Healthy",
    ],
    [
      "says what a condition says that has no words",
      { conditions: [condition("Ready", "False")] },
      "Progressing: Ready is False",
    ],
    [
      "says the reason alone where there is no message",
      { conditions: [condition("Ready", "False", "Because", "")] },
      "Progressing: Because",
    ],
  ];
  for (const [title, status, expected] of rows) {
    it(title, () => expect(health(WIDGET, status)).to.equal(expected));
  }

  it("requires no generation for kinds without generations", () => {
    const status = { observedGeneration: 1, conditions: [ready("True")] };
    const metadata = { name: "x", uid: "u", resourceVersion: "1" };
    expect(healthOf({ metadata, status }, kindOf(WIDGET))).to.deep.equal({ status: "Healthy" });
  });

  it("truncates long messages at character boundaries", () => {
    const found = health(WIDGET, { conditions: [condition("Ready", "False", "R", "😀".repeat(5_000))] });
    expect(found.length).to.be.at.most("Progressing: ".length + 1_024);
    expect(Buffer.from(found).toString()).to.equal(found);
  });

  const odd: readonly (readonly [string, unknown])[] = [
    ["a status that is a text", "fine"],
    ["a status that is null", null],
    ["conditions that are a map", { conditions: { Ready: "False" } }],
    ["conditions that are a text", { conditions: "Ready" }],
    ["conditions that are null", { conditions: null }],
    ["conditions with holes", { conditions: [null, "Ready", 3] }],
    ["an observedGeneration that is no number", { observedGeneration: "one" }],
    ["an observedGeneration that cannot be compared", { observedGeneration: [{ toString: "" }] }],
  ];
  for (const [what, status] of odd) {
    it(`takes ${what} for no conditions`, () => expect(health(WIDGET, status)).to.equal("Healthy"));
  }

  it("always returns a reason, for any content of a custom resource", () => {
    const one = fc.oneof(
      fc.jsonValue(),
      fc.record({
        type: fc.constantFrom("Ready", "Stalled", "Reconciling"),
        status: fc.oneof(fc.constantFrom("True", "False", "Unknown"), fc.jsonValue()),
        reason: fc.jsonValue(),
        message: fc.jsonValue(),
      }),
    );
    const status = fc.oneof(
      fc.jsonValue(),
      fc.record({ conditions: fc.array(one), observedGeneration: fc.jsonValue() }),
    );
    fc.assert(
      fc.property(status, (value) => {
        expect(health(WIDGET, value)).to.match(/^(?:Healthy$|Progressing: |Degraded: )/);
      }),
    );
  });
});

const COMPUTED = [
  "apps/v1 Deployment",
  "apps/v1 StatefulSet",
  "apps/v1 DaemonSet",
  "apps/v1 ReplicaSet",
  "batch/v1 Job",
  "v1 Pod",
  "v1 Service",
  "v1 PersistentVolumeClaim",
  "apiextensions.k8s.io/v1 CustomResourceDefinition",
  "gitops.overseer.io/v1alpha1 OverseerApp",
  "gitops.overseer.io/v1alpha1 GitRepository",
  "apiregistration.k8s.io/v1 APIService",
  "policy/v1 PodDisruptionBudget",
  "autoscaling/v2 HorizontalPodAutoscaler",
  WIDGET,
];
const BY_EXISTENCE = [
  "v1 ConfigMap",
  "v1 Secret",
  "v1 ServiceAccount",
  "v1 Namespace",
  "v1 Endpoints",
  "v1 LimitRange",
  "v1 ResourceQuota",
  "v1 PersistentVolume",
  "v1 Event",
  "v1 PodTemplate",
  "networking.k8s.io/v1 IngressClass",
  "networking.k8s.io/v1 NetworkPolicy",
  "rbac.authorization.k8s.io/v1 Role",
  "rbac.authorization.k8s.io/v1 RoleBinding",
  "rbac.authorization.k8s.io/v1 ClusterRole",
  "rbac.authorization.k8s.io/v1 ClusterRoleBinding",
  "storage.k8s.io/v1 StorageClass",
  "storage.k8s.io/v1 CSIDriver",
  "scheduling.k8s.io/v1 PriorityClass",
  "node.k8s.io/v1 RuntimeClass",
  "discovery.k8s.io/v1 EndpointSlice",
  "coordination.k8s.io/v1 Lease",
  "admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration",
  "admissionregistration.k8s.io/v1 MutatingWebhookConfiguration",
  "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy",
  "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding",
  "admissionregistration.k8s.io/v1beta1 MutatingAdmissionPolicy",
  "admissionregistration.k8s.io/v1beta1 MutatingAdmissionPolicyBinding",
  "gitops.overseer.io/v1alpha1 Change",
];

describe("needsStatus", () => {
  for (const kind of COMPUTED) {
    it(`watches ${kind} whole`, () => expect(needsStatus(kindOf(kind))).to.equal(true));
  }
  for (const kind of BY_EXISTENCE) {
    it(`watches ${kind} by its metadata, and takes it for healthy`, () => {
      expect(needsStatus(kindOf(kind))).to.equal(false);
      const status = {
        observedGeneration: -1,
        conditions: [condition("Ready", "False"), condition("Stalled", "True")],
      };
      expect(health(kind, status)).to.equal("Healthy");
    });
  }

  it("distinguishes kinds of the same name in other groups", () => {
    expect(needsStatus(kindOf("example.com/v1 ConfigMap"))).to.equal(true);
    expect(needsStatus(kindOf("networking.istio.io/v1 Ingress"))).to.equal(true);
    expect(health("serving.knative.dev/v1 Service", { conditions: [condition("Ready", "False")] })).to.match(
      /^Progress/,
    );
  });

  it("is Unknown for an object whose fields do not have the types of its kind", () => {
    expect(health("v1 Pod", { phase: "Running", containerStatuses: "all" })).to.match(
      /^Unknown: spec or status do not/,
    );
  });
});
