import { expect } from "chai";
import { divergentPaths } from "../../../../../src/destinations/kubernetes/apply/admission-changes.js";

const object = (fields: Record<string, unknown>, metadata: Record<string, unknown> = {}) => ({
  apiVersion: "v1",
  kind: "Thing",
  metadata: { name: "x", ...metadata },
  ...fields,
});

describe("divergentPaths", () => {
  const SAME: readonly (readonly [string, unknown, unknown])[] = [
    ["equal values", { a: [1, { b: "c" }] }, { a: [1, { b: "c" }] }],
    ["what nobody asked for", { a: 1 }, { a: 1, b: 2 }],
    ["quantities in another notation", { cpu: "1000m", memory: "1024Mi" }, { cpu: "1", memory: "1Gi" }],
    ["a number and its text", { port: 5 }, { port: "5" }],
    ["null, empty text, map and list", { a: null, b: "", c: {}, d: [], e: { f: null } }, {}],
    ["false and 0 that are left out", { a: false, b: 0 }, {}],
    ["base64 with white space", { a: "b25l\n" }, { a: "b25l" }],
    [
      "items by their name, in whatever order",
      { env: [{ name: "a", value: "1" }] },
      { env: [{ name: "b" }, { name: "a", value: "1" }] },
    ],
  ];
  for (const [what, asked, live] of SAME)
    it(`finds nothing in ${what}`, () => {
      expect(divergentPaths(object({ spec: asked }), object({ spec: live }))).to.deep.equal([]);
    });

  const OTHER: readonly (readonly [string, unknown, unknown, string[]])[] = [
    ["another value", { a: "x" }, { a: "y" }, [".spec.a"]],
    ["a lost field", { a: { b: "x" } }, { a: {} }, [".spec.a.b"]],
    ["a lost map", { a: { b: "x" } }, {}, [".spec.a"]],
    ["another quantity", { cpu: "100m" }, { cpu: "1" }, [".spec.cpu"]],
    ["true that is left out", { a: true }, {}, [".spec.a"]],
    ["a lost item", { env: [{ name: "a", value: "1" }] }, { env: [{ name: "b", value: "1" }] }, [".spec.env[a]"]],
    [
      "a value of an item",
      { env: [{ name: "a", value: "1" }] },
      { env: [{ name: "a", value: "x" }] },
      [".spec.env[a].value"],
    ],
  ];
  for (const [what, asked, live, paths] of OTHER)
    it(`finds ${what}`, () => {
      expect(divergentPaths(object({ spec: asked }), object({ spec: live }))).to.deep.equal(paths);
    });

  it("compares labels and annotations, but not the status", () => {
    const asked = object({ status: { a: 1 } }, { labels: { "a/b": "x" }, annotations: { c: "y" } });
    expect(divergentPaths(asked, object({}, { labels: { "a/b": "z" } }))).to.deep.equal([
      ".metadata.labels[a/b]",
      ".metadata.annotations",
    ]);
  });

  it("returns paths without values", () => {
    const secret = (value: string) => ({ ...object({ data: { password: value } }), kind: "Secret" });
    expect(divergentPaths(secret("b25l"), secret("dHdv"))).to.deep.equal([".data.password"]);
  });
});
