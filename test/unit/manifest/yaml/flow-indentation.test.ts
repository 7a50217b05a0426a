import { readFileSync } from "node:fs";
import { expect } from "chai";
import { indentFlowLines } from "../../../../src/manifest/yaml/flow-indentation.js";
import { parseManifests } from "../../../../src/manifest/yaml/parse.js";
import { readValue } from "../../../../src/manifest/yaml/read-value.js";
import { DOCUMENT_SCHEMA } from "../../../../src/manifest/yaml/yaml-schema.js";

const CASE = new URL("../../../../../test/cases/flow-closing-bracket/pod.yaml", import.meta.url);
const HEAD = "apiVersion: v1\nkind: Probe\nmetadata: {name: p}\n";

function specOf(yaml: string): unknown {
  return parseManifests(`${HEAD}${yaml}`, "f.yaml")[0]?.object.spec;
}

describe("lines of flow collections and quoted scalars need no indentation", () => {
  it("as the bracket below its key in a Pod", () => {
    const [pod] = parseManifests(readFileSync(CASE, "utf8"), "pod.yaml");
    expect(pod?.object.spec).to.deep.equal({ containers: [{ name: "c", image: "busybox", args: ["--a", "--b"] }] });
  });

  for (const [what, yaml, spec] of [
    ["a closing brace below its key", "spec:\n  a: {\n    b: 1\n  }\n", { a: { b: 1 } }],
    ["a bracket at the beginning of its line", "spec:\n  - a: [\n1,\n2\n]\n  - b\n", [{ a: [1, 2] }, "b"]],
    ["a double-quoted text", 'spec:\n  a: "one\n  two\nthree"\n', { a: "one two three" }],
    ["a single-quoted text with an empty line", "spec:\n  a: 'one\n\n  two'\n", { a: "one\ntwo" }],
    ["an escaped end of a line", 'spec:\n  a: "one\\\n  two"\n', { a: "onetwo" }],
    ["a tab before the bracket", "spec:\n  a: [\n\t1,\n\t]\n", { a: [1] }],
    ["comments with brackets", "spec:\n  a: [ # ]\n  1, # }\n  ]\n  b: 2\n", { a: [1], b: 2 }],
    ["brackets within quotes", "spec:\n  a: [\n  ']', \"}\", 'it''s'\n  ]\n", { a: ["]", "}", "it's"] }],
    [
      "collections within collections",
      "spec:\n  a: {b: [\n  {c: 1}\n  ], d: {\n  }}\n",
      { a: { b: [{ c: 1 }], d: {} } },
    ],
    ["Windows line ends", "spec:\r\n  a: [\r\n    1\r\n  ]\r\n", { a: [1] }],
    ["a list that stands at its key", "spec:\n- a: [\n  1\n]\n", [{ a: [1] }]],
    ["anchors and tags", "spec:\n  a: !!seq &x [\n  1\n  ]\n  b: *x\n", { a: [1], b: [1] }],
    ["a block scalar that looks like one", "spec:\n  t: |\n    a: [\n    ]\n  a: [\n  ]\n", { t: "a: [\n]\n", a: [] }],
    ["a plain text that looks like one", 'spec:\n  t: x [\n    "y\n  a: [\n  ]\n', { t: 'x [ "y', a: [] }],
  ] as const) {
    it(what, () => expect(specOf(yaml)).to.deep.equal(spec));
  }

  it("in a Compose file, too", () => {
    const read = readValue("services:\n  web:\n    command: [\n      a\n    ]\n", "compose.yaml", DOCUMENT_SCHEMA);
    expect(read).to.deep.equal({ services: { web: { command: ["a"] } } });
  });

  it("and lines of problems and objects stay as they are in the file", () => {
    const yaml = `apiVersion: v1\nkind: List\nitems:\n- ${HEAD.replaceAll("\n", "\n  ")}spec: [\n]\n- 1\n`;
    expect(() => parseManifests(yaml, "f.yaml")).to.throw("f.yaml:9: this is a number");
  });

  it("but a document marker ends an open collection", () => {
    expect(() => specOf("spec:\n  a: [\n...\n  ]\n")).to.throw();
  });

  it("and memory use is bounded for malicious files", () => {
    const far = `${" ".repeat(1_000_000)}a: [\n${"1,\n".repeat(300_000)}]\n`;
    expect(indentFlowLines(far)).to.equal(far);
  });
});
