import { expect } from "chai";
import { parseManifests } from "../../../../src/manifest/yaml/parse.js";
import { readValue } from "../../../../src/manifest/yaml/read-value.js";
import { DOCUMENT_SCHEMA } from "../../../../src/manifest/yaml/yaml-schema.js";

const HEAD = "apiVersion: v1\nkind: Probe\nmetadata: {name: p}\n";
const specOf = (yaml: string): unknown => parseManifests(`${HEAD}spec: ${yaml}\n`, "f.yaml")[0]?.object.spec;

/** Verified with the code that kubectl is built from. */
const READINGS: readonly (readonly [yaml: string, spec: unknown])[] = [
  ["[192.0.2.1, 2001:db8::]", ["192.0.2.1", "2001:db8::"]],
  ["[2001:db8::, 192.0.2.1]", ["2001:db8::", "192.0.2.1"]],
  ["{cidr: fd00::, b: c}", { cidr: "fd00::", b: "c" }],
  ["{cidr: fd00::}", { cidr: "fd00::" }],
  ["{a: {b: fd00::}, c: [fd00::]}", { a: { b: "fd00::" }, c: ["fd00::"] }],
  ["{fd00::: a}", { "fd00::": "a" }],
  ["[fd00::/8]", ["fd00::/8"]],
  ["[a:]", ["a:"]],
  ["[a:, b]", ["a:", "b"]],
  ["{a:}", { "a:": null }],
  ["[a: b:]", [{ a: "b:" }]],
  ["[a b::, c]", ["a b::", "c"]],
  ["[it's:, b]", ["it's:", "b"]],
  ["[&x a:, *x ]", ["a:", "a:"]],
  ["[12:30:, 2]", ["12:30:", 2]],
  ['{"a":[b:],"c":1}', { a: ["b:"], c: 1 }],
  ["['a': , \"b\": 1]", [{ a: null }, { b: 1 }]],
  ["[a: , b]", [{ a: null }, "b"]],
  ["[\n  fd00::,\n  b\n]", ["fd00::", "b"]],
];

describe("plain scalars in flow collections can end with a colon", () => {
  for (const [yaml, spec] of READINGS) {
    it(`${JSON.stringify(yaml)} is ${JSON.stringify(spec)}`, () => expect(specOf(yaml)).to.deep.equal(spec));
  }

  it("many times in one document", () => {
    const list = Array.from({ length: 500 }, (_, at) => `fd00:${at}::`);
    expect(specOf(`[${list.join(", ")}]`)).to.deep.equal(list);
  });

  it("and nothing changes in block style, block scalars and quotes", () => {
    const yaml = "\n  a: x:,\n  b: |\n    [c:, d:]\n  e: \"[f:, g:]\"\n  h: 'i:]'";
    expect(specOf(yaml)).to.deep.equal({ a: "x:,", b: "[c:, d:]\n", e: "[f:, g:]", h: "i:]" });
  });

  it("in a Compose file, too", () => {
    const text = "services: {web: {dns: [192.0.2.1, fd00::], labels: {a: fd00::, b: c}}}\n";
    expect(readValue(text, "compose.yaml", DOCUMENT_SCHEMA)).to.deep.equal({
      services: { web: { dns: ["192.0.2.1", "fd00::"], labels: { a: "fd00::", b: "c" } } },
    });
  });

  it("and lines of problems stay as they are in the file", () => {
    const yaml = `${HEAD}spec: {a: fd00::, b: c}\n---\n${HEAD}spec: [\n`;
    expect(() => parseManifests(yaml, "f.yaml")).to.throw("f.yaml:10");
  });
});

describe("concatenated JSON objects", () => {
  const object = (name: string): string =>
    `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "${name}"}, "data": {"x": "}{\\"{", "y": ""}}`;
  const read = (text: string): unknown[] =>
    parseManifests(text, "f.json").map(({ object: { metadata }, origin }) => [metadata.name, origin.line]);

  it("are read one by one, as kubectl reads them", () => {
    expect(read(`${object("a")}\n${object("b")}\n\n${object("c")}\n`)).to.deep.equal([
      ["a", 1],
      ["b", 2],
      ["c", 4],
    ]);
    expect(read(`${object("a")}${object("b")}`)).to.deep.equal([
      ["a", 1],
      ["b", 1],
    ]);
  });

  it("have problems of their own", () => {
    expect(() => parseManifests(`${object("a")}\n{"apiVersion": "v1"}`, "f.json")).to.throw(
      "f.json:2: kind, metadata.name are missing",
    );
  });

  it("are refused where something else follows", () => {
    expect(() => parseManifests(`${object("a")}\nx: 1\n`, "f.json")).to.throw("f.json:2");
  });
});
