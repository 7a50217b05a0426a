import { expect } from "chai";
import { clusterFacts } from "../../../../src/destinations/kubernetes/cluster-facts.js";
import type { ResourceInfo } from "../../../../src/kube/resource.js";

function kind(group: string, version: string, name: string): [string, ResourceInfo] {
  const info = {
    group,
    version,
    kind: name,
    plural: `${name}s`,
    namespaced: true,
    verbs: new Set<string>(),
    hasStatus: false,
  };
  return [`${group}/${version}/${name}`, info];
}

describe("clusterFacts", () => {
  it("names versions and kinds as Helm does, once for each look at the kinds", () => {
    const kinds = new Map([kind("apps", "v1", "Deployment"), kind("", "v1", "Pod")]);
    const facts = clusterFacts({ serverVersion: "v1.35.4", kinds });
    expect(facts).to.deep.equal({
      kubeVersion: "v1.35.4",
      apiVersions: ["apps/v1", "apps/v1/Deployment", "v1", "v1/Pod"],
    });
    expect(clusterFacts({ serverVersion: "v1.35.4", kinds })).to.equal(facts);
    expect(clusterFacts({ serverVersion: "v1.35.4", kinds: new Map(kinds) })).not.to.equal(facts);
    expect(clusterFacts({ serverVersion: undefined, kinds })).to.equal(undefined);
  });
});
