import { expect } from "chai";
import fc from "fast-check";
import { backoffDelay, jitter } from "../../../src/base/backoff.js";

const policy = { baseMs: 100, factor: 2, maxMs: 1500 };

describe("backoffDelay", () => {
  it("doubles from the base to the longest", () => {
    expect([0, 1, 2, 3, 4, 5, 6].map((attempt) => backoffDelay(policy, attempt))).to.deep.equal([
      0, 100, 200, 400, 800, 1500, 1500,
    ]);
  });

  it("never falls, never passes the longest, and is a number after any count of failures", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), (attempt) => {
        const delay = backoffDelay(policy, attempt);
        expect(delay).to.be.at.most(backoffDelay(policy, attempt + 1));
        expect(delay).to.be.within(0, policy.maxMs);
      }),
    );
  });
});

describe("jitter", () => {
  it("spreads by no more than its share", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (random) => {
        expect(jitter(1000, 0.1, random)).to.be.within(900, 1100);
      }),
    );
  });

  it("is the value itself in the middle", () => {
    expect(jitter(1000, 0.1, 0.5)).to.equal(1000);
  });
});
