import { expect } from "chai";
import { MAX_FINISHED } from "../../../../../src/api/finished-object.js";
import type { OverseerApp, OverseerAppStatus } from "../../../../../src/api/overseer-app.js";
import { RevisionIndex } from "../../../../../src/controllers/git-repository/revision-index.js";
import { Claims } from "../../../../../src/controllers/overseer-app/ownership/claims.js";
import {
  finishedDocuments,
  finishedStatus,
  withoutFinished,
} from "../../../../../src/controllers/overseer-app/sync/finished-jobs.js";
import type { Document } from "../../../../../src/manifest/document.js";
import type { Finished, Observation } from "../../../../../src/plan/live.js";
import { document } from "../../../plan/support/objects.js";
import { FakeClock } from "../../../support/fake-clock.js";
import { app, cacheOf, inputs } from "../../support/resources.js";

const NOTHING: Observation = { complete: true, incomplete: undefined, objects: new Map() };
const SUCCEEDED: Finished = { result: "Succeeded" };
const DESTINATION = { id: "here", recordedHash: ({ hash }: Document) => hash };

/** The reconcile of an app with these documents applied, beside other apps that have been reconciled. */
function runOf(status: OverseerAppStatus, documents: readonly Document[], others: readonly OverseerApp[] = []) {
  const own = app("shop/web", { status });
  const claims = new Claims();
  const requeued: number[] = [];
  const run = {
    app: own,
    key: "shop/web",
    status,
    destination: DESTINATION,
    applied: { inputs: inputs("k"), documents, kinds: [], notes: [], notesOmitted: 0 },
    requeueAfter: (ms: number) => void requeued.push(ms),
    services: {
      clock: new FakeClock(),
      apps: cacheOf([own, ...others]),
      repositories: cacheOf([]),
      index: new RevisionIndex(),
      memories: new Map<string, unknown>(
        others.map(({ metadata: { namespace, name } }) => [`${namespace}/${name}`, { reconciled: true }]),
      ),
      claims,
      destinations: { current: () => DESTINATION },
    },
  };
  return { run: run as unknown as Parameters<typeof finishedStatus>[0], claims, requeued };
}

const jobs = (count: number): Document[] =>
  Array.from({ length: count }, (_, index) => document(`batch/v1 Job shop/j${String(index).padStart(4, "0")}`));
const ends = (documents: readonly Document[], end = SUCCEEDED): Map<string, Finished> =>
  new Map(documents.map(({ key }) => [key, end]));

describe("A finished Job", () => {
  it("is remembered beyond the number of full entries in the status", () => {
    const all = jobs(MAX_FINISHED * 2 + 50);
    const failed = all.slice(-1);
    const found = new Map([...ends(all), ...ends(failed, { result: "Failed" })]);
    const status = finishedStatus(runOf({}, all).run, found);
    expect(status.finished).to.have.length(MAX_FINISHED);
    expect(status.finishedDigests).to.have.length(MAX_FINISHED + 50);
    const { run } = runOf(status, all);
    expect(withoutFinished(run, all, NOTHING)).to.deep.equal([]);
    expect(finishedDocuments(run, all, NOTHING).get(failed[0]?.key ?? "")?.result).to.equal("Failed");
    const changed = all.map((one) => ({ ...one, hash: `${one.hash} changed` }));
    expect(withoutFinished(run, changed, NOTHING), "other versions run").to.have.length(all.length);
    expect(finishedStatus(run, finishedDocuments(run, all, NOTHING)), "nothing is written anew").to.deep.equal(status);
  });

  it("keeps a full entry while it is among the last, since it may be deleted early", () => {
    const all = jobs(MAX_FINISHED + 1);
    const [first] = all;
    const late = { ...SUCCEEDED, expires: new Date(Date.UTC(2100, 0, 1)).toISOString() };
    const status = finishedStatus(runOf({}, all).run, new Map([...ends(all), [first?.key ?? "", late]]));
    expect(withoutFinished(runOf(status, all).run, all, NOTHING)).to.deep.equal([first]);
  });

  it("is known to the app that its document moves to, and kept until that app has recorded it", () => {
    const all = jobs(1);
    const [{ key = "" } = {}] = all;
    const noted = finishedStatus(runOf({}, all).run, ends(all));
    const before = app("shop/before", { status: noted });
    const after = runOf({}, all, [before]);
    expect(withoutFinished(after.run, all, NOTHING)).to.deep.equal([]);
    const taker = (status: OverseerAppStatus): OverseerApp => app("shop/after", { status });
    const waits = runOf(noted, [], [taker({})]);
    waits.claims.set("shop/after", [`here ${key}`]);
    expect(finishedStatus(waits.run, new Map())).to.deep.equal(noted);
    const done = runOf(noted, [], [taker(noted)]);
    done.claims.set("shop/after", [`here ${key}`]);
    expect(finishedStatus(done.run, new Map())).to.deep.equal({});
    expect(finishedStatus(runOf(noted, []).run, new Map()), "removed from Git").to.deep.equal({});
  });

  it("is kept as a digest until the app that its document moves to has recorded it", () => {
    const all = jobs(MAX_FINISHED + 2);
    const noted = finishedStatus(runOf({}, all).run, ends(all));
    const [oldest, second, ...others] = all;
    if (!oldest || !second) throw new Error("there are no jobs");
    const digests = noted.finishedDigests ?? [];
    expect(digests).to.have.length(2);
    /** The status of the app that gives `oldest` to the other app, and drops `second`, when that app has this status. */
    const giver = (status: OverseerAppStatus, memory: object) => {
      const { run, requeued } = runOf(noted, others, [app("shop/after", { status })]);
      (run.services.memories as Map<string, unknown>).set("shop/after", memory);
      return { status: finishedStatus(run, ends(others)), requeued };
    };
    const taker = { reconciled: true, claimed: { at: "here", by: { documents: [oldest] } } };
    expect(giver({}, {}), "not reconciled yet").to.deep.equal({ status: noted, requeued: [5_000] });
    const { finishedDigests: kept = [] } = giver({}, taker).status;
    expect(kept, "not recorded yet").to.have.length(1);
    const [digest = ""] = kept;
    expect(digests).to.include(digest);
    const moved = runOf({}, [oldest], [app("shop/before", { status: { finishedDigests: [digest] } })]);
    expect(withoutFinished(moved.run, [oldest], NOTHING), "known to the other app").to.deep.equal([]);
    const recorded = finishedStatus(moved.run, finishedDocuments(moved.run, [oldest], NOTHING));
    expect(giver(recorded, taker).status, "recorded").to.deep.equal({ finished: noted.finished });
    const elsewhere = { ...taker, claimed: { ...taker.claimed, at: "there" } };
    expect(giver({}, elsewhere).status, "at another destination").to.deep.equal({ finished: noted.finished });
  });

  it("at another destination is another object", () => {
    const all = jobs(1);
    const noted = finishedStatus(runOf({}, all).run, ends(all));
    const { run } = runOf({}, all, [app("shop/before", { status: noted })]);
    (run.services.destinations as { current: unknown }).current = (key: string) =>
      key === "shop/before" ? { id: "there" } : DESTINATION;
    expect(withoutFinished(run, all, NOTHING)).to.deep.equal(all);
  });
});
