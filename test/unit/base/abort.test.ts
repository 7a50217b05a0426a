import { getEventListeners } from "node:events";
import { expect } from "chai";
import { unlessAborted } from "../../../src/base/abort.js";
import { rejection } from "../support/eventually.js";

describe("unlessAborted", () => {
  const never = new Promise<never>(() => {});

  it("returns the promise's result, and removes its listener from the signal", async () => {
    const { signal } = new AbortController();
    const wrong = new Error("wrong");
    expect(await unlessAborted(Promise.resolve(5), signal)).to.equal(5);
    expect(await rejection(unlessAborted(Promise.reject(wrong), signal))).to.equal(wrong);
    expect(getEventListeners(signal, "abort")).to.deep.equal([]);
  });

  it("throws the signal's reason, before or during the wait", async () => {
    const controller = new AbortController();
    const reason = new Error("stopped");
    const waiting = rejection(unlessAborted(never, controller.signal));
    controller.abort(reason);
    expect(await waiting).to.equal(reason);
    expect(await rejection(unlessAborted(never, controller.signal))).to.equal(reason);
  });
});
