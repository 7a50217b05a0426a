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

  it("is refused when it is larger than 1 MiB", () => {
    expect(readEnvFile(`A=${"x".repeat(2 ** 20)}`, LOOKUP)).to.deep.equal([
      { problem: "the file is larger than 1 MiB: remove what the service does not need", line: 1 },
    ]);
  });

  it("is read no further where values that refer to others are larger than 1 MiB in total", () => {
    const lines = ["A0=0123456789"];
    for (let at = 1; at < 60; at++) lines.push(`A${at}=$A${at - 1}$A${at - 1}`);
    const entries = readEnvFile(lines.join("\n"), LOOKUP);
    const last = entries.at(-1);
    expect(last).to.deep.equal({
      problem: "the values are larger than 1 MiB in total: shorten them, or use fewer variables in values",
      line: entries.length,
    });
    expect(entries).to.have.length(17);
    const wide = `A=${"x".repeat(1_000)}\nB=${"$A".repeat(300_000)}\n`;
    expect(readEnvFile(wide, LOOKUP).map((entry) => ("problem" in entry ? entry.line : entry.name))).to.deep.equal([
      "A",
      2,
    ]);
    const quoted = readEnvFile(`A=${"x".repeat(500_000)}\nB="\${NO:-$A$A$A}"\n`, LOOKUP);
    expect(quoted.at(-1)).to.have.property("line", 2);
  });

  it("is read up to 20 lines that cannot be read", () => {
    const entries = readEnvFile("A=1\n\n=\n".repeat(100_000), LOOKUP);
    const lines = entries.flatMap((entry) => ("problem" in entry ? [entry.line] : []));
    expect(lines).to.deep.equal(Array.from({ length: 20 }, (_, at) => 3 * at + 3));
  });

  it("is taken as it is in the format raw", () => {
    expect(read("A=\"x\"\nB='$A' # c\n", true)).to.deep.equal({ A: '"x"', B: "'$A' # c" });
  });
});
