import { expect } from "chai";
import { canonicalJson } from "../../../../src/base/hash.js";
import { ownChanges } from "../../../../src/gates/promotion/own-changes.js";
import type { Document } from "../../../../src/manifest/document.js";

function deployment(name: string, image: string, more: object = {}, labels: Record<string, string> = {}): Document {
  const template = { spec: { containers: [{ name: "web", image, ...more }] } };
  const object = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name, labels }, spec: { template } };
  const id = { group: "apps", version: "v1", kind: "Deployment", namespace: "shop", name };
  return {
    id,
    key: `apps/Deployment/shop/${name}`,
    object,
    hash: canonicalJson(object),
    origin: { file: "a.yaml" },
  } as unknown as Document;
}

describe("what a Change brings besides tested versions", () => {
  const web = deployment("web", "web:1");
  const cases: readonly (readonly [
    what: string,
    before: Document[],
    after: Document[],
    expected: RegExp | undefined,
  ])[] = [
    ["nothing", [web], [web], undefined],
    ["another image", [web], [deployment("web", "web:2")], undefined],
    ["another field", [web], [deployment("web", "web:1", { args: ["-x"] })], /: Deployment shop\/web$/],
    ["another image and another field", [web], [deployment("web", "web:2", { args: ["-x"] })], /Deployment shop\/web$/],
    ["a further object", [web], [web, deployment("db", "db:1")], /Deployment shop\/db$/],
    ["one object less", [web, deployment("db", "db:1")], [web], /Deployment shop\/db \(deleted\)$/],
    [
      "another version of the chart and its app, and another image",
      [deployment("web", "web:1", {}, { "helm.sh/chart": "web-1.0.0", "app.kubernetes.io/version": "1" })],
      [deployment("web", "web:2", {}, { "helm.sh/chart": "web-1.1.0", "app.kubernetes.io/version": "2" })],
      undefined,
    ],
    [
      "another version of the chart, and another field",
      [deployment("web", "web:1", {}, { "helm.sh/chart": "web-1.0.0" })],
      [deployment("web", "web:1", { securityContext: { privileged: true } }, { "helm.sh/chart": "web-1.1.0" })],
      /Deployment shop\/web$/,
    ],
    [
      "a label of the chart that was not there",
      [web],
      [deployment("web", "web:1", {}, { "helm.sh/chart": "web-1.1.0" })],
      /Deployment shop\/web$/,
    ],
    [
      "another selector of the version",
      [deployment("web", "web:1", { selector: { "app.kubernetes.io/version": "1" } })],
      [deployment("web", "web:1", { selector: { "app.kubernetes.io/version": "2" } })],
      /Deployment shop\/web$/,
    ],
    [
      "other values of the same chart",
      [deployment("web", "web:1", {}, { "helm.sh/chart": "web-1.0.0" })],
      [deployment("web", "web:1", { args: ["-x"] }, { "helm.sh/chart": "web-1.0.0" })],
      /Deployment shop\/web$/,
    ],
    ["many objects", [], [1, 2, 3, 4, 5, 6, 7].map((one) => deployment(`d${one}`, "x")), / and 2 more$/],
  ];
  for (const [what, before, after, expected] of cases)
    it(`is found: ${what}`, () => {
      const found = ownChanges(before, after);
      if (expected === undefined) expect(found).to.equal(undefined);
      else expect(found).to.match(expected);
    });
});
