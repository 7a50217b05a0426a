import { getEventListeners } from "node:events";
import { expect } from "chai";
import { systemClock } from "../../../src/base/clock.js";
import { withDeadline } from "../../../src/base/deadline.js";

/** Waits for the signal, then throws something else, as a stream does. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("noise")));
  });
}

describe("withDeadline", () => {
  const late = new Error("late");
  const options = { clock: systemClock, ms: 60_000, expired: () => late };

  async function failure(work: Promise<unknown>): Promise<unknown> {
    return work.then(
      () => "no error",
      (error: unknown) => error,
    );
  }

  it("returns the result of the work, and removes its listener from the signal", async () => {
    const { signal } = new AbortController();
    expect(await withDeadline({ ...options, signal }, async () => 5)).to.equal(5);
    expect(getEventListeners(signal, "abort")).to.deep.equal([]);
  });

  it("ends in the given error when time is up", async () => {
    const { signal } = new AbortController();
    expect(await failure(withDeadline({ ...options, signal, ms: 1 }, untilAborted))).to.equal(late);
  });

  it("throws the caller's reason if the caller aborts, before or during the work", async () => {
    const reason = new Error("stopped");
    const controller = new AbortController();
    const work = withDeadline({ ...options, signal: controller.signal }, untilAborted);
    controller.abort(reason);
    expect(await failure(work)).to.equal(reason);
    expect(await failure(withDeadline({ ...options, signal: controller.signal }, async () => 5))).to.equal(reason);
  });

  it("leaves other errors alone", async () => {
    const error = new Error("own");
    const { signal } = new AbortController();
    expect(await failure(withDeadline({ ...options, signal }, () => Promise.reject(error)))).to.equal(error);
  });
});
