import { expect } from "chai";
import { askedKind, type Detection, detect } from "../../../src/render/detect.js";
import { configMap, failureOf, renderFiles, request } from "./support/harness.js";

describe("detect", () => {
  const cases: readonly [name: string, paths: readonly string[], expected: Detection][] = [
    ["plain files", ["a.yaml", "b/c.yaml"], { kind: "plain", marker: undefined, nested: [] }],
    ["nothing", [], { kind: "plain", marker: undefined, nested: [] }],
    [
      "a kustomization",
      ["base/x.yaml", "kustomization.yaml"],
      { kind: "kustomize", marker: { kind: "kustomize", path: "kustomization.yaml" }, nested: [] },
    ],
    [
      "a chart, with a chart in it",
      ["Chart.yaml", "charts/db/Chart.yaml", "templates/x.yaml"],
      {
        kind: "helm",
        marker: { kind: "helm", path: "Chart.yaml" },
        nested: [{ kind: "helm", path: "charts/db/Chart.yaml" }],
      },
    ],
    [
      "both",
      ["Chart.yaml", "kustomization.yml"],
      { kind: "kustomize", marker: { kind: "kustomize", path: "kustomization.yml" }, nested: [] },
    ],
    [
      "a marker below",
      ["a.yaml", "x/Kustomization"],
      { kind: "plain", marker: undefined, nested: [{ kind: "kustomize", path: "x/Kustomization" }] },
    ],
    [
      "other spellings",
      ["chart.yaml", "Kustomization.yaml", "my-kustomization.yaml"],
      { kind: "plain", marker: undefined, nested: [] },
    ],
  ];
  for (const [name, paths, expected] of cases) {
    it(name, () => expect(detect(paths)).to.deep.equal(expected));
  }
});

describe("A source that says what it is", () => {
  it("is that, whatever its files are called", () => {
    expect(askedKind({ kustomize: {} })).to.equal("kustomize");
    expect(askedKind({ helm: {} })).to.equal("helm");
    expect(askedKind({ plain: { recurse: false } })).to.equal("plain");
    expect(askedKind({})).to.equal(undefined);
  });

  it("may be plain manifests beside a kustomization, without the folders below", async () => {
    const files = {
      "kustomization.yaml": "resources: []\n",
      "x.yaml": configMap("x"),
      "b/kustomization.yaml": "",
      "b/y.yaml": configMap("y"),
    };
    const names = async (plain: object): Promise<string[]> => {
      const wanted = request("");
      const { documents } = await renderFiles(files, { ...wanted, source: { ...wanted.source, plain } });
      return documents.map(({ object }) => object.metadata.name);
    };
    expect(await names({ recurse: false })).to.deep.equal(["x"]);
    expect((await failureOf(names({}))).message)
      .to.contain('"b/kustomization.yaml"')
      .and.contain("recurse: false");
  });
});
