import { expect } from "chai";
import fc from "fast-check";
import {
  composeText,
  composeValue,
  namedVolumes,
} from "../../../../../src/destinations/overseer/kinds/compose-text.js";

describe("a Compose text", () => {
  it("round-trips strings of any form", () => {
    for (const text of ["yes", "022", "1e3", "null", "~", "2026-01-01", "0x1F", "a: b", "- x", "# no", "é\u0085x", ""])
      expect(composeValue(composeText({ a: text, b: [text] }))).to.deep.equal({ a: text, b: [text] });
  });

  it("round-trips any value", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (value) => {
        const plain = JSON.parse(JSON.stringify(value));
        expect(composeValue(composeText(plain))).to.deep.equal(plain);
      }),
    );
  });

  it("returns its volumes, and none if it is invalid", () => {
    expect(namedVolumes("volumes: { b: {}, a: }\nservices: {}\n")).to.deep.equal(["a", "b"]);
    expect(namedVolumes("volumes: [a]")).to.deep.equal([]);
    expect(namedVolumes("{")).to.deep.equal([]);
  });
});
