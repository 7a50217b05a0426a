import { expect } from "chai";
import { ignoredFields } from "../../../src/manifest/ignored/ignored-fields.js";

const WEB = { group: "apps", kind: "Deployment", namespace: "shop", name: "web" };

describe("ignoredFields", () => {
  it("joins all rules that match an object, and decodes pointers", () => {
    const rules = [
      { preset: "AutoscaledReplicas" as const },
      { name: "w*", jsonPointers: ["/metadata/annotations/a~1b~0c"], managers: ["x"] },
      { namespace: "shop", kind: "Deployment", group: "apps", managers: ["y", "x"] },
    ];
    expect(ignoredFields(rules, WEB)).to.deep.equal({
      pointers: [
        ["metadata", "annotations", "a/b~c"],
        ["spec", "replicas"],
      ],
      managers: ["x", "y"],
    });
  });

  for (const [title, rule] of [
    ["another group", { group: "", jsonPointers: ["/a"] }],
    ["another kind", { kind: "StatefulSet", jsonPointers: ["/a"] }],
    ["another name", { name: "web2", jsonPointers: ["/a"] }],
    ["another namespace", { namespace: "sh", jsonPointers: ["/a"] }],
    ["the presets of other kinds", { preset: "InjectedCABundles" as const }],
    ["a preset for another name", { preset: "AutoscaledReplicas" as const, name: "db" }],
  ] as const)
    it(`does not match ${title}`, () => {
      expect(ignoredFields([rule as never], WEB)).to.equal(undefined);
    });
});
