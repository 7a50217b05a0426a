import { expect } from "chai";
import type { Heart } from "../../support/heart.js";
import { valueMap as map, syncedHeart } from "../../support/synced-heart.js";

const KEY = "/ConfigMap/shop/a";
const PROGRESSING = "Ready=Unknown/Progressing";
const APPLYING = "Ready=Unknown/Applying";

describe("the status between applying and healthy", () => {
  let heart: Heart;
  beforeEach(async () => {
    heart = await syncedHeart();
    heart.commit({ "a.yaml": map("2") });
    heart.destination.edit(KEY, { health: { status: "Progressing", message: "0 of 1 ready" } });
  });

  it("is written at once if no other app waits for a worker", async () => {
    await heart.reconcile("web");
    expect(heart.conditions("web")).to.include(PROGRESSING);
  });

  it("is not written while other apps wait, and the app becomes Ready by one write less", async () => {
    heart.busy = true;
    expect(await heart.reconcile("web"), "the next reconcile is due").to.be.at.most(5_000);
    expect(heart.conditions("web")).to.include(APPLYING).and.include("Reconciling=True/Applying");
    const writes = heart.api.writes;
    await heart.reconcile("web");
    expect(heart.api.writes, "nothing is written while nothing changes").to.equal(writes);
    heart.destination.edit(KEY, { health: { status: "Healthy" } });
    await heart.settle(["web"]);
    expect(heart.conditions("web")).to.include("Ready=True/Synced");
    expect(heart.changes("web").at(-1)).to.equal("web-2 Succeeded");
  });

  it("is written after ten seconds, however busy the operator is", async () => {
    heart.busy = true;
    await heart.settle(["web"], 9_000);
    expect(heart.conditions("web")).to.include(APPLYING);
    await heart.settle(["web"], 6_000);
    expect(heart.conditions("web")).to.include(PROGRESSING);
  });

  it("is written by the next process", async () => {
    heart.busy = true;
    await heart.reconcile("web");
    heart.busy = false;
    heart.start();
    await heart.settle(["web"]);
    expect(heart.conditions("web")).to.include(PROGRESSING);
  });

  it("is written at once if an object fails, or a user requests a reconcile", async () => {
    heart.busy = true;
    await heart.reconcile("web");
    heart.annotate("web", { "gitops.overseer.io/reconcile-at": "now" });
    await heart.reconcile("web");
    expect(heart.app("web")?.status?.lastHandledReconcileAt).to.equal("now");
    heart.destination.edit(KEY, { health: { status: "Degraded", message: "crashed" } });
    await heart.reconcile("web");
    expect(heart.conditions("web")).to.include("Ready=False/Degraded");
  });
});
