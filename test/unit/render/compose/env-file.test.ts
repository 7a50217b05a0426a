import { expect } from "chai";
import { readEnvFile } from "../../../../src/render/compose/env-file.js";

const LOOKUP = (name: string): string | undefined => (name === "GIVEN" ? "g" : undefined);

function read(text: string, raw = false): Record<string, string | undefined> {
  return Object.fromEntries(
    readEnvFile(text, LOOKUP, raw).map((entry) => ("name" in entry ? [entry.name, entry.value] : ["", entry.problem])),
  );
}

describe("a file of variables", () => {
  const cases: readonly (readonly [what: string, text: string, expected: Record<string, string | undefined>])[] = [
    [
      "values with comments",
      "A=1\nexport B = a b # c\n# x\n\nC=a#b\nD=\nE: y\r\n",
      { A: "1", B: "a b", C: "a#b", D: "", E: "y" },
    ],
    ["quotes", "A=\"x\\ny\" # c\nB='x\\ny'\nC=\"a\nb\"\nD='it\\'s'\n", { A: "x\ny", B: "x\\ny", C: "a\nb", D: "it's" }],
    ["variables", "A=1\nB=${A}2\nC='${A}'\nD=\"$$A ${NO:-d} $GIVEN\"\n", { A: "1", B: "12", C: "${A}", D: "$A d g" }],
    ["names without a value", "GIVEN\nMISSING\n", { GIVEN: "g", MISSING: undefined }],
    ["lines that cannot be read", "=x\n", { "": "expected NAME=value" }],
    ["a quote that is not closed", 'A="x\n', { "": "the quote of A is not closed" }],
  ];
  for (const [what, text, expected] of cases) {
    it(`is read with ${what}`, () => expect(read(text)).to.deep.equal(expected));
  }

  it("is taken as it is in the format raw", () => {
    expect(read("A=\"x\"\nB='$A' # c\n", true)).to.deep.equal({ A: '"x"', B: "'$A' # c" });
  });
});
