import { expect } from "chai";
import fc from "fast-check";
import { backoffDelay, countFailure, type FailedTries, jitter } from "../../../src/base/backoff.js";

const policy = { baseMs: 100, factor: 2, maxMs: 1500 };

describe("backoffDelay", () => {
  it("doubles from the base to the longest", () => {
    expect([0, 1, 2, 3, 4, 5, 6].map((attempt) => backoffDelay(policy, attempt))).to.deep.equal([
      0, 100, 200, 400, 800, 1500, 1500,
    ]);
  });

  it("never decreases, never exceeds the maximum, and is finite for any number of failures", () => {
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

describe("countFailure", () => {
  const delayOf = (failures: number): number => failures * 1_000;
  const failedAt = (at: number, before: FailedTries | undefined, retryAfterMs?: number): FailedTries =>
    countFailure(before, { startedAt: at, endedAt: at, retryAfterMs }, delayOf);

  it("counts each attempt that was due, and waits longer each time", () => {
    const first = failedAt(0, undefined);
    expect(first).to.deep.equal({ failures: 1, dueAt: 1_000 });
    expect(failedAt(1_000, first)).to.deep.equal({ failures: 2, dueAt: 3_000 });
  });

  it("does not count attempts brought forward", () => {
    let tries = failedAt(0, undefined);
    for (let at = 1; at < 1_000; at += 7) tries = failedAt(at, tries);
    expect(tries).to.deep.equal({ failures: 1, dueAt: 1_000 });
  });

  it("honors Retry-After, also after an attempt that does not count", () => {
    expect(failedAt(0, undefined, 5_000).dueAt).to.equal(5_000);
    expect(failedAt(500, { failures: 3, dueAt: 1_000 }, 5_000)).to.deep.equal({ failures: 3, dueAt: 5_500 });
  });

  it("counts the first failure whenever it comes", () => {
    expect(failedAt(0, { failures: 0, dueAt: 60_000 })).to.deep.equal({ failures: 1, dueAt: 1_000 });
  });
});
