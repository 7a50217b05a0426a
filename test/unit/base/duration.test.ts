import { expect } from "chai";
import fc from "fast-check";
import { DURATION_PATTERN, formatDuration, parseDuration } from "../../../src/base/duration.js";

describe("parseDuration", () => {
  const cases: readonly (readonly [string, number | undefined])[] = [
    ["90s", 90_000],
    ["3m", 180_000],
    ["1h30m", 5_400_000],
    ["250ms", 250],
    ["1.5s", 1500],
    ["1h1m1s1ms", 3_661_001],
    ["0s", 0],
    ["", undefined],
    ["3", undefined],
    ["3 m", undefined],
    ["-3m", undefined],
    ["3d", undefined],
    ["1.s", undefined],
    [".5s", undefined],
    ["999999h", undefined],
    ["1s1s1s1s1s", undefined],
    ["3m\n", undefined],
  ];
  for (const [text, ms] of cases) {
    it(`reads ${JSON.stringify(text)} as ${ms}`, () => {
      expect(parseDuration(text)).to.equal(ms);
    });
  }

  it("never gives NaN, nor more than 292 years, which is all that CEL can hold", () => {
    fc.assert(
      fc.property(fc.stringMatching(new RegExp(DURATION_PATTERN)), (text) => {
        expect(parseDuration(text)).to.be.within(0, 292 * 365 * 86_400_000);
      }),
    );
  });
});

describe("formatDuration", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "0ms"],
    [850, "850ms"],
    [4200, "4.2s"],
    [190_000, "3m10s"],
    [180_000, "3m"],
    [7_500_000, "2h5m"],
    [7_200_000, "2h"],
  ];
  for (const [ms, text] of cases) {
    it(`writes ${ms} as ${text}`, () => {
      expect(formatDuration(ms)).to.equal(text);
    });
  }

  it("writes what it reads, to within the precision that it shows", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 359_999_000 }), (ms) => {
        const back = parseDuration(formatDuration(ms));
        expect(back).to.be.closeTo(ms, ms >= 3_600_000 ? 60_000 : ms >= 60_000 ? 1000 : 100);
      }),
    );
  });
});
