import { expect } from "chai";
import { messageOf } from "../../src/base/errors.js";
import type { Destination, Outcome, Target } from "../../src/destinations/destination.js";
import type { Document } from "../../src/manifest/document.js";
import type { PreviewedWrite, WriteAction } from "../../src/plan/actions.js";
import type { LiveObject } from "../../src/plan/live.js";
import { type DeletePermit, judgePrune } from "../../src/plan/prune-guard.js";
import { waitUntil } from "../../tools/wait-until.js";

/** A destination under test, and what other people do there. */
export interface DestinationBench {
  readonly destination: Destination;
  /** Returns a document of a namespaced or only kind, with a content that differs between versions. */
  document(name: string, version: number): Promise<Document>;
  /** Changes the live object of a document as another writer would: to another content than any version. */
  edit(document: Document): Promise<void>;
  /** Whether the object exists. */
  exists(document: Document): Promise<boolean>;
  stop(): Promise<void>;
}

/** Time for a watch to deliver, or an agent to deploy. */
const TIMEOUT_MS = 30_000;

/**
 * The promises that every destination keeps, whatever it is: the engine relies on nothing else. To be called within `describe`.
 * Each test has objects of its own.
 */
export function keepsTheContract(start: () => Promise<DestinationBench>): void {
  let bench: DestinationBench;
  const web = targetOf("web");
  const other = targetOf("other");
  before(async () => {
    bench = await start();
  });
  after(() => bench?.stop());

  const live = (document: Document, { app }: Target = web): LiveObject | undefined =>
    bench.destination.observe({ ...web, app }, [document.id]).objects.get(document.key);
  const until = (document: Document, what: string, is: (found: LiveObject | undefined) => boolean, target = web) =>
    waitUntil({ what: `${document.id.name} ${what}`, timeoutMs: TIMEOUT_MS, intervalMs: 5 }, async () =>
      is(live(document, target)) ? { found: live(document, target) } : undefined,
    ).catch((error: unknown) => {
      throw new Error(`${messageOf(error)}: ${JSON.stringify(live(document, target))}`);
    });
  const previewed = async (document: Document, target = web): Promise<PreviewedWrite> => {
    const found = live(document, target);
    const action: WriteAction = { verb: found ? "Update" : "Create", document, live: found };
    const { signal } = new AbortController();
    const { accepted, refused } = await bench.destination.preview(target, [action], [document], signal);
    expect(refused.map(({ message }) => message)).to.deep.equal([]);
    return accepted[0] as PreviewedWrite;
  };
  /** Repeats a request, made for the state that is observed then, while the destination says that it may be retried. */
  const retried = (request: () => Promise<Outcome>): Promise<Outcome> =>
    waitUntil({ what: "a request that may be retried", timeoutMs: TIMEOUT_MS, intervalMs: 20 }, async () => {
      const outcome = await request();
      return !outcome.ok && outcome.retryable ? undefined : outcome;
    });
  /** Writes a document, and waits until it is observed as applied. */
  const applied = async (document: Document, target = web): Promise<LiveObject> => {
    await bench.destination.prepare([document.id]);
    const write = async () => bench.destination.write(target, await previewed(document, target));
    expect(await retried(write)).to.include({ ok: true });
    const hash = bench.destination.recordedHash(document);
    const isApplied = (found?: LiveObject) => found?.documentHash === hash && found.state === "AsApplied";
    const { found } = await until(document, "is applied", isApplied, target);
    return found as LiveObject;
  };

  it("knows nothing of an app that has written nothing", async () => {
    const document = await bench.document("nothing", 1);
    await bench.destination.prepare([document.id]);
    const { complete, objects } = bench.destination.observe(targetOf("nobody"), [document.id]);
    expect([complete, objects.size]).to.deep.equal([true, 0]);
    expect([bench.destination.connecting(), bench.destination.unavailability()]).to.deep.equal([false, undefined]);
  });

  it("writes nothing by a preview", async () => {
    const document = await bench.document("previewed", 1);
    await bench.destination.prepare([document.id]);
    expect(await previewed(document)).to.include({ verb: "Create" });
    expect(await bench.exists(document)).to.equal(false);
  });

  it("shows what it has written as owned and applied, and writes it once", async () => {
    const document = await bench.document("written", 1);
    const first = await applied(document);
    expect(first).to.include({ ownership: "Owned", deleting: false });
    const outcome = await retried(async () => bench.destination.write(web, await previewed(document)));
    expect(outcome.ok).to.equal(true);
    expect(live(document)?.uid).to.equal(first.uid);
  });

  it("updates an object in place", async () => {
    const { uid, documentHash } = await applied(await bench.document("updated", 1));
    const second = await applied(await bench.document("updated", 2));
    expect(second.uid).to.equal(uid);
    expect(second.documentHash).not.to.equal(documentHash);
  });

  it("refuses an object of another app, and names the owner", async () => {
    const document = await bench.document("owned", 1);
    await applied(document);
    const action: WriteAction = { verb: "Create", document: await bench.document("owned", 2), live: undefined };
    const { signal } = new AbortController();
    const { accepted, refused } = await bench.destination.preview(other, [action], [action.document], signal);
    expect([accepted.length, refused[0]?.owner]).to.deep.equal([0, "shop/web"]);
    expect(live(document, other), "nor is it observed by that app").to.equal(undefined);
  });

  it("detects what others change, and restores it", async () => {
    const document = await bench.document("drifted", 1);
    await applied(document);
    await bench.edit(document);
    const { found } = await until(document, "has drifted", (one) => one !== undefined && one.state !== "AsApplied");
    const action = { document, live: found as LiveObject };
    expect(await bench.destination.verify(web, action)).to.include({ drifted: true });
    expect(await retried(() => bench.destination.heal(web, action))).to.include({ ok: true, wrote: true });
    await until(document, "is restored", (one) => one?.state === "AsApplied");
  });

  it("deletes by a permit, in the state that the permit is for, and once", async () => {
    const document = await bench.document("deleted", 1);
    const stale = permitFor(await applied(document));
    await applied(await bench.document("deleted", 2));
    const refused = await bench.destination.remove(web, stale);
    expect(refused.ok && refused.wrote, "a permit for an earlier state").to.equal(false);
    expect(await bench.exists(document)).to.equal(true);
    const last = live(document) as LiveObject;
    const remove = () => bench.destination.remove(web, permitFor(live(document) ?? last));
    expect(await retried(remove)).to.include({ ok: true });
    await until(document, "is gone", (one) => one === undefined);
    expect(await bench.exists(document)).to.equal(false);
    expect(await remove()).to.include({ ok: true });
  });

  it("transfers an object to another app without touching it", async () => {
    const document = await bench.document("moved", 1);
    const before = await applied(document);
    expect(await bench.destination.mayWrite(web, before)).to.equal(true);
    expect(await retried(() => bench.destination.handOver(web, before, other.app))).to.include({ ok: true });
    await until(document, "has left its app", (one) => one === undefined);
    const { found } = await until(document, "has come to the other app", (one) => one !== undefined, other);
    expect(found?.uid).to.equal(before.uid);
    expect((await applied(document, other)).uid).to.equal(before.uid);
  });

  it("releases an object, which then belongs to nobody and can be adopted", async () => {
    const document = await bench.document("released", 1);
    const { uid } = await applied(document);
    const release = () => bench.destination.release(web, live(document) as LiveObject);
    expect(await retried(release)).to.include({ ok: true });
    await until(document, "is released", (one) => one === undefined);
    expect(await bench.exists(document)).to.equal(true);
    const adopting: Target = { ...other, adopt: "Always" };
    expect((await previewed(document, adopting)).verb).to.equal("Adopt");
    expect((await applied(document, adopting)).uid).to.equal(uid);
  });

  it("may repeat a write whose answer was lost", async () => {
    const document = await bench.document("repeated", 1);
    await bench.destination.prepare([document.id]);
    const write = await previewed(document);
    const again = () => retried(() => bench.destination.write(web, write));
    const outcomes = [await again(), await again()];
    expect(outcomes.map(({ ok }) => ok)).to.deep.equal([true, true]);
    await until(document, "is applied", (one) => one?.state === "AsApplied");
  });
}

function targetOf(name: string): Target {
  const app = { namespace: "shop", name, uid: `uid-${name}` };
  return { app, serviceAccountName: undefined, adopt: "Unowned", additions: "Revert", ignored: [] };
}

/** The permit to delete one object, as the prune guard gives it. */
function permitFor(live: LiveObject): DeletePermit {
  const { decisions } = judgePrune({
    ...{ pruneCandidates: [live], observationComplete: true, desired: 1, live: 10 },
    ...{ prune: true, allowEmpty: false, budget: undefined, claimedBy: () => undefined },
  });
  const [decision] = decisions;
  if (decision?.verb !== "Delete") throw new Error(`no permit: ${JSON.stringify(decision)}`);
  return decision.permit;
}
