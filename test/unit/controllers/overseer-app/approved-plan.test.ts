import { expect } from "chai";
import type { ObjectKey } from "../../../../src/manifest/object-id.js";
import { Heart } from "../support/heart.js";

const map = (name: string, v: string, namespace?: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}${namespace === undefined ? "" : `, namespace: ${namespace}`} }\ndata: { v: "${v}" }\n`;
const A: ObjectKey = "/ConfigMap/shop/a";

/** The app `web`, which has applied the ConfigMaps a and b, with a Change for these files that waits for an approval. */
async function waiting(files: Readonly<Record<string, string>>): Promise<Heart> {
  const heart = new Heart();
  heart.commit({ "a.yaml": map("a", "1"), "b.yaml": map("b", "1") });
  heart.apply("web");
  heart.start();
  await heart.settle(["web"]);
  heart.environment("prod", { namespaces: [{ name: "shop" }], gates: { approval: {} } });
  heart.commit(files);
  await heart.settle(["web"]);
  expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded", "web-2 Waiting"]);
  return heart;
}

const verbs = (heart: Heart, change: string): readonly string[] | undefined =>
  heart.change(change)?.status?.plan?.map(({ verb, object }) => `${verb} ${object}`);

describe("a Change whose plan was approved", () => {
  it("does not re-create what it was to update: another Change asks for that", async () => {
    const heart = await waiting({ "a.yaml": map("a", "2"), "b.yaml": map("b", "2") });
    heart.destination.faults.write = ({ id }) => (id.name === "a" ? { message: "busy", retryable: true } : undefined);
    heart.approve("web-2", "alice");
    await heart.settle(["web"]);
    expect(heart.objects()).to.deep.equal([
      'ConfigMap shop/a {"v":"1"} of shop/web',
      'ConfigMap shop/b {"v":"2"} of shop/web',
    ]);
    heart.destination.faults = { recreates: ({ id }) => id.name === "a" };
    await heart.settle(["web"], 600_000);
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded", "web-2 Superseded", "web-3 Waiting"]);
    expect(heart.message("web-2")).to.equal(
      "its approved plan does not name what it would do now: Recreate ConfigMap shop/a; another Change asks for that",
    );
    expect(verbs(heart, "web-3")).to.deep.equal(["Recreate ConfigMap shop/a"]);
    expect(heart.objects()).to.include('ConfigMap shop/a {"v":"1"} of shop/web');
    heart.start();
    await heart.settle(["web"], 600_000);
    expect(heart.changes("web"), "after a restart").to.include("web-3 Waiting");
    heart.approve("web-3", "alice");
    await heart.settle(["web"], 600_000);
    expect(heart.objects()).to.include('ConfigMap shop/a {"v":"2"} of shop/web');
    expect(heart.changes("web")).to.include("web-3 Succeeded");
  });

  it("does not re-create it either if the operator is killed before that Change has replaced it", async () => {
    const heart = await waiting({ "a.yaml": map("a", "2"), "b.yaml": map("b", "2") });
    heart.destination.faults.write = ({ id }) => (id.name === "a" ? { message: "busy", retryable: true } : undefined);
    heart.approve("web-2", "alice");
    await heart.settle(["web"]);
    heart.destination.faults = { recreates: ({ id }) => id.name === "a" };
    heart.start((point) => {
      if (point === "app:after-change-created") throw new Error("killed");
    });
    const killed = await heart.settle(["web"], 600_000).catch((error: unknown) => error);
    expect(killed).to.be.instanceOf(Error).with.property("message", "killed");
    expect(heart.changes("web")).to.include("web-2 Applying").and.have.length(3);
    heart.start();
    await heart.settle(["web"], 600_000);
    const ends = ["web-1 Succeeded", "web-2 Superseded", "web-3 Superseded", "web-4 Waiting"];
    expect(heart.changes("web"), "the Change that has begun counts until it has ended").to.deep.equal(ends);
    expect(verbs(heart, "web-4")).to.deep.equal(["Recreate ConfigMap shop/a"]);
    expect(heart.objects()).to.include('ConfigMap shop/a {"v":"1"} of shop/web');
  });

  it("does not adopt what it was to create, when that can be checked only after other writes", async () => {
    const namespace = "apiVersion: v1\nkind: Namespace\nmetadata: { name: data }\n";
    const heart = await waiting({
      ...{ "a.yaml": map("a", "1"), "b.yaml": map("b", "1") },
      ...{ "ns.yaml": namespace, "c.yaml": map("c", "2", "data") },
    });
    expect(verbs(heart, "web-2")).to.deep.equal(["Create Namespace data", "Create ConfigMap data/c"]);
    const [template] = heart.destination.objects.values();
    if (template === undefined) throw new Error("there is no object");
    const id = { ...template.id, namespace: "data", name: "c" };
    const foreign = { ...template, id, uid: "foreign", owner: undefined, hash: undefined };
    heart.destination.objects.set("/ConfigMap/data/c", foreign);
    heart.approve("web-2", "alice");
    await heart.settle(["web"], 600_000);
    expect(heart.destination.objects.get("/ConfigMap/data/c")?.owner).to.equal(undefined);
    expect(heart.changes("web")).to.include.members(["web-2 Superseded", "web-3 Waiting"]);
    expect(verbs(heart, "web-3")).to.deep.equal(["Adopt ConfigMap data/c"]);
    heart.approve("web-3", "alice");
    await heart.settle(["web"], 600_000);
    expect(heart.destination.objects.get("/ConfigMap/data/c")?.owner).to.equal("shop/web");
  });
});

describe("a Change that waits at a gate", () => {
  it("is not previewed again when only the health of objects changes", async () => {
    const heart = await waiting({ "a.yaml": map("a", "2"), "b.yaml": map("b", "2") });
    const before = heart.destination.previewed;
    for (const status of ["Progressing", "Healthy", "Degraded"] as const) {
      heart.destination.edit("/ConfigMap/shop/b", { health: { status } });
      await heart.settle(["web"]);
    }
    expect(heart.destination.previewed).to.equal(before);
    heart.clock.advance(301_000);
    await heart.settle(["web"]);
    expect(heart.destination.previewed, "after five minutes").to.equal(before + 2);
    heart.commit({ "a.yaml": map("a", "3"), "b.yaml": map("b", "2") });
    await heart.settle(["web"]);
    expect(heart.destination.previewed, "at another commit").to.equal(before + 4);
  });

  it("is previewed again before its first write: what the preview has shown may be wrong by then", async () => {
    const heart = await waiting({ "a.yaml": map("a", "2"), "b.yaml": map("b", "2") });
    heart.destination.faults.recreates = ({ id }) => id.name === "a";
    heart.approve("web-2", "alice");
    await heart.settle(["web"]);
    expect(heart.destination.objects.get(A)?.object.data).to.deep.equal({ v: "1" });
    expect(heart.changes("web")).to.include("web-2 Waiting");
    expect(verbs(heart, "web-2")).to.include("Recreate ConfigMap shop/a");
    expect(heart.change("web-2")?.status?.approvals?.map(({ state }) => state)).to.deep.equal(["Stale"]);
  });
});
