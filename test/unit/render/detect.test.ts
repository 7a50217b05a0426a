import { expect } from "chai";
import { type Detection, detect } from "../../../src/render/detect.js";

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
