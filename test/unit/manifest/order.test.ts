import { expect } from "chai";
import type { ObjectId } from "../../../src/manifest/object-id.js";
import { applyTier, compareForApply, compareForPrune } from "../../../src/manifest/order.js";

function id(kind: string, name = "a", namespace = ""): ObjectId {
  const [group = "", bare = ""] = kind.split("/");
  return { group, version: "v1", kind: bare, namespace, name };
}

describe("applyTier", () => {
  const tiers: Readonly<Record<string, number>> = {
    "/Namespace": 0,
    "apiextensions.k8s.io/CustomResourceDefinition": 0,
    "storage.k8s.io/StorageClass": 0,
    "scheduling.k8s.io/PriorityClass": 0,
    "networking.k8s.io/IngressClass": 0,
    "node.k8s.io/RuntimeClass": 0,
    "/ServiceAccount": 1,
    "/Secret": 1,
    "/ConfigMap": 1,
    "rbac.authorization.k8s.io/RoleBinding": 1,
    "/PersistentVolume": 1,
    "/PersistentVolumeClaim": 1,
    "/ResourceQuota": 1,
    "/LimitRange": 1,
    "networking.k8s.io/NetworkPolicy": 1,
    "policy/PodDisruptionBudget": 1,
    "/Service": 2,
    "apps/Deployment": 2,
    "networking.k8s.io/Ingress": 2,
    "example.com/Secret": 2,
    "example.com/Anything": 2,
    "admissionregistration.k8s.io/ValidatingWebhookConfiguration": 3,
    "admissionregistration.k8s.io/MutatingWebhookConfiguration": 3,
    "admissionregistration.k8s.io/ValidatingAdmissionPolicy": 3,
    "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding": 3,
    "admissionregistration.k8s.io/MutatingAdmissionPolicyBinding": 3,
    "apiregistration.k8s.io/APIService": 3,
  };
  for (const [kind, tier] of Object.entries(tiers)) {
    it(`${kind} is in tier ${tier}`, () => expect(applyTier(id(kind))).to.equal(tier));
  }
});

describe("compareForApply", () => {
  const sorted = [
    id("/Namespace"),
    id("apiextensions.k8s.io/CustomResourceDefinition"),
    id("/ServiceAccount", "a", "x"),
    id("/Secret", "a", "x"),
    id("/ConfigMap", "B", "x"),
    id("/ConfigMap", "a", "x"),
    id("/ConfigMap", "a", "y"),
    id("rbac.authorization.k8s.io/Role", "a", "x"),
    id("rbac.authorization.k8s.io/RoleBinding", "a", "x"),
    id("/Service", "a", "x"),
    id("apps/Deployment", "a", "x"),
    id("a.example.com/Zebra", "a", "x"),
    id("b.example.com/Ant", "a", "x"),
    id("admissionregistration.k8s.io/ValidatingAdmissionPolicy"),
    id("admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding"),
  ];

  it("gives one order, whatever came first", () => {
    for (const rotation of [0, 4, 9]) {
      const shuffled = [...sorted.slice(rotation), ...sorted.slice(0, rotation)].reverse();
      expect(shuffled.sort(compareForApply)).to.deep.equal(sorted);
      expect(shuffled.sort(compareForPrune)).to.deep.equal([...sorted].reverse());
    }
  });

  it("prunes an APIService after custom resources and before the workloads that serve it", () => {
    const service = id("apiregistration.k8s.io/APIService", "v1.example.com");
    const all = [id("apps/Deployment"), id("/Service"), service, id("example.com/Reading"), id("/Secret")];
    const hook = id("admissionregistration.k8s.io/ValidatingWebhookConfiguration");
    const order = [...all, hook].sort(compareForPrune).map(({ kind }) => kind);
    expect(order).to.deep.equal([hook.kind, "Reading", "APIService", "Deployment", "Service", "Secret"]);
    expect(all.sort(compareForApply).at(-1)).to.equal(service);
  });

  it("calls equal what is the same object", () => {
    expect(compareForApply(id("/Secret"), { ...id("/Secret"), version: "v2" })).to.equal(0);
  });
});
