import { expect } from "chai";
import fc from "fast-check";
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

describe("detect, with any paths", () => {
  const markers = ["kustomization.yaml", "kustomization.yml", "Kustomization", "Chart.yaml"];
  const other = fc.constantFrom("a", "base", "kustomization.yaml.bak", "chart.yaml", "Chart.yaml ", "__proto__", "é");
  const name = fc.oneof(fc.constantFrom(...markers), other, fc.string({ unit: "binary", minLength: 1, maxLength: 4 }));
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));
  const paths = fc.uniqueArray(path, { maxLength: 12 });

  it("decides by the names in the folder itself, in any order", () => {
    fc.assert(
      fc.property(paths, fc.nat(), (files, turn) => {
        const { kind, marker, nested } = detect(files);
        const top = markers.filter((file) => files.includes(file));
        const expected = top.length === 0 ? "plain" : top[0] === "Chart.yaml" ? "helm" : "kustomize";
        expect(kind).to.equal(expected);
        expect(marker === undefined).to.equal(kind === "plain");
        if (marker !== undefined) expect(top).to.include(marker.path);
        const below = files.filter((file) => file.includes("/") && markers.some((one) => file.endsWith(`/${one}`)));
        expect(nested.map((one) => one.path)).to.deep.equal(below);
        const turned = [...files.slice(turn % (files.length + 1)), ...files.slice(0, turn % (files.length + 1))];
        expect(detect(turned).kind).to.equal(kind);
      }),
      { seed: 56, numRuns: 1000 },
    );
  });

  it("is changed by no file further down", () => {
    fc.assert(
      fc.property(paths, path, (files, file) => {
        expect(detect([...files, `below/${file}`]).kind).to.equal(detect(files).kind);
      }),
      { seed: 57, numRuns: 1000 },
    );
  });
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
