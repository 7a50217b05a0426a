import { expect } from "chai";
import fc from "fast-check";
import { editDistance } from "../../../src/base/edit-distance.js";

describe("editDistance", () => {
  const cases: readonly (readonly [string, string, number])[] = [
    ["", "", 0],
    ["main", "main", 0],
    ["", "main", 4],
    ["main", "man", 1],
    ["mian", "main", 2],
    ["kitten", "sitting", 3],
  ];
  for (const [a, b, edits] of cases) {
    it(`takes ${edits} from ${JSON.stringify(a)} to ${JSON.stringify(b)}`, () => {
      expect(editDistance(a, b)).to.equal(edits);
    });
  }

  it("is a distance: none to itself, the same both ways, and no way round is shorter", () => {
    const word = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, a)).to.equal(0);
        expect(editDistance(a, b)).to.equal(editDistance(b, a));
        expect(editDistance(a, c)).to.be.at.most(editDistance(a, b) + editDistance(b, c));
      }),
    );
  });
});
