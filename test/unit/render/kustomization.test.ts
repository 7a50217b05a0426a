import { expect } from "chai";
import { lostWithout } from "../../../src/render/kustomization.js";

const FILES = ["a.yaml", "b.yaml", "kustomization.yaml"];

describe("what leaving a kustomization out would lose", () => {
  for (const [text, lost] of [
    ["resources: [a.yaml, ./b.yaml]\n", []],
    ["apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml, b.yaml]\n", []],
    ["resources: [a.yaml]\n", ["the choice not to apply b.yaml"]],
    ["resources: [a.yaml, b.yaml, ../base]\n", ["the resource ../base"]],
    ["namePrefix: x-\nresources: [a.yaml, b.yaml]\n", ["namePrefix"]],
    [
      "images: []\nvars: []\nlabels: []\npatches: []\nnamespace: x\nresources: []\n",
      ["images", "labels", "namespace", "2 more"],
    ],
    ["resources: [\n", ["what it says, which cannot be read"]],
  ] as const) {
    it(text.replaceAll("\n", "; "), () => expect(lostWithout(text, "kustomization.yaml", FILES)).to.deep.equal(lost));
  }
});
