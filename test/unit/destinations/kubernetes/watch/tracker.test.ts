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
  it("tells nothing of what was there when it began, nor of the same state again", () => {
    const { tracker, news, doubt } = tracking();
    tracker.seen(event("10"), false);
    tracker.seen(event("9", { managedFields: [] }), false);
    expect(news).to.deep.equal([]);
    expect(doubt()).to.equal("none");
  });

  it("tells of an event that nothing explains, until it is settled", () => {
    const { tracker, news, doubt } = tracking();
    tracker.seen(event("11", { managedFields: [OURS, foreign("x")] }), false);
    expect(news).to.deep.equal(["drift 11"]);
    expect(doubt()).to.equal("unverified");
    tracker.settle(key, "10", "none");
    expect(doubt(), "settled for another state").to.equal("unverified");
    tracker.settle(key, "11", "none");
    expect(doubt()).to.equal("none");
  });

  it("keeps a doubt through events that are explained", () => {
    const { tracker, doubt } = tracking(event("10", { generation: 1 }));
    tracker.seen(event("11", { generation: 2 }), false);
    tracker.seen(event("12", { generation: 2, managedFields: [OURS, foreign("x", "status")] }), false);
    expect(doubt()).to.equal("unverified");
  });

  it("doubts an object that a list should have held, and what a list shows in an older state", () => {
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

  it("knows the event of our own write, whether it comes after the answer or before", () => {
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

  it("does not bring an object back by an answer that comes after it was deleted, however often", () => {
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

  it("does not take another's write during ours for an echo", () => {
    const { tracker, news, doubt } = tracking();
    tracker.writeStarted(key);
    tracker.seen(event("11"), false);
    tracker.seen(event("12", { managedFields: [OURS, foreign("x")] }), false);
    tracker.writeFinished(key, event("11"), true);
    expect(news).to.deep.equal(["drift 12"]);
    expect(doubt()).to.equal("unverified");
  });

  it("takes another's write before ours, which ours has overwritten, for settled", () => {
    const { tracker, news, doubt } = tracking();
    tracker.writeStarted(key);
    tracker.seen(event("11", { managedFields: [OURS, foreign("x")] }), false);
    tracker.writeFinished(key, event("12"), true);
    tracker.seen(event("12"), false);
    expect(news.filter((text) => text !== "drift 11")).to.deep.equal([]);
    expect(doubt()).to.equal("none");
  });

  it("asks again when our write ended without an answer and something happened", () => {
    const { tracker, news, doubt } = tracking();
    tracker.writeStarted(key);
    tracker.seen(event("11"), false);
    tracker.writeFinished(key, undefined, true);
    expect(news).to.deep.equal(["drift 11"]);
    expect(doubt()).to.equal("unverified");
  });

  it("asks about an object that somebody made anew with all our marks", () => {
    const { tracker, news, doubt } = tracking();
    tracker.gone(key, "u1");
    tracker.seen(event("12", { uid: "u2" }), false);
    expect(news).to.deep.equal(["gone 10", "drift 12"]);
    expect(doubt()).to.equal("unverified");
  });

  it("does not let a late DELETED of the former object take the new one along", () => {
    const { tracker, news } = tracking();
    tracker.seen(event("12", { uid: "u2" }), false);
    tracker.gone(key, "u1");
    expect(news).to.deep.equal(["drift 12"]);
    expect(tracker.get(key)?.uid).to.equal("u2");
  });

  it("tells the app that an object was taken from, by an event or by the answer to our own write", () => {
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

  it("counts an object for the app that its labels name now", () => {
    const { tracker } = tracking();
    tracker.seen(event("11", { labels: { "gitops.overseer.io/app": "other" } }), false);
    expect([...tracker.ofApp(APP_REF)]).to.deep.equal([]);
    expect([...tracker.ofApp({ namespace: "shop", name: "other" })]).to.have.length(1);
    expect(tracker.size).to.equal(1);
  });
});
