import { expect } from "chai";
import fc from "fast-check";
import { cutText } from "../../../src/base/cut-text.js";

describe("cutText", () => {
  it("leaves short texts alone and ends long ones with an ellipsis", () => {
    expect(cutText("abc", 3)).to.equal("abc");
    expect(cutText("abcd", 3)).to.equal("ab…");
    expect(cutText("", 3)).to.equal("");
  });

  it("cuts no character in two", () => {
    expect(cutText("ab😀😀", 4)).to.equal("ab…");
    expect(cutText("ab😀", 4)).to.equal("ab😀");
  });

  it("gives a text that survives UTF-8, and is never longer than asked", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
        fc.integer({ min: 1, max: 20 }),
        (text, max) => {
          const cut = cutText(text, max);
          expect(Buffer.from(cut).toString()).to.equal(cut);
          expect(cut.length).to.be.at.most(max);
        },
      ),
    );
  });
});
