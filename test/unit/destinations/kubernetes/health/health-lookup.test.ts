import { expect } from "chai";
import { podSelector } from "../../../../../src/destinations/kubernetes/health/health-lookup.js";
import { healthOf } from "../../../../../src/destinations/kubernetes/health/rules.js";

const METADATA = { name: "x", namespace: "shop", uid: "u", resourceVersion: "1", generation: 1 };

describe("The lookup for more details of health", () => {
  it("is a workload's pods, by its selector as a query", () => {
    expect(podSelector({ matchLabels: { tier: "web", app: "a" } })).to.equal("app=a,tier=web");
    expect(podSelector({ app: "a" })).to.equal("app=a");
    expect(
      podSelector({
        matchExpressions: [
          { key: "a", operator: "In", values: ["x", "y"] },
          { key: "b", operator: "NotIn", values: ["z"] },
          { key: "c", operator: "Exists" },
          { key: "d", operator: "DoesNotExist" },
        ],
      }),
    ).to.equal("!d,a in (x,y),b notin (z),c");
    expect(podSelector(undefined)).to.equal(undefined);
    expect(podSelector({})).to.equal(undefined);
  });

  it("is undefined while a workload is healthy", () => {
    const kind = { group: "apps", version: "v1", kind: "Deployment" };
    const spec = { replicas: 1, selector: { matchLabels: { app: "a" } } };
    const status = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
    expect(healthOf({ metadata: METADATA, spec, status }, kind).lookup).to.equal(undefined);
    expect(
      healthOf({ metadata: METADATA, spec, status: { ...status, availableReplicas: 0 } }, kind).lookup,
    ).to.deep.equal({
      pods: "app=a",
    });
  });

  for (const [title, spec, phase, expected] of [
    ["is the class of a claim that is pending", { storageClassName: "fast" }, "Pending", { storageClass: "fast" }],
    ["is nowhere for a claim that is bound", { storageClassName: "fast" }, "Bound", undefined],
    ["is nowhere for a claim without a class", { storageClassName: "" }, "Pending", undefined],
    ["is nowhere for a claim of a certain volume", { storageClassName: "a", volumeName: "v" }, "Pending", undefined],
  ] as const) {
    it(title, () => {
      const health = healthOf(
        { metadata: METADATA, spec, status: { phase } },
        { group: "", version: "v1", kind: "PersistentVolumeClaim" },
      );
      expect(health.status).to.equal("Healthy");
      expect(health.lookup).to.deep.equal(expected);
    });
  }
});
