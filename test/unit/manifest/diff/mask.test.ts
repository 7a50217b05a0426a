import { inspect } from "node:util";
import { expect } from "chai";
import { diffObjects } from "../../../../src/manifest/diff/diff.js";
import { Masked, maskSecrets } from "../../../../src/manifest/diff/mask.js";
import type { KubeObject } from "../../../../src/manifest/document.js";

const CANARY = "canary-7f3a";
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

function secret(rest: Record<string, unknown>, annotations?: Record<string, string>): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "a", ...(annotations ? { annotations } : {}) },
    ...rest,
  };
}

describe("Masked", () => {
  it("never shows its value", () => {
    const masked = new Masked(CANARY);
    const shown = [
      String(masked),
      JSON.stringify({ masked }),
      inspect(masked),
      inspect({ masked }, { showHidden: true, depth: 9 }),
    ];
    for (const text of [...shown, `${masked}`]) {
      expect(text).to.contain("<redacted>");
      expect(text).to.not.contain(CANARY);
    }
    expect(Object.values(masked)).to.deep.equal([]);
  });

  it("can be compared", () => {
    expect(new Masked("a").equals(new Masked("a"))).to.equal(true);
    expect(new Masked("a").equals(new Masked("b"))).to.equal(false);
    expect(new Masked({ a: 1 }).equals(new Masked({ a: 1 }))).to.equal(true);
    expect(new Masked("1").equals(new Masked(1))).to.equal(false);
  });
});

describe("diffObjects of Secrets", () => {
  const entries = (from: KubeObject, to: KubeObject): string[] =>
    diffObjects(from, to).entries.map(({ op, path, from: before, to: after }) => `${op} ${path} ${before} ${after}`);

  it("tells which keys came, went and changed, and no value", () => {
    const from = secret({ data: { a: CANARY, b: CANARY, c: CANARY }, type: "Opaque" });
    const to = secret({ data: { a: `${CANARY}2`, c: CANARY, d: CANARY }, type: "x" });
    expect(entries(from, to)).to.deep.equal([
      "change .data.a <redacted> <redacted>",
      "remove .data.b <redacted> undefined",
      "add .data.d undefined <redacted>",
      "change .type Opaque x",
    ]);
  });

  it("does so when there was no data before, and when there is none after", () => {
    expect(entries(secret({}), secret({ stringData: { a: CANARY } }))).to.deep.equal([
      "add .stringData.a undefined <redacted>",
    ]);
    expect(entries(secret({ data: { a: CANARY } }), secret({ data: null }))).to.deep.equal([
      "remove .data.a <redacted> undefined",
    ]);
  });

  const shapes: readonly [name: string, from: KubeObject, to: KubeObject][] = [
    ["data that is text", secret({ data: CANARY }), secret({ data: `${CANARY}2` })],
    ["data that is a list", secret({ data: [CANARY] }), secret({ data: { a: CANARY } })],
    ["data that holds objects", secret({ data: { a: { b: CANARY } } }), secret({ data: { a: { b: `${CANARY}2` } } })],
    [
      "the annotation of client-side apply",
      secret({}, { [LAST_APPLIED]: CANARY }),
      secret({}, { [LAST_APPLIED]: `${CANARY}2` }),
    ],
    ["it alone", secret({}), secret({}, { [LAST_APPLIED]: CANARY })],
    [
      "copies by other tools",
      secret({}, { "kapp.k14s.io/original": CANARY, "objectset.rio.cattle.io/applied": CANARY }),
      secret({}),
    ],
    ["long annotations", secret({}, { x: `{"data":"${CANARY}"}`.padEnd(200) }), secret({}, { x: "short" })],
  ];
  for (const [name, from, to] of shapes) {
    it(`hides ${name}`, () => {
      const diff = diffObjects(from, to);
      expect(diff.entries).to.not.be.empty;
      expect(JSON.stringify(diff)).to.not.contain(CANARY);
      expect(JSON.stringify(diffObjects(to, from))).to.not.contain(CANARY);
    });
  }

  it("shows other annotations, and Secrets of other groups", () => {
    expect(entries(secret({}, { a: "x" }), secret({}, { a: "y" }))).to.deep.equal([
      "change .metadata.annotations.a x y",
    ]);
    const custom: KubeObject = { apiVersion: "overseer.io/v1", kind: "Secret", metadata: { name: "a" } };
    expect(maskSecrets(custom)).to.equal(custom);
  });

  it("finds no difference between equal ones", () => {
    expect(entries(secret({ data: { a: CANARY } }), secret({ data: { a: CANARY } }))).to.deep.equal([]);
  });
});
