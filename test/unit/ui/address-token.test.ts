import { expect } from "chai";
import { tokenIn } from "../../../ui/src/state/address-token.js";

describe("the token in the address of the web UI", () => {
  it("is decoded, and taken as it is if it is malformed", () => {
    expect(tokenIn("#token=a.b%2Bc")).to.equal("a.b+c");
    expect(tokenIn("#token=%")).to.equal("%");
    for (const fragment of ["", "#", "#token=", "#section"]) expect(tokenIn(fragment), fragment).to.equal(undefined);
  });
});
