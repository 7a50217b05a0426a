import { expect } from "chai";
import type { Document } from "../../../../src/manifest/document.js";
import { Heart } from "../support/heart.js";

const map = (name: string, v: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { v: "${v}" }\n`;
const object = (name: string, v: string, owner = "shop/web"): string =>
  `ConfigMap shop/${name} {"v":"${v}"} of ${owner}`;
const key = (name: string): string => `/ConfigMap/shop/${name}`;

describe("the reconciler of apps, in memory", () => {
  let heart: Heart;
  beforeEach(async () => {
    heart = new Heart();
    heart.start();
    heart.commit({ "a.yaml": map("a", "1"), "b.yaml": map("b", "1") });
    heart.apply("web");
    await heart.settle(["web"]);
  });

  it("applies the objects of the first commit, and comes to rest", async () => {
    expect(heart.objects()).to.deep.equal([object("a", "1"), object("b", "1")]);
    expect(heart.conditions("web")).to.include.members(["Ready=True/Synced", "Synced=True/Applied"]);
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded"]);
    const writes = heart.api.writes;
    await heart.reconcile("web");
    expect([heart.api.writes, heart.destination.log.length], "nothing more is written").to.deep.equal([writes, 2]);
  });

  it("writes only what changed, and deletes what left Git", async () => {
    heart.commit({ "a.yaml": map("a", "2"), "c.yaml": map("c", "1") });
    await heart.settle(["web"]);
    expect(heart.destination.log.slice(2)).to.have.members([
      "Update ConfigMap shop/a",
      "Create ConfigMap shop/c",
      "Delete ConfigMap shop/b",
    ]);
    expect(heart.destination.log.at(-1), "deletions come last").to.equal("Delete ConfigMap shop/b");
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded", "web-2 Succeeded"]);
  });

  it("makes no Change for a commit that does not concern the app", async () => {
    heart.apply("web", { source: { repositoryRef: { name: "repo" }, path: "web" } });
    heart.commit({ "web/a.yaml": map("a", "1"), "web/b.yaml": map("b", "1") });
    await heart.settle(["web"]);
    const before = heart.changes("web");
    heart.commit({ "web/a.yaml": map("a", "1"), "web/b.yaml": map("b", "1"), "other/x.yaml": map("x", "1") });
    await heart.settle(["web"]);
    expect(heart.changes("web")).to.deep.equal(before);
  });

  it("writes nothing if one document is refused, and tries again with increasing delays", async () => {
    const refuse = (retryable: boolean) => (document: Document) =>
      document.id.name === "bad" ? { message: "no room", retryable } : undefined;
    heart.destination.faults.preview = refuse(true);
    heart.commit({ "a.yaml": map("a", "2"), "b.yaml": map("b", "1"), "bad.yaml": map("bad", "1") });
    const first = (await heart.reconcile("web")) ?? 0;
    expect(heart.objects(), "nothing is written").to.deep.equal([object("a", "1"), object("b", "1")]);
    expect(heart.conditions("web")).to.include("Ready=False/ApplyRefused");
    heart.clock.advance(first);
    const second = (await heart.reconcile("web")) ?? 0;
    expect(second).to.be.greaterThan(first * 1.2);
    heart.destination.faults = {};
    await heart.settle(["web"], 600_000);
    expect(heart.objects()).to.include(object("bad", "1"));
    expect(heart.conditions("web")).to.include("Ready=True/Synced");
  });

  it("does not try a refusal again that only another commit can lift", async () => {
    heart.destination.faults.preview = ({ id }) =>
      id.name === "bad" ? { message: "data: expected text", retryable: false, ofDocument: true } : undefined;
    heart.commit({ "a.yaml": map("a", "2"), "b.yaml": map("b", "1"), "bad.yaml": map("bad", "1") });
    await heart.settle(["web"], 3_600_000);
    expect(heart.conditions("web")).to.include("Stalled=True/ApplyRefused");
    expect(await heart.reconcile("web"), "no retry is scheduled").to.equal(undefined);
    heart.destination.faults = {};
    heart.commit({ "a.yaml": map("a", "2"), "b.yaml": map("b", "1") });
    await heart.settle(["web"]);
    expect(heart.objects()).to.deep.equal([object("a", "2"), object("b", "1")]);
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded", "web-2 Superseded", "web-3 Succeeded"]);
  });

  it("goes on after a failed write, and a newer commit supersedes it", async () => {
    heart.destination.faults.write = ({ id }) =>
      id.name === "b" ? { message: "the server does not respond", retryable: true } : undefined;
    heart.commit({ "a.yaml": map("a", "2"), "b.yaml": map("b", "2") });
    await heart.settle(["web"]);
    expect(heart.objects(), "the other write is made").to.deep.equal([object("a", "2"), object("b", "1")]);
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded", "web-2 Applying"]);
    expect(heart.conditions("web")).to.include("Ready=False/ApplyFailed");
    heart.destination.faults = {};
    heart.commit({ "a.yaml": map("a", "3"), "b.yaml": map("b", "3") });
    await heart.settle(["web"]);
    expect(heart.objects()).to.deep.equal([object("a", "3"), object("b", "3")]);
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded", "web-2 Superseded", "web-3 Succeeded"]);
  });

  it("is not healthy until its objects are, and fails when they take too long", async () => {
    heart.commit({ "a.yaml": map("a", "2"), "b.yaml": map("b", "1") });
    heart.destination.edit(key("a"), { health: { status: "Progressing", message: "0 of 1 ready" } });
    await heart.settle(["web"]);
    expect(heart.changes("web").at(-1)).to.equal("web-2 Verifying");
    await heart.settle(["web"], 3_600_000);
    expect(heart.changes("web").at(-1)).to.equal("web-2 Failed");
    heart.destination.edit(key("a"), { health: { status: "Healthy" } });
    await heart.settle(["web"]);
    expect(heart.conditions("web")).to.include("Ready=True/Synced");
  });

  it("reverts drift to the applied inputs, also while newer ones are refused", async () => {
    heart.destination.faults.preview = ({ id }) => (id.name === "bad" ? { message: "no", retryable: true } : undefined);
    heart.commit({ "a.yaml": map("a", "2"), "b.yaml": map("b", "2"), "bad.yaml": map("bad", "1") });
    await heart.settle(["web"]);
    const changed = heart.destination.objects.get(key("a"))?.object;
    heart.destination.edit(key("a"), { object: { ...changed, data: { v: "9" } } as NonNullable<typeof changed> });
    await heart.settle(["web"]);
    expect(heart.destination.log.at(-1)).to.equal("Heal ConfigMap shop/a");
    expect(heart.objects()).to.deep.equal([object("a", "1"), object("b", "1")]);
  });

  it("reports drift without self-heal, and restores a deleted object with it", async () => {
    heart.destination.objects.delete(key("b"));
    await heart.settle(["web"]);
    expect(heart.objects()).to.deep.equal([object("a", "1"), object("b", "1")]);
    heart.apply("web", { sync: { selfHeal: false } });
    await heart.settle(["web"]);
    const changed = heart.destination.objects.get(key("a"))?.object;
    heart.destination.edit(key("a"), { object: { ...changed, data: { v: "9" } } as NonNullable<typeof changed> });
    await heart.settle(["web"]);
    expect(heart.objects()).to.include(object("a", "9"));
    expect(heart.conditions("web").some((text) => text.startsWith("Drifted=True"))).to.equal(true);
  });

  for (const [what, files, spec, faults, reason] of [
    ["an empty source", { "README.md": "x" }, {}, {}, "PruneRefused"],
    ["kinds that cannot be listed", { "a.yaml": map("a", "1") }, {}, { incomplete: "forbidden" }, "PruneRefused"],
    ["prune: false", { "a.yaml": map("a", "1") }, { sync: { prune: false } }, {}, undefined],
  ] as const) {
    it(`deletes nothing with ${what}`, async () => {
      heart.apply("web", spec);
      heart.destination.faults = faults;
      heart.commit(files);
      await heart.settle(["web"]);
      expect(heart.objects()).to.include.members([object("a", "1"), object("b", "1")]);
      if (reason !== undefined) expect(heart.conditions("web")).to.include(`Ready=False/${reason}`);
      else expect(heart.conditions("web")).to.include("Ready=True/Synced");
    });
  }

  it("waits for a confirmation before it deletes more than the budget", async () => {
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`${at}.yaml`, map(`m${at}`, "1")]));
    heart.commit(many);
    await heart.settle(["web"]);
    heart.commit({ "0.yaml": map("m0", "2") });
    await heart.settle(["web"]);
    expect(heart.objects(), "nothing of the Change is applied").to.have.length(12).and.include(object("m0", "1"));
    expect(heart.conditions("web").some((text) => text.startsWith("Waiting=True"))).to.equal(true);
    heart.apply("web", { sync: { pruneBudget: "100%" } });
    await heart.settle(["web"]);
    expect(heart.objects()).to.deep.equal([object("m0", "2")]);
  });

  it("leaves objects of nobody and of other apps alone, and transfers what moves between apps", async () => {
    const own = { source: { repositoryRef: { name: "repo" }, path: "web" } };
    const other = { source: { repositoryRef: { name: "repo" }, path: "other" } };
    heart.apply("web", own);
    heart.commit({ "web/a.yaml": map("a", "1"), "web/b.yaml": map("b", "1"), "other/x.yaml": map("x", "1") });
    heart.apply("other", other);
    await heart.settle(["web", "other"], 60_000);
    const { uid } = heart.destination.objects.get(key("b")) ?? {};
    heart.commit({ "web/a.yaml": map("a", "1"), "other/x.yaml": map("x", "1"), "other/b.yaml": map("b", "1") });
    await heart.settle(["web", "other"], 60_000);
    expect(heart.objects()).to.deep.equal([
      object("a", "1"),
      object("b", "1", "shop/other"),
      object("x", "1", "shop/other"),
    ]);
    expect(heart.destination.objects.get(key("b"))?.uid, "not deleted and created again").to.equal(uid);
  });

  it("remembers a kind that is not served, whose objects may exist, and deletes them when they are seen again", async () => {
    const thing = "apiVersion: api.example.com/v1\nkind: Thing\nmetadata: { name: t }\n";
    heart.commit({ "a.yaml": map("a", "1"), "t.yaml": thing });
    await heart.settle(["web"]);
    const found = [...heart.destination.objects].find(([, { id }]) => id.kind === "Thing");
    if (found === undefined) throw new Error("there is no Thing");
    heart.destination.objects.delete(found[0]);
    heart.commit({ "a.yaml": map("a", "1") });
    await heart.settle(["web"]);
    expect(heart.app("web")?.status?.kinds).to.deep.equal(["v1./ConfigMap", "v1.api.example.com/Thing"]);
    heart.destination.objects.set(...found);
    await heart.settle(["web"]);
    expect(heart.objects()).to.deep.equal([object("a", "1")]);
  });

  it("deletes its objects before it goes, or leaves them with the policy Orphan", async () => {
    heart.deleteApp("web");
    await heart.settle(["web"], 60_000);
    expect([heart.app("web"), heart.objects()]).to.deep.equal([undefined, []]);
    heart.apply("web", { deletionPolicy: "Orphan" });
    await heart.settle(["web"]);
    heart.deleteApp("web");
    await heart.settle(["web"], 60_000);
    expect(heart.app("web")).to.equal(undefined);
    expect(heart.objects()).to.deep.equal([object("a", "1"), object("b", "1")]);
  });
});
