import { expect } from "chai";
import fc from "fast-check";
import { type DiffLine, diffLines, sideBySide } from "../../../ui/src/diff/line-diff.js";

/** `-a +b  c` of each line, with the marked part in brackets. */
function show(lines: readonly DiffLine[]): string[] {
  return lines.map(({ kind, text, mark }) => {
    const shown = mark === undefined ? text : `${text.slice(0, mark[0])}[${text.slice(...mark)}]${text.slice(mark[1])}`;
    return `${{ same: " ", removed: "-", added: "+" }[kind]}${shown}`;
  });
}

describe("the difference of two texts", () => {
  it("keeps equal lines, and marks what differs in lines that replace each other", () => {
    expect(show(diffLines(["a", "port: 80", "z"], ["a", "port: 443", "z"]))).to.deep.equal([
      " a",
      "-port: [80]",
      "+port: [443]",
      " z",
    ]);
  });

  it("marks nothing in lines that have nothing in common, or that are more on one side", () => {
    expect(show(diffLines(["abc"], ["xyz"]))).to.deep.equal(["-abc", "+xyz"]);
    expect(show(diffLines(["timeout = 30"], ["timeout = 60", "keepalive = true"]))).to.deep.equal([
      "-timeout = 30",
      "+timeout = 60",
      "+keepalive = true",
    ]);
  });

  it("shows whole blocks for texts too long to compare", () => {
    const long = Array.from({ length: 400 }, (_, line) => `line ${line}`);
    const lines = diffLines(long, [...long, "one more"]);
    expect(lines.filter(({ kind }) => kind === "removed")).to.have.length(400);
    expect(lines.filter(({ kind }) => kind === "added")).to.have.length(401);
  });

  it("contains both texts whole, in order, whatever they are, also beside each other", () => {
    const text = fc.array(fc.constantFrom("a", "b", "c", "", "ab"), { maxLength: 12 });
    fc.assert(
      fc.property(text, text, (before, after) => {
        const lines = diffLines(before, after);
        expect(lines.filter(({ kind }) => kind !== "added").map((line) => line.text)).to.deep.equal(before);
        expect(lines.filter(({ kind }) => kind !== "removed").map((line) => line.text)).to.deep.equal(after);
        const rows = sideBySide(lines);
        expect(rows.flatMap(([left]) => left?.text ?? [])).to.deep.equal(before);
        expect(rows.flatMap(([, right]) => right?.text ?? [])).to.deep.equal(after);
      }),
    );
  });
});
