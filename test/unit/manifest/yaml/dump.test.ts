import { expect } from "chai";
import fc from "fast-check";
import { yamlText } from "../../../../src/manifest/yaml/dump.js";
import { readValue } from "../../../../src/manifest/yaml/read-value.js";
import { KUBERNETES_SCHEMA } from "../../../../src/manifest/yaml/yaml-schema.js";

const read = (text: string): unknown => readValue(text, "x.yaml", KUBERNETES_SCHEMA);
/** Texts that one YAML version or another takes for something else than a string. */
const AMBIGUOUS = [
  "yes",
  "on",
  "y",
  "0777",
  "0o7",
  "1_000",
  "1:30",
  "1e3",
  "~",
  ".inf",
  "<<",
  "=",
  "2001-01-01",
  "- a",
  "#",
  "",
];

describe("yamlText", () => {
  it("writes what the reader of manifests reads as the same value", () => {
    const text = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom(...AMBIGUOUS),
      fc.string({ unit: "binary" }),
    );
    const leaf = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.dictionary(text, tie("tree"), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(fc.record({ a: tree }), (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as unknown;
        expect(read(yamlText(plain))).to.deep.equal(plain);
      }),
      { numRuns: 500 },
    );
  });

  it("writes texts of many megabytes", () => {
    const value = { a: `${"x".repeat(6_000_000)}\n: "#`, b: ["y".repeat(300_000), "short"] };
    expect(read(yamlText(value))).to.deep.equal(value);
  });

  it("keeps all digits of large integers", () => {
    expect(yamlText({ a: 9223372036854775807n })).to.equal("a: 9223372036854775807\n");
    expect(read("a: 9223372036854775807")).to.deep.equal({ a: 9223372036854775807n });
  });
});
