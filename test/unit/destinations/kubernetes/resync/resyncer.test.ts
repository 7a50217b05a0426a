import { expect } from "chai";
import { calmPause, PACE } from "../../../../../src/destinations/kubernetes/resync/resync-rate.js";
import { Resyncer } from "../../../../../src/destinations/kubernetes/resync/resyncer.js";
import { Tracker } from "../../../../../src/destinations/kubernetes/watch/tracker.js";
import { FakeClock } from "../../../support/fake-clock.js";
import { event } from "../events.js";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A sweeper over `count` objects that were there when it began, all of one app that settles each doubt at once. */
function rig(count: number) {
  const clock = new FakeClock();
  const tracker = new Tracker(() => {});
  const objects = Array.from({ length: count }, (_, index) => ({ ...event("1"), key: `v1/Thing/shop/${index}` }));
  for (const object of objects) tracker.seen(object, true);
  const looks: { readonly at: number; readonly cause: string }[] = [];
  const state = { busy: false, answers: true };
  const sweeper = new Resyncer({
    clock,
    tracker,
    knows: (app) => !app.endsWith("/former"),
    busy: () => state.busy,
    onVerify: (cause) => looks.push({ at: clock.monotonic(), cause }),
    enqueue: () => {
      if (!state.answers) return;
      for (const { object, verification: doubt } of [...tracker.all()])
        if (doubt === "unverified") tracker.settle(object.key, object.resourceVersion, "none");
    },
  });
  const pass = (ms: number): void => {
    for (let left = ms; left > 0; left -= 1_000) clock.advance(Math.min(1_000, left));
  };
  return { clock, tracker, sweeper, looks, state, pass };
}

const mostAMinute = (looks: readonly { readonly at: number }[]): number =>
  Math.max(0, ...looks.map(({ at }) => looks.filter((one) => one.at >= at && one.at < at + MINUTE).length));

describe("Resyncer", () => {
  it("verifies nothing right after the start", () => {
    const { sweeper, looks, pass } = rig(20);
    sweeper.start();
    pass(PACE.startMs - 1);
    expect(looks).to.deep.equal([]);
  });

  it("verifies each of 2,000 objects once after a start, at a limited rate, within hours", () => {
    const { sweeper, looks, pass } = rig(2_000);
    sweeper.start();
    pass(130 * MINUTE);
    expect(looks).to.have.length(2_000);
    expect(mostAMinute(looks)).to.be.at.most(24);
    pass(60 * MINUTE);
    expect(looks, "and then rests").to.have.length(2_000);
  });

  it("includes objects that are listed late in the next scan", () => {
    const { sweeper, looks, tracker, pass } = rig(0);
    sweeper.start();
    pass(PACE.startMs + 1_000);
    for (let index = 0; index < 3; index++) tracker.seen({ ...event("1"), key: `v1/Thing/late/${index}` }, true);
    pass(PACE.calmMs);
    expect(looks).to.have.length(3);
    pass(10 * MINUTE);
    expect(looks).to.have.length(3);
  });

  it("skips objects of deleted apps", () => {
    const { sweeper, looks, tracker, pass } = rig(3);
    const left = event("1", { labels: { "gitops.overseer.io/app": "former" } });
    tracker.seen({ ...left, key: "v1/Thing/shop/left" }, true);
    sweeper.start();
    pass(10 * MINUTE);
    expect(looks).to.have.length(3);
    sweeper.rulesChanged(() => true);
    pass(MINUTE);
    expect(looks).to.have.length(6);
  });

  it("verifies each object once a day, spread over hours", () => {
    const { sweeper, looks, pass } = rig(40);
    sweeper.start();
    pass(10 * MINUTE);
    expect(looks).to.have.length(40);
    pass(DAY - PACE.spreadMs - 20 * MINUTE);
    expect(looks).to.have.length(40);
    pass(PACE.spreadMs + 20 * MINUTE);
    expect(looks).to.have.length(80);
  });

  it("yields to other work", () => {
    const { sweeper, looks, state, pass } = rig(20);
    state.busy = true;
    sweeper.start();
    pass(10 * MINUTE);
    expect(looks).to.deep.equal([]);
    state.busy = false;
    pass(2 * MINUTE);
    expect(looks).to.have.length(20);
  });

  it("verifies objects soon after each change of admission rules or definitions", () => {
    const { sweeper, looks, pass } = rig(200);
    sweeper.start();
    pass(15 * MINUTE);
    looks.splice(0);
    sweeper.rulesChanged(({ kind }) => kind === "Other");
    pass(MINUTE);
    expect(looks).to.deep.equal([]);
    for (const _ of [1, 2]) {
      sweeper.rulesChanged(({ kind }) => kind === "Thing");
      pass(30_000);
      expect(looks.splice(0).filter(({ cause }) => cause === "definitions")).to.have.length(200);
    }
  });

  it("raises the rate if a resync would take longer than a day", () => {
    expect(calmPause(2_000)).to.equal(PACE.calmMs);
    const round = (objects: number): number => (objects / PACE.batch) * calmPause(objects);
    expect(round(50_000)).to.be.at.most(DAY);
    expect(calmPause(10_000_000)).to.equal(PACE.leastCalmMs);
  });

  it("enqueues an app that does not verify its objects only once", () => {
    const { sweeper, looks, state, pass } = rig(5);
    state.answers = false;
    sweeper.start();
    pass(3 * DAY);
    expect(looks).to.have.length(5);
  });

  it("stops with its controller", async () => {
    const { sweeper, looks, pass } = rig(20);
    sweeper.start();
    await sweeper.stop();
    pass(DAY);
    expect(looks).to.deep.equal([]);
  });
});
