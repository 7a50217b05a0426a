import { expect } from "chai";
import { hashBody } from "../../../../src/manifest/to-document.js";
import { PlainRenderer } from "../../../../src/render/plain.js";
import { SourceRenderer } from "../../../../src/render/render.js";
import type { Renderer, RendererOutput } from "../../../../src/render/renderer.js";
import { inlineCache } from "../../render/support/harness.js";
import { Heart } from "../support/heart.js";
import { syncedHeart, valueMap } from "../support/synced-heart.js";

const KEY = "/ConfigMap/shop/a";
const ASKING = { namespaces: [{ name: "shop" }], gates: { approval: {} } };
const DEGRADED = { status: "Degraded", message: "crash" } as const;
const HEALTHY = { status: "Healthy" } as const;

/** A later version of the renderer. With `differs`, it makes other documents of the same files. */
function laterVersion(renderer: Renderer, differs: boolean): Renderer {
  return {
    kind: renderer.kind,
    version: renderer.version + 1,
    keepsResults: renderer.keepsResults,
    declare: (input, known) => renderer.declare(input, known),
    render: async (input) => {
      const output = await renderer.render(input);
      return differs ? { ...output, documents: output.documents.map(marked) } : output;
    },
  };
}

function marked(document: RendererOutput["documents"][number]): RendererOutput["documents"][number] {
  const object = { ...document.object, data: { ...(document.object.data as object), r: "later" } };
  return { ...document, object, bodyHash: hashBody(object) };
}

/** Replaces the process by one with a later version of the renderer. */
async function upgrade(heart: Heart, differs: boolean, names: readonly string[] = ["web"]): Promise<void> {
  heart.renderer = new SourceRenderer([laterVersion(new PlainRenderer(inlineCache().cache), differs)]);
  heart.start();
  await heart.settle(names);
}

function commit(heart: Heart, value: string): string {
  return heart.commit({ "a.yaml": valueMap(value) });
}

/** Values of the ConfigMap: `1`, or `1 later` from the later renderer. */
function values(heart: Heart): string[] {
  return heart.objects().map((text) => {
    const { v, r } = JSON.parse(/\{.*\}/.exec(text)?.[0] ?? "{}");
    return r === undefined ? v : `${v} ${r}`;
  });
}

/** Returns a heart whose second commit has failed, so that its app was rolled back to the first. */
async function rolledBack(): Promise<Heart> {
  const heart = await syncedHeart();
  heart.apply("web", { health: { rollbackOnFailure: true, timeout: "1m" } });
  await heart.settle(["web"]);
  commit(heart, "2");
  heart.destination.edit(KEY, { health: DEGRADED });
  await heart.settle(["web"], 120_000);
  heart.destination.edit(KEY, { health: HEALTHY });
  await heart.settle(["web"]);
  expect(values(heart)).to.deep.equal(["1"]);
  return heart;
}

