import { expect } from "chai";
import { checkIfMatch, matchesIfNoneMatch } from "../../../src/http/etag.js";

describe("preconditions", () => {
  it("accept the current revision, with or without its suffix", () => {
    for (const tag of ['"12"', '"12-7"', '"1", "12"', "*"]) expect(() => checkIfMatch(tag, '"12"'), tag).not.to.throw();
    for (const tag of ['"13"', '"1"', '"121"', 'W/"12"', "12", "", '"x-12"']) {
      expect(() => checkIfMatch(tag, '"12"'), tag)
        .to.throw()
        .with.property("code", "PRECONDITION_FAILED");
    }
    expect(() => checkIfMatch(undefined, '"12"')).not.to.throw();
  });

  it("recognize the ETags that a client has", () => {
    expect(matchesIfNoneMatch('W/"a", "b"', '"a"')).to.equal(true);
    expect(matchesIfNoneMatch("*", '"a"')).to.equal(true);
    expect(matchesIfNoneMatch('"ab"', '"a"')).to.equal(false);
    expect(matchesIfNoneMatch(undefined, '"a"')).to.equal(false);
  });
});
