import { expect } from "chai";
import { rfc3339, systemClock } from "../../../src/base/clock.js";

describe("rfc3339", () => {
  it("is in whole seconds, as Kubernetes writes times", () => {
    expect(rfc3339(Date.UTC(2026, 0, 2, 3, 4, 5, 999))).to.equal("2026-01-02T03:04:05Z");
  });

  it("writes something for any number, since commits may claim any time", () => {
    for (const ms of [Number.NaN, -1, Number.NEGATIVE_INFINITY]) expect(rfc3339(ms)).to.equal("1970-01-01T00:00:00Z");
    for (const ms of [1e18, Number.POSITIVE_INFINITY]) expect(rfc3339(ms)).to.equal("9999-12-31T23:59:59Z");
  });
});

describe("systemClock", () => {
  it("calls once after the delay, and not after a cancel", async () => {
    let calls = 0;
    const cancelled = systemClock.after(0, () => calls++);
    cancelled.cancel();
    // A timer of the clock does not keep the process alive, so something else has to.
    const awake = setTimeout(() => {}, 10_000);
    await new Promise<void>((resolve) => systemClock.after(1, resolve));
    clearTimeout(awake);
    expect(calls).to.equal(0);
  });

  it("does not fire at once when the delay is longer than a timer of Node can be", async () => {
    let fired = false;
    const timer = systemClock.after(2 ** 40, () => {
      fired = true;
    });
    await new Promise<void>((resolve) => setTimeout(resolve, 5));
    timer.cancel();
    expect(fired).to.equal(false);
  });
});
