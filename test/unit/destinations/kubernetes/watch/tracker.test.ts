import { expect } from "chai";
import type { ObservedObject } from "../../../../../src/destinations/kubernetes/watch/observed-object.js";
import { Tracker, type Verification } from "../../../../../src/destinations/kubernetes/watch/tracker.js";
import { APP_REF, event, foreign, OURS } from "../events.js";

/** A tracker that knows the object as our apply left it, and what it tells from then on. */
function tracking(known: ObservedObject = event("10")): {
  tracker: Tracker;
  news: string[];
  doubt: () => Verification | undefined;
} {
  const news: string[] = [];
  const tracker = new Tracker((_, object, what) => news.push(`${what} ${object.resourceVersion}`));
  tracker.seen(known, true);
  const doubt = (): Verification | undefined => [...tracker.ofApp(APP_REF)][0]?.verification;
  return { tracker, news, doubt };
}

const { key } = event("1");

describe("Tracker", () => {
  it("reports neither initial objects nor repeated states", () => {
    const { tracker, news, doubt } = tracking();
    tracker.seen(event("10"), false);
    tracker.seen(event("9", { managedFields: [] }), false);
    expect(news).to.deep.equal([]);
    expect(doubt()).to.equal("none");
  });

  it("marks an object as unverified after an unexplained event, until it is verified", () => {
    const { tracker, news, doubt } = tracking();
    tracker.seen(event("11", { managedFields: [OURS, foreign("x")] }), false);
    expect(news).to.deep.equal(["drift 11"]);
    expect(doubt()).to.equal("unverified");
    tracker.settle(key, "10", "none");
    expect(doubt(), "settled for another state").to.equal("unverified");
    tracker.settle(key, "11", "none");
    expect(doubt()).to.equal("none");
  });

  it("keeps an object unverified through explained events", () => {
    const { tracker, doubt } = tracking(event("10", { generation: 1 }));
    tracker.seen(event("11", { generation: 2 }), false);
    tracker.seen(event("12", { generation: 2, managedFields: [OURS, foreign("x", "status")] }), false);
    expect(doubt()).to.equal("unverified");
  });

  it("marks objects as unverified that a list omits or shows in an older state", () => {
    const { tracker, news, doubt } = tracking();
    tracker.verification(key);
    tracker.verification("no such key");
    expect(doubt()).to.equal("unverified");
    tracker.settle(key, "10", "none");
    tracker.seen(event("9"), false, true);
    expect(doubt()).to.equal("unverified");
    expect(tracker.get(key)?.resourceVersion).to.equal("9");
    expect(news).to.deep.equal(["drift 10", "drift 9"]);
  });

  it("recognizes the event of its own write, before or after the response", () => {
    const { tracker, news, doubt } = tracking();
    tracker.writeStarted(key);
    tracker.writeFinished(key, event("11"), true);
    tracker.seen(event("11"), false);
    tracker.writeStarted(key);
    tracker.seen(event("12"), false);
    tracker.writeFinished(key, event("12"), true);
    expect(news).to.deep.equal([]);
    expect(doubt()).to.equal("none");
  });

  it("does not restore an object by a response that arrives after its deletion", () => {
    const { tracker, news } = tracking(event("10", { uid: "old" }));
    let reached = "10";
    let there: string | undefined;
    const late = new Tracker(
      (_, object, what) => news.push(`${what} ${object.resourceVersion}`),
      ({ uid, resourceVersion }) => Number(resourceVersion) <= Number(reached) && uid !== there,
    );
    expect(tracker.size).to.equal(1);
    for (const version of ["11", "21", "31"]) {
      const uid = `uid ${version}`;
      late.writeStarted(key);
      late.seen(event(version, { uid }), false);
      late.gone(key, uid);
      reached = String(Number(version) + 1);
      late.writeFinished(key, event(version, { uid }), true);
      expect(late.get(key)).to.equal(undefined);
    }
    there = "uid 41";
    reached = "50";
    late.writeStarted(key);
    late.seen(event("41", { uid: there }), false);
    late.writeFinished(key, event("41", { uid: there }), true);
    expect(late.get(key)?.uid).to.equal("uid 41");
    expect(news.filter((one) => one.startsWith("gone"))).to.have.length(3);
  });

  it("does not mistake another client's write during its own for its event", () => {
    const { tracker, news, doubt } = tracking();
    tracker.writeStarted(key);
    tracker.seen(event("11"), false);
    tracker.seen(event("12", { managedFields: [OURS, foreign("x")] }), false);
    tracker.writeFinished(key, event("11"), true);
    expect(new Set(news)).to.deep.equal(new Set(["drift 12"]));
    expect(doubt()).to.equal("unverified");
  });

  it("ignores another client's write that its own write has overwritten", () => {
    const { tracker, news, doubt } = tracking();
    tracker.writeStarted(key);
    tracker.seen(event("11", { managedFields: [OURS, foreign("x")] }), false);
    tracker.writeFinished(key, event("12"), true);
    tracker.seen(event("12"), false);
    expect(news.filter((text) => text !== "drift 11")).to.deep.equal([]);
    expect(doubt()).to.equal("none");
  });

  it("marks an object as unverified after an event during a write without a response", () => {
    const { tracker, news, doubt } = tracking();
    tracker.writeStarted(key);
    tracker.seen(event("11"), false);
    tracker.writeFinished(key, undefined, true);
    expect(news).to.deep.equal(["drift 11"]);
    expect(doubt()).to.equal("unverified");
  });

  it("marks an object as unverified that another client re-created with all ownership metadata", () => {
    const { tracker, news, doubt } = tracking();
    tracker.gone(key, "u1");
    tracker.seen(event("12", { uid: "u2" }), false);
    expect(news).to.deep.equal(["gone 10", "drift 12"]);
    expect(doubt()).to.equal("unverified");
  });

  it("ignores a late DELETED event of the previous object", () => {
    const { tracker, news } = tracking();
    tracker.seen(event("12", { uid: "u2" }), false);
    tracker.gone(key, "u1");
    expect(news).to.deep.equal(["drift 12"]);
    expect(tracker.get(key)?.uid).to.equal("u2");
  });

  it("notifies the app that lost an object, by an event or by a write response", () => {
    const elsewhere = event("11", { labels: { "gitops.overseer.io/app": "" } });
    const seen = tracking();
    seen.tracker.seen(elsewhere, false);
    expect(seen.news).to.include("gone 10");
    const written = tracking();
    written.tracker.writeStarted(key);
    written.tracker.writeFinished(key, elsewhere, true);
    written.tracker.gone(key, "u1");
    expect(written.news).to.include("gone 10");
  });

  it("assigns an object to the app in its current labels", () => {
    const { tracker } = tracking();
    tracker.seen(event("11", { labels: { "gitops.overseer.io/app": "other" } }), false);
    expect([...tracker.ofApp(APP_REF)]).to.deep.equal([]);
    expect([...tracker.ofApp({ namespace: "shop", name: "other" })]).to.have.length(1);
    expect(tracker.size).to.equal(1);
  });
});
