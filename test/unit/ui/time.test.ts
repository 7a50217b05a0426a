import { expect } from "chai";
import { relative, span } from "../../../ui/src/components/time.js";

describe("times", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "just now"],
    [12_000, "12 s ago"],
    [3 * 60_000, "3 min ago"],
    [5 * 3_600_000, "5 h ago"],
    [40 * 86_400_000, "40 d ago"],
    [800 * 86_400_000, "2 y ago"],
    [-90_000, "in 1 min"],
  ];
  for (const [age, text] of cases) it(`are relative: ${text}`, () => expect(relative(1e12 - age, 1e12)).to.equal(text));

  it("are spans that are never negative", () => {
    expect(span(-5)).to.equal("0 s");
  });
});
