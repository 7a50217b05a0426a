import { expect } from "chai";
import { type FieldPath, showPath } from "../../../../src/manifest/field-path.js";
import { FieldLines } from "../../../../src/manifest/yaml/field-lines.js";

const TEXT = `# a comment
kind: One
a: {b: [x, {c: d}], "e f": g}

list:
  - first
  -
    - deep
    - key: |
        text
      other: y
---

kind: Two
base: &base
  image: x
web:
  <<: *base
  alias: *base
  1: number
? long
: value
`;

function lineOfField(text: string, documentLine: number, path: FieldPath): number {
  return new FieldLines(text).lineOf(documentLine, path);
}

describe("FieldLines", () => {
  const cases: readonly [document: number, path: FieldPath, line: number][] = [
    [2, [], 2],
    [2, ["kind"], 2],
    [2, ["a", "b", 1, "c"], 3],
    [2, ["a", "e f"], 3],
    [2, ["list"], 5],
    [2, ["list", 0], 6],
    [2, ["list", 1, 1, "other"], 11],
    [2, ["list", 1, 1, "missing"], 9],
    [2, ["list", 7], 5],
    [2, ["missing", "x"], 2],
    [2, ["list", "first"], 5],
    [14, ["kind"], 14],
    [14, ["web", "image"], 17],
    [14, ["web", "alias", "image"], 19],
    [14, ["web", 1], 20],
    [14, ["web", "1"], 20],
    [14, ["long"], 21],
  ];
  for (const [document, path, line] of cases) {
    it(`${showPath(path) || "nothing"} of the document in line ${document} is in line ${line}`, () => {
      expect(lineOfField(TEXT, document, path)).to.equal(line);
      expect(lineOfField(TEXT.replaceAll("\n", "\r\n"), document, path)).to.equal(line);
    });
  }

  it("is the line of the document where the text cannot be read, or is another", () => {
    expect(lineOfField("a: [", 1, ["a"])).to.equal(1);
    expect(lineOfField("", 3, ["a"])).to.equal(3);
    expect(lineOfField("text", 1, ["a"])).to.equal(1);
    expect(lineOfField("- a", 1, [0])).to.equal(1);
  });

  it("finds a field of a file whose document begins below its first line", () => {
    expect(lineOfField("# a comment\n---\n# another\na: 1\nb: 2\n", 1, ["b"])).to.equal(5);
  });

  it("finds the field of an item of a list document", () => {
    const text = "kind: List\nitems:\n  - kind: A\n    x: 1\n  - kind: B\n    x: 2\n";
    expect(lineOfField(text, 5, ["x"])).to.equal(6);
  });
});

describe("showPath", () => {
  it("puts what is no plain word in brackets, on one line, and cuts it", () => {
    expect(showPath(["spec", "a b", 0, "c"])).to.equal('spec["a b"][0].c');
    expect(showPath(["a\nb"])).to.equal('["a\\nb"]');
    expect(showPath(["x".repeat(500)])).to.have.length(84);
  });
});
