import { expect } from "chai";
import { Heart } from "../support/heart.js";

const map = (name: string, v = "1"): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { v: "${v}" }\n`;
const at = (path: string): Record<string, unknown> => ({ source: { repositoryRef: { name: "repo" }, path } });
const ASKING = { namespaces: [{ name: "shop" }], gates: { approval: {} } };
const KEY = "/ConfigMap/shop/x";

/** The apps `a` and `b`, which have applied these files, and from now on need an approval for each Change. */
async function gated(files: Readonly<Record<string, string>>): Promise<Heart> {
  const heart = new Heart();
  heart.commit(files);
  heart.apply("a", at("a"));
  heart.apply("b", at("b"));
  heart.start();
  await heart.settle(["a", "b"]);
  heart.environment("prod", ASKING);
  return heart;
}

const own = { "a/own.yaml": map("of-a"), "b/own.yaml": map("of-b") };
const moves = (heart: Heart): readonly string[] =>
  heart.destination.log.filter((line) => /^(Transfer|Delete)/.test(line));

describe("an object that moves to another app while gates are closed", () => {
  it("stays with its app, which reverts its drift, until the Change of that app has passed its gates", async () => {
    const heart = await gated({ ...own, "a/x.yaml": map("x") });
    heart.commit({ ...own, "b/x.yaml": map("x", "2") });
    await heart.settle(["a", "b"]);
    expect(heart.changes("a")).to.include("a-2 Waiting");
    expect(heart.changes("b"), "both are decided about at once").to.include("b-2 Waiting");
    expect(heart.change("a-2")?.status?.plan).to.deep.include({
      ...{ verb: "HandOver", object: "ConfigMap shop/x", apiVersion: "v1" },
      reason: "ownership transferred to OverseerApp shop/b",
    });
    heart.approve("b-2", "alice");
    await heart.settle(["a", "b"], 60_000);
    expect(heart.message("b-2")).to.contain("handed over as soon as the Change of that app has passed its gates");
    heart.destination.edit(KEY, {
      object: { ...heart.destination.objects.get(KEY)?.object, data: { v: "9" } } as never,
    });
    await heart.settle(["a", "b"], 60_000);
    expect(heart.objects(), "reverted").to.include('ConfigMap shop/x {"v":"1"} of shop/a');
    heart.destination.objects.delete(KEY);
    await heart.settle(["a", "b"], 60_000);
    expect(heart.objects(), "re-created").to.include('ConfigMap shop/x {"v":"1"} of shop/a');
    expect(moves(heart)).to.deep.equal([]);
    heart.approve("a-2", "alice");
    await heart.settle(["a", "b"], 60_000);
    expect(heart.objects()).to.include('ConfigMap shop/x {"v":"2"} of shop/b');
    expect(moves(heart)).to.deep.equal(["Transfer ConfigMap shop/x"]);
    expect([...heart.changes("a"), ...heart.changes("b")]).to.include.members(["a-2 Succeeded", "b-2 Succeeded"]);
  });

  it("is handed over to an app that the own one depends on, which could not become Ready without it", async () => {
    const heart = new Heart();
    heart.commit({ ...own, "a/x.yaml": map("x") });
    heart.apply("a", { ...at("a"), dependsOn: [{ name: "b", sameRevision: true }] });
    heart.apply("b", at("b"));
    heart.start();
    await heart.settle(["a", "b"], 60_000);
    heart.commit({ ...own, "b/x.yaml": map("x", "2"), "a/own.yaml": map("of-a", "2") });
    await heart.settle(["b", "a"], 600_000);
    expect(moves(heart)).to.deep.equal(["Transfer ConfigMap shop/x"]);
    expect(heart.objects()).to.include.members([
      'ConfigMap shop/of-a {"v":"2"} of shop/a',
      'ConfigMap shop/x {"v":"2"} of shop/b',
    ]);
  });

  it("is handed over by an app without gates whose deletions are refused", async () => {
    const heart = new Heart();
    heart.commit({ "a/x.yaml": map("x"), "a/gone.yaml": map("gone"), "b/own.yaml": map("of-b") });
    heart.apply("a", at("a"));
    heart.apply("b", at("b"));
    heart.start();
    await heart.settle(["a", "b"]);
    heart.commit({ "a/README.md": "moved", "b/own.yaml": map("of-b"), "b/x.yaml": map("x") });
    await heart.settle(["a", "b"], 60_000);
    expect(heart.conditions("a")).to.include("Synced=False/PruneRefused");
    expect(moves(heart)).to.deep.equal(["Transfer ConfigMap shop/x"]);
    expect(heart.objects()).to.include('ConfigMap shop/gone {"v":"1"} of shop/a');
  });

  it("stays with its app if the Change of that app is rejected", async () => {
    const heart = await gated({ ...own, "a/x.yaml": map("x") });
    heart.commit({ ...own, "b/x.yaml": map("x") });
    await heart.settle(["a", "b"]);
    heart.approve("a-2", "alice", "Reject");
    heart.approve("b-2", "alice");
    await heart.settle(["a", "b"], 600_000);
    expect(moves(heart)).to.deep.equal([]);
    heart.destination.edit(KEY, {
      object: { ...heart.destination.objects.get(KEY)?.object, data: { v: "9" } } as never,
    });
    await heart.settle(["a", "b"]);
    expect(heart.objects(), "reverted").to.include('ConfigMap shop/x {"v":"1"} of shop/a');
  });

  it("is exchanged for another one once both Changes are approved, in either order", async () => {
    const heart = await gated({ "a/x.yaml": map("x"), "b/z.yaml": map("z") });
    heart.commit({ "a/z.yaml": map("z", "2"), "b/x.yaml": map("x", "2") });
    await heart.settle(["a", "b"], 60_000);
    expect([...heart.changes("a"), ...heart.changes("b")]).to.include.members(["a-2 Waiting", "b-2 Waiting"]);
    heart.approve("b-2", "alice");
    await heart.settle(["a", "b"], 600_000);
    expect(moves(heart), "the approved Change gives what it has to give").to.deep.equal(["Transfer ConfigMap shop/z"]);
    expect(heart.changes("a"), "what has been given does not change the plan").to.include("a-2 Waiting");
    const hash = heart.change("a-2")?.status?.planHash;
    heart.approve("a-2", "alice", "Approve", hash);
    await heart.settle(["a", "b"], 600_000);
    expect(heart.objects()).to.deep.equal([
      'ConfigMap shop/x {"v":"2"} of shop/b',
      'ConfigMap shop/z {"v":"2"} of shop/a',
    ]);
    expect(moves(heart)).to.deep.equal(["Transfer ConfigMap shop/z", "Transfer ConfigMap shop/x"]);
  });

  it("keeps an approval that was given before the object was handed over", async () => {
    const heart = await gated({ "a/x.yaml": map("x"), "b/z.yaml": map("z") });
    heart.commit({ "a/z.yaml": map("z", "2"), "b/x.yaml": map("x", "2") });
    await heart.settle(["a", "b"], 60_000);
    const before = heart.change("a-2")?.status?.planHash;
    heart.approve("b-2", "alice");
    await heart.settle(["a", "b"], 600_000);
    expect(heart.change("a-2")?.status?.planHash).to.equal(before);
  });

  it("is not transferred by a Change that has begun, if its approved plan keeps it", async () => {
    const keep = { ...at("a"), sync: { prune: false } };
    const heart = await gated({ ...own, "a/x.yaml": map("x") });
    heart.apply("a", keep);
    heart.commit({ ...own, "a/own.yaml": map("of-a", "2") });
    await heart.settle(["a", "b"]);
    const [open = ""] = heart.changes("a").filter((one) => one.endsWith("Waiting"));
    const name = open.split(" ")[0] ?? "";
    expect(heart.change(name)?.status?.plan?.map(({ verb }) => verb)).to.have.members(["Update", "Keep"]);
    heart.destination.faults.write = () => ({ message: "busy", retryable: true });
    heart.approve(name, "alice");
    await heart.settle(["a", "b"]);
    heart.apply("b", at("other"));
    heart.commit({ ...own, "a/own.yaml": map("of-a", "2"), "other/x.yaml": map("x") });
    await heart.settle(["b", "a"], 60_000);
    expect(moves(heart)).to.deep.equal([]);
    heart.destination.faults = {};
    await heart.settle(["b", "a"], 600_000);
    expect(moves(heart), "still").to.deep.equal([]);
    const asked =
      heart
        .changes("a")
        .find((one) => one.endsWith("Waiting"))
        ?.split(" ")[0] ?? "";
    expect(heart.change(asked)?.status?.plan?.map(({ verb, object }) => `${verb} ${object}`)).to.include(
      "HandOver ConfigMap shop/x",
    );
    heart.approve(asked, "alice");
    await heart.settle(["b", "a"], 600_000);
    expect(moves(heart)).to.deep.equal(["Transfer ConfigMap shop/x"]);
  });
});