describe("an upgrade with another version of a renderer", () => {
  for (const differs of [false, true]) {
    const what = differs ? "that makes other documents" : "that makes the same documents";

    describe(what, () => {
      it("keeps an automatic rollback, until a commit changes the app", async () => {
        const heart = await rolledBack();
        await upgrade(heart, differs);
        expect(heart.app("web")?.status?.pin?.change).to.equal("web-2");
        expect(values(heart)).to.deep.equal([differs ? "1 later" : "1"]);
        expect(heart.changes("web").slice(3)).to.deep.equal(differs ? ["web-4 Succeeded"] : []);
        if (differs) expect(heart.change("web-4")?.spec.cause).to.equal("Renderer");
        commit(heart, "3");
        await heart.settle(["web"]);
        expect(values(heart)[0]).to.match(/^3/);
        expect(heart.app("web")?.status).not.to.have.property("pin");
      });

      it("keeps the rejection of a plan", async () => {
        const heart = await syncedHeart();
        heart.environment("prod", ASKING);
        commit(heart, "2");
        await heart.settle(["web"]);
        heart.approve("web-2", "alice", "Reject");
        await heart.settle(["web"]);
        expect(heart.changes("web")).to.include("web-2 Rejected");
        await upgrade(heart, differs);
        expect(heart.changes("web").filter((change) => !change.startsWith("web-1 "))).to.deep.equal(["web-2 Rejected"]);
        expect(values(heart)).to.deep.equal(["1"]);
      });

      it("keeps a Change that waits for approvals, and counts those that fit the plan", async () => {
        const heart = await syncedHeart();
        heart.environment("prod", { ...ASKING, gates: { approval: { required: 2 } } });
        commit(heart, "2");
        await heart.settle(["web"]);
        heart.approve("web-2", "alice");
        await heart.settle(["web"]);
        await upgrade(heart, differs);
        expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded", "web-2 Waiting"]);
        const [state] = heart.change("web-2")?.status?.approvals ?? [];
        expect(state?.state).to.equal(differs ? "Stale" : "Counted");
        heart.approve("web-2", "bob");
        if (differs) heart.approve("web-2", "carol");
        await heart.settle(["web"]);
        expect(heart.changes("web")).to.include("web-2 Succeeded");
        expect(values(heart)).to.deep.equal([differs ? "2 later" : "2"]);
      });

      it("keeps the request of a user that waits during a freeze", async () => {
        const heart = await syncedHeart();
        heart.apply("web", { sync: { mode: "Manual" } });
        heart.environment("prod", { namespaces: [{ name: "shop" }], freeze: { reason: "fair" } });
        commit(heart, "2");
        heart.request("mine", "web");
        await heart.settle(["web"]);
        expect(heart.changes("web")).to.include("mine Waiting");
        await upgrade(heart, differs);
        expect(heart.changes("web")).to.include("mine Waiting");
        heart.environment("prod", { namespaces: [{ name: "shop" }] });
        await heart.settle(["web"]);
        expect(heart.changes("web")).to.include("mine Succeeded");
        expect(values(heart)[0]).to.match(/^2/);
      });

      it("keeps a Change whose health is awaited, and rolls back when it fails", async () => {
        const heart = await syncedHeart();
        heart.apply("web", { health: { rollbackOnFailure: true, timeout: "10m" } });
        await heart.settle(["web"]);
        commit(heart, "2");
        heart.destination.edit(KEY, { health: { status: "Progressing", message: "0 of 1" } });
        await heart.settle(["web"]);
        expect(heart.changes("web")).to.include("web-2 Verifying");
        heart.clock.advance(500_000);
        await upgrade(heart, differs);
        expect(heart.change("web-2")?.status?.summary).to.equal("+0 ~1 -0");
        await heart.settle(["web"], 300_000);
        expect(heart.changes("web"), "its time begins anew").to.include(differs ? "web-2 Verifying" : "web-2 Failed");
        await heart.settle(["web"], 700_000);
        heart.destination.edit(KEY, { health: HEALTHY });
        await heart.settle(["web"]);
        expect(heart.changes("web")).to.include("web-2 Failed");
        expect(values(heart)[0]).to.match(/^1/);
        expect(heart.app("web")?.status?.pin?.change).to.equal("web-2");
      });
    });
  }

  it("is a Change of cause Renderer, which is not asked for unless the Environment says so", async () => {
    const heart = await syncedHeart();
    heart.environment("prod", ASKING);
    await upgrade(heart, true);
    expect(heart.changes("web")).to.include("web-2 Succeeded");
    expect(heart.change("web-2")?.spec.cause).to.equal("Renderer");
  });

  it("finds inputs that an earlier version has recorded without the key that outlives it, and adds that", async () => {
    const heart = await syncedHeart();
    const app = heart.app("web");
    if (app?.status?.applied === undefined) throw new Error("nothing is applied");
    const { sourceKey, ...applied } = app.status.applied;
    heart.api.put("overseerapps", { ...app, status: { ...app.status, applied } });
    await heart.settle(["web"]);
    expect(sourceKey).to.be.a("string");
    expect(heart.app("web")?.status?.applied?.sourceKey).to.equal(sourceKey);
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded"]);
  });

  it("creates no object of another kind before its Change has passed the gates, also after a restart", async () => {
    const heart = await syncedHeart();
    heart.apply("web", { sync: { mode: "Manual" } });
    const plain = new PlainRenderer(inlineCache().cache);
    const object = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "new" } };
    const later = laterVersion(plain, false);
    const render: Renderer["render"] = async (input) => {
      const output = await plain.render(input);
      const more = output.documents.map((document) => ({ ...document, object, bodyHash: hashBody(object) }));
      return { ...output, documents: [...output.documents, ...more] };
    };
    heart.renderer = new SourceRenderer([{ ...later, render }]);
    for (const _ of [1, 2]) {
      heart.start();
      await heart.settle(["web"]);
      expect(heart.objects()).to.deep.equal(['ConfigMap shop/a {"v":"1"} of shop/web']);
    }
    heart.destination.objects.delete(KEY);
    await heart.settle(["web"]);
    expect(values(heart), "what was deleted is created again").to.deep.equal(["1"]);
    expect(heart.changes("web")).to.include("web-2 Waiting");
  });

  it("is not rolled back to what it makes of the same source", async () => {
    const heart = await syncedHeart();
    heart.apply("web", { health: { rollbackOnFailure: true, timeout: "1m" } });
    commit(heart, "2");
    await heart.settle(["web"]);
    heart.destination.edit(KEY, { health: DEGRADED });
    await upgrade(heart, true);
    await heart.settle(["web"], 120_000);
    expect(heart.changes("web")).to.include("web-3 Failed");
    expect(heart.app("web")?.status, "nor to an earlier commit").not.to.have.property("pin");
    expect(values(heart)).to.deep.equal(["2 later"]);
  });

  it("does not continue a Change that stopped half-way, until a user requests it", async () => {
    const heart = await syncedHeart();
    const job =
      "apiVersion: batch/v1\nkind: Job\nmetadata: { name: migrate, annotations: { gitops.overseer.io/hook: PreSync } }\nspec: { template: { spec: {} } }\n";
    heart.destination.faults.born = { status: "Degraded", message: "crash", ended: "Failed" };
    heart.commit({ "a.yaml": valueMap("2"), "job.yaml": job });
    await heart.settle(["web"], 60_000);
    expect(heart.changes("web")).to.include("web-2 Failed");
    heart.destination.faults.born = { status: "Healthy", ended: "Succeeded" };
    await upgrade(heart, true);
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded", "web-2 Failed"]);
    heart.request("again", "web");
    await heart.settle(["web"]);
    expect(values(heart)).to.include("2 later");
  });

  describe("where Environments promote", () => {
    const APPS = ["staging/web", "prod/web"];
    const SOAK = 600_000;
    const value = (heart: Heart): string | undefined => values(heart).find((_, index) => index === 0);

    async function promoting(promotion: object): Promise<Heart> {
      const heart = new Heart();
      heart.start();
      heart.environment("staging", { namespaces: [{ name: "staging" }] });
      heart.environment("prod", { namespaces: [{ name: "prod" }], promotesFrom: ["staging"], promotion });
      commit(heart, "1");
      const source = { repositoryRef: { name: "repo", namespace: "shop" } };
      for (const app of APPS) heart.apply(app, { source });
      return heart;
    }

    it("does not let a commit in that was rolled back here", async () => {
      const heart = await promoting({});
      await heart.settle(APPS);
      commit(heart, "2");
      await heart.settle(APPS);
      heart.rollBack("prod/back", "web", "web-1");
      await heart.settle(APPS);
      heart.request("prod/sync", "web");
      await heart.settle(APPS);
      await upgrade(heart, true, APPS);
      expect(value(heart), "in prod").to.match(/^1/);
      expect(heart.app("prod/web")?.status?.promotion?.waitingFor).to.match(/it was rolled back here at/);
    });

    it("keeps what a soak has counted, in the same entry of the ledger", async () => {
      const heart = await promoting({ soak: "10m" });
      await heart.settle(APPS, SOAK / 2);
      await upgrade(heart, false, APPS);
      expect(heart.app("staging/web")?.status?.ledger).to.have.length(1);
      await heart.settle(APPS, SOAK / 2 + 60_000);
      expect(heart.changes("prod/web")).to.deep.equal(["web-1 Succeeded"]);
    });

    it("is not an own change of the later Environment that a user is asked about", async () => {
      const heart = await promoting({ ownChanges: "Ask" });
      await heart.settle(APPS);
      await upgrade(heart, true, APPS);
      expect(values(heart)).to.deep.equal(["1 later", "1 later"]);
      expect(heart.changes("prod/web")).to.deep.equal(["web-1 Succeeded", "web-2 Succeeded"]);
    });
  });
});
