import { expect } from "chai";
import {
  matcherOfDefinition,
  matcherOfRules,
  versionlessRules,
} from "../../../../../src/destinations/kubernetes/resync/resource-matcher.js";
import type { RawObject } from "../../../../../src/kube/object.js";

const metadata = { name: "x", uid: "u", resourceVersion: "1" };
const rule = (apiGroups: string[], resources: string[]) => ({
  apiGroups,
  resources,
  apiVersions: ["*"],
  operations: ["*"],
});
const webhook = (...rules: object[]): RawObject => ({ metadata, webhooks: [{ rules }, { rules: undefined }] });
const policy = (...resourceRules: object[]): RawObject => ({ metadata, spec: { matchConstraints: { resourceRules } } });
const maps = { group: "", plural: "configmaps" };
const deployments = { group: "apps", plural: "deployments" };

describe("ResourceMatcher", () => {
  it("matches the resource of a definition", () => {
    const concerns = matcherOfDefinition("widgets.shop.example.com");
    expect(concerns({ group: "shop.example.com", plural: "widgets" })).to.equal(true);
    expect(concerns({ group: "example.com", plural: "widgets" })).to.equal(false);
    expect(concerns({ group: "shop.example.com", plural: "gadgets" })).to.equal(false);
  });

  for (const [what, make] of [
    ["webhooks", webhook],
    ["a policy", policy],
  ] as const)
    it(`by ${what} is what a rule names, with stars, and no subresource`, () => {
      expect(matcherOfRules(make(rule([""], ["configmaps"])))(maps)).to.equal(true);
      expect(matcherOfRules(make(rule([""], ["configmaps"])))(deployments)).to.equal(false);
      expect(matcherOfRules(make(rule(["*"], ["*"])))(deployments)).to.equal(true);
      expect(matcherOfRules(make(rule(["*"], ["*/*"])))(deployments)).to.equal(true);
      expect(matcherOfRules(make(rule(["apps"], ["deployments/status"])))(deployments)).to.equal(false);
      expect(matcherOfRules(make(rule(["apps"], ["secrets"]), rule([""], ["configmaps"])))(maps)).to.equal(true);
      expect(matcherOfRules(make())(maps)).to.equal(false);
    });

  it("matches nothing for invalid rules", () => {
    expect(matcherOfRules({ metadata, webhooks: "odd", spec: 7 })(maps)).to.equal(false);
  });
});

describe("versionlessRules", () => {
  it("ignores renewed certificates and status changes", () => {
    const one = { metadata, webhooks: [{ clientConfig: { caBundle: "a" }, rules: [] }], status: 1 };
    const two = { metadata, webhooks: [{ clientConfig: { caBundle: "b" }, rules: [] }], status: 2 };
    expect(versionlessRules(one)).to.equal(versionlessRules(two));
    expect(
      versionlessRules({ ...one, webhooks: [{ clientConfig: { caBundle: "a" }, failurePolicy: "Fail" }] }),
    ).to.not.equal(versionlessRules(one));
  });
});
