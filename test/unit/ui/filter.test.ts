import { expect } from "chai";
import { hasTerm, setTerm, termFor, termsOf, termValue, toggleTerm } from "../../../ui/src/navigation/filter.js";

describe("a filter", () => {
  it("has terms, of which quoted ones may contain spaces", () => {
    expect(termsOf('health:degraded -ns:"my team" "out of memory" web')).to.deep.equal([
      "health:degraded",
      '-ns:"my team"',
      '"out of memory"',
      "web",
    ]);
  });

  it("gains a term and loses it again", () => {
    const term = termFor("health", "Degraded");
    const filter = toggleTerm("web", term);
    expect(filter).to.equal("web health:degraded");
    expect(hasTerm(filter, term)).to.equal(true);
    expect(toggleTerm(filter, term)).to.equal("web");
  });

  it("has one value of a field after it was set, and none after it was cleared", () => {
    expect(setTerm("ns:a web ns:b", "ns", "c")).to.equal("web ns:c");
    expect(setTerm("ns:a web", "ns", "")).to.equal("web");
    expect(termValue("ns:c web", "ns")).to.equal("c");
    expect(termValue("ns:c ns:d", "ns")).to.equal("");
  });

  it("quotes values that would be read as more than one", () => {
    expect(termFor("dest", "a, b")).to.equal('dest:"a, b"');
    expect(termValue('dest:"a, b"', "dest")).to.equal("a, b");
  });
});
