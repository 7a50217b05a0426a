import { expect } from "chai";
import type { Document } from "../../../src/manifest/document.js";
import { effectiveWaves, parseWave, waveAnnotation } from "../../../src/manifest/wave.js";
import type { ObjectHealth } from "../../../src/plan/live.js";
import { barrierOf, describeUnhealthy, wavesOf } from "../../../src/plan/waves.js";
import { document } from "./support/objects.js";

const OWN = "gitops.overseer.io/wave";
const ARGO = "argocd.argoproj.io/sync-wave";

function inWave(text: string, wave: string | undefined, key = OWN): Document {
  const plain = document(text);
  if (wave === undefined) return plain;
  const metadata = { ...plain.object.metadata, annotations: { [key]: wave } };
  return { ...plain, object: { ...plain.object, metadata } };
}

const named = (documents: readonly Document[]): Record<string, number> =>
  Object.fromEntries(documents.map(({ key, id }) => [id.name, wavesOf(documents).get(key) ?? 0]));

describe("waves", () => {
  for (const [value, wave] of [
    ["0", 0],
    ["-0", 0],
    ["+7", 7],
    ["-10", -10],
    ["007", 7],
    ["999999999", 999_999_999],
    ["1000000000", undefined],
    ["1.5", undefined],
    [" 1", undefined],
    ["", undefined],
    ["first", undefined],
    ["1e3", undefined],
  ] as const)
    it(`read ${JSON.stringify(value)} as ${wave}`, () => {
      expect(Object.is(parseWave(value), wave)).to.equal(true);
    });

  it("prefer our annotation to that of Argo CD, also if ours is invalid", () => {
    expect(waveAnnotation({ annotations: { [ARGO]: "3", [OWN]: "1" } })?.wave).to.equal(1);
    expect(waveAnnotation({ annotations: { [ARGO]: "3", [OWN]: "x" } })).to.include({ key: OWN, wave: undefined });
    expect(waveAnnotation({ annotations: { [ARGO]: "3" } })?.wave).to.equal(3);
    expect(waveAnnotation({ annotations: {} })).to.equal(undefined);
  });

  it("cost nothing where there are none", () => {
    expect(wavesOf([document("v1 ConfigMap shop/a"), inWave("v1 ConfigMap shop/b", "0")]).size).to.equal(0);
    expect(effectiveWaves([]).size).to.equal(0);
  });

  it("put a Namespace and a definition at the latest with their first object", () => {
    const crd = "apiextensions.k8s.io/v1 CustomResourceDefinition widgets.example.com";
    expect(
      named([
        inWave("v1 Namespace shop", "5"),
        inWave("v1 ConfigMap shop/a", "-2"),
        inWave("v1 ConfigMap shop/b", "9"),
        document(crd),
        inWave("example.com/v1 Widget other/w", "-1"),
        inWave("v1 Namespace other", "-3"),
      ]),
    ).to.deep.equal({ shop: -2, a: -2, b: 9, "widgets.example.com": -1, w: -1, other: -3 });
  });

  const [a, b, c] = [
    inWave("v1 ConfigMap shop/a", "-1"),
    inWave("v1 ConfigMap shop/b", undefined),
    inWave("v1 ConfigMap shop/c", "1"),
  ] as [Document, Document, Document];
  const barrier = (unwritten: readonly Document[], sick: ReadonlyMap<Document, ObjectHealth>) => {
    const all = [c, a, b];
    return barrierOf(all, wavesOf(all), {
      unwritten: (key) => unwritten.some((one) => one.key === key),
      health: (one) => sick.get(one) ?? { status: "Healthy" },
    });
  };

  it("end at the first that is not written or not healthy", () => {
    expect(barrier([], new Map())).to.equal(undefined);
    expect(barrier([b, c], new Map())).to.include({ wave: 0, unwritten: true });
    const progressing: ObjectHealth = { status: "Progressing", message: "is late" };
    expect(barrier([b, c], new Map([[a, progressing]]))).to.deep.equal({
      wave: -1,
      unwritten: false,
      unhealthy: ["ConfigMap shop/a: is late"],
      final: undefined,
    });
    const lost: ObjectHealth = { status: "Degraded", message: "has failed", final: true };
    expect(barrier([], new Map([[c, lost]]))?.final).to.equal("ConfigMap shop/c: has failed");
  });

  it("name three objects, and count the others", () => {
    expect(describeUnhealthy({ unhealthy: ["a", "b", "c", "d", "e"] })).to.equal("a; b; c; and 2 more");
  });
});
