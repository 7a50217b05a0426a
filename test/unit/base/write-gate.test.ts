import { expect } from "chai";
import { LeadershipGate, LeadershipLostError, openGate } from "../../../src/base/write-gate.js";
import { FakeClock } from "../support/fake-clock.js";

/** A clock whose timers never fire: a process that was stopped wakes like this, before its timers have had their turn. */
class StoppedTimers extends FakeClock {
  override after(): { cancel(): void } {
    return { cancel() {} };
  }
}

describe("LeadershipGate", () => {
  it("is closed until it is opened, and reports a standby", () => {
    const gate = new LeadershipGate(new FakeClock());
    expect(gate.open).to.equal(false);
    expect(() => gate.check())
      .to.throw(LeadershipLostError, /standby/)
      .with.property("code", "LEADERSHIP_LOST");
  });

  it("is open until its deadline, which each opening extends, and then closes permanently", () => {
    const clock = new FakeClock();
    const gate = new LeadershipGate(clock);
    const told: string[] = [];
    gate.onClosed(({ code }) => told.push(code));
    expect(gate.openUntil(1000)).to.equal(true);
    clock.advance(999);
    expect(gate.openUntil(1500)).to.equal(true);
    clock.advance(500);
    gate.check();
    expect(told).to.deep.equal([]);
    clock.advance(1);
    expect(told).to.deep.equal(["LEADERSHIP_LOST"]);
    expect(() => gate.check()).to.throw(LeadershipLostError, /not renewed in time/);
    expect(gate.openUntil(9999)).to.equal(false);
    expect(gate.open).to.equal(false);
  });

  it("does not open for a time that has passed, and can still open later", () => {
    const clock = new FakeClock();
    const gate = new LeadershipGate(clock);
    clock.advance(100);
    expect(gate.openUntil(100)).to.equal(false);
    expect(gate.openUntil(101)).to.equal(true);
  });

  it("checks the clock for each write, without waiting for a timer", () => {
    const clock = new StoppedTimers();
    const gate = new LeadershipGate(clock);
    const told: string[] = [];
    gate.onClosed(({ code }) => told.push(code));
    gate.openUntil(1000);
    clock.advance(60_000);
    expect(() => gate.check()).to.throw(LeadershipLostError);
    expect(told).to.deep.equal(["LEADERSHIP_LOST"]);
  });

  it("is not reopened by a renewal whose response is late", () => {
    const clock = new StoppedTimers();
    const gate = new LeadershipGate(clock);
    gate.openUntil(1000);
    clock.advance(1200);
    expect(gate.openUntil(2000)).to.equal(false);
    expect(() => gate.check()).to.throw(LeadershipLostError);
  });

  it("notifies each listener once, and late ones at once", () => {
    const gate = new LeadershipGate(new FakeClock());
    const told: string[] = [];
    gate.onClosed(() => told.push("early"));
    gate.close("it is over");
    gate.close("twice");
    gate.onClosed(({ message }) => told.push(message));
    expect(told).to.deep.equal(["early", "this process must not write anymore: it is over"]);
  });

  it("sets its timer again when it fires too early", () => {
    const clock = new FakeClock();
    let early: (() => void) | undefined;
    const after = clock.after.bind(clock);
    clock.after = (ms, fn) => {
      early ??= fn;
      return after(ms, fn);
    };
    const gate = new LeadershipGate(clock);
    gate.openUntil(1000);
    early?.();
    expect(gate.open).to.equal(true);
    const told: string[] = [];
    gate.onClosed(({ code }) => told.push(code));
    clock.advance(1000);
    expect(told).to.have.length(1);
  });
});

describe("openGate", () => {
  it("lets everything through and never closes", () => {
    openGate.check();
    openGate.onClosed(() => expect.fail("closed"));
  });
});
