import { expect } from "chai";
import { ANNOTATION_IDENTITY, LABEL_APP } from "../../../src/api/group.js";
import type { RawObject } from "../../../src/kube/object.js";
import type { TestObject } from "../../support/kube.js";
import { configMap, World } from "../../support/world.js";
import { RecordingProxy } from "./recording-proxy.js";

describe("An object is the app's only if it says so itself, and is deleted only as it was judged", function () {
  this.timeout(120_000);
  let world: World;
  let proxy: RecordingProxy;
  before(async () => {
    world = await World.create("owner", { withoutOperator: true });
    proxy = await RecordingProxy.start(world.controlPlane);
    await world.startOperator({ kubeconfigPath: proxy.kubeconfigPath });
  });
  after(async () => {
    await world?.remove();
    await proxy?.stop();
  });

  const pathOf = (name: string): string => `/api/v1/namespaces/${world.namespace}/configmaps/${name}`;

  it("keeps a copy with its labels, annotations and managed fields under another name", async () => {
    const repo = await world.repository("copied", { "x.yaml": configMap("original", { a: "one" }) });
    await world.app("copied", "copied", ".");
    await world.synced("copied", await repo.head());
    const original = await world.kube.get(world.configMap("original"));
    const { labels, annotations, managedFields } = original?.metadata ?? {};
    const metadata = { name: "copy", namespace: world.namespace, labels, annotations };
    await world.kube.create({ ...(original as unknown as TestObject), metadata });
    const copy = await world.kube.patch(
      world.configMap("copy"),
      [{ op: "replace", path: "/metadata/managedFields", value: managedFields }],
      { type: "json" },
    );
    expect(copy.metadata.labels).to.have.property(LABEL_APP, "copied");
    await repo.commit({ "y.yaml": configMap("next", { a: "one" }) }, "a sync with a prune");
    await world.poll("copied");
    await world.synced("copied", await repo.head());
    await repo.commit({ "x.yaml": null, "z.yaml": configMap("last", { a: "one" }) }, "the original leaves");
    await world.poll("copied");
    await world.kube.untilGone(world.configMap("original"));
    await world.synced("copied", await repo.head());
    const after = await world.kube.get(world.configMap("copy"));
    expect(after?.metadata.resourceVersion).to.equal(copy.metadata.resourceVersion);
    expect(proxy.requests.filter(({ path }) => path === pathOf("copy"))).to.deep.equal([]);
  });

  it("does not take an object with forged labels for its own, even with its field manager", async () => {
    const repo = await world.repository("victim", { "x.yaml": configMap("prey", { a: "one" }) });
    const app = await world.app("victim", "victim", ".");
    await world.synced("victim", await repo.head());
    const live = (await world.kube.get(world.configMap("prey"))) as RawObject;
    const { namespace } = world;
    const key = (name: string): string => `${app.metadata.uid}//ConfigMap/${namespace}/${name}`;
    const sealed = live.metadata.annotations?.[ANNOTATION_IDENTITY] ?? "";
    expect(sealed).to.match(new RegExp(`^${key("prey")}#[0-9a-f]{16}$`));
    const forged = [key("bait-0"), `${key("bait-1")}#${"0".repeat(16)}`, `${key("bait-2")}#${sealed.slice(-16)}`];
    for (const [index, mark] of forged.entries()) {
      const annotations = { ...live.metadata.annotations, [ANNOTATION_IDENTITY]: mark };
      const metadata = { name: `bait-${index}`, namespace, labels: live.metadata.labels, annotations };
      const object = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { a: "one" } };
      await world.kube.apply(object as unknown as TestObject, `overseer:${namespace}/victim`);
    }
    await repo.commit({ "x.yaml": null, "y.yaml": configMap("successor", { a: "one" }) }, "the prey leaves");
    await world.poll("victim");
    await world.synced("victim", await repo.head());
    await world.kube.untilGone(world.configMap("prey"));
    const summary = (await world.changes("victim")).at(-1)?.status?.summary;
    expect(summary, "nothing else was planned").to.equal("+1 ~0 -1");
    await world.kube.delete(world.appRef("victim"));
    await world.kube.untilGone(world.appRef("victim"));
    for (const index of forged.keys())
      expect(await world.kube.get(world.configMap(`bait-${index}`)), `bait-${index}`).to.not.equal(undefined);
  });

  it("adopts what is in Git and keeps what is not, after the key of signatures was lost", async () => {
    const files = { "x.yaml": configMap("kept", { a: "one" }), "y.yaml": configMap("left", { a: "one" }) };
    const repo = await world.repository("keyless", files);
    await world.app("keyless", "keyless", ".");
    await world.synced("keyless", await repo.head());
    const sealOf = async (): Promise<string | undefined> =>
      (await world.kube.get(world.configMap("kept")))?.metadata.annotations?.[ANNOTATION_IDENTITY];
    const before = await sealOf();
    await world.operator.stop();
    await world.kube.delete({
      apiVersion: "v1",
      kind: "Secret",
      namespace: "overseer-system",
      name: "overseer-gitops-keys",
    });
    await repo.commit({ "y.yaml": null }, "it leaves");
    await world.operator.start({ kubeconfigPath: proxy.kubeconfigPath });
    await world.synced("keyless", await repo.head(), 60_000);
    expect(await sealOf()).to.not.equal(before);
    const plan = (await world.changes("keyless")).at(-1)?.status?.plan ?? [];
    expect(plan.map(({ verb }) => verb)).to.deep.equal(["Adopt"]);
    expect((await world.kube.get(world.configMap("left")))?.data).to.deep.equal({ a: "one" });
    await world.kube.patch(world.configMap("kept"), { data: { a: "drift" } }, { manager: "thief" });
    await world.kube.until(world.configMap("kept"), "is put back", ({ data }) => (data as { a: string }).a === "one");
  });

  it("judges an object anew that changed while its deletion was on its way", async () => {
    const repo = await world.repository("race", {
      "x.yaml": configMap("racer", { a: "one" }),
      "y.yaml": configMap("stays", { a: "one" }),
    });
    await world.app("race", "race", ".", { sync: { retry: { base: "1s" } } });
    await world.synced("race", await repo.head());
    const { reached, release } = proxy.hold("DELETE", pathOf("racer"));
    await repo.commit({ "x.yaml": null }, "the racer leaves");
    await world.poll("race");
    await reached;
    await world.kube.patch(world.configMap("racer"), {
      metadata: { annotations: { "gitops.overseer.io/prune": "disabled" } },
    });
    release();
    await world.synced("race", await repo.head());
    const kept = await world.kube.get<RawObject>(world.configMap("racer"));
    expect(kept?.metadata.deletionTimestamp).to.equal(undefined);
    expect(kept?.data).to.deep.equal({ a: "one" });
    expect(proxy.requests.filter(({ method, path }) => method === "DELETE" && path === pathOf("racer"))).to.have.length(
      1,
    );
  });

  it("does not delete an object that was created again during the deletion", async () => {
    const repo = await world.repository("anew", {
      "x.yaml": configMap("reborn", { a: "one" }),
      "y.yaml": configMap("here", { a: "one" }),
    });
    await world.app("anew", "anew", ".", { sync: { retry: { base: "1s" } } });
    await world.synced("anew", await repo.head());
    const { reached, release } = proxy.hold("DELETE", pathOf("reborn"));
    await repo.commit({ "x.yaml": null }, "it leaves");
    await world.poll("anew");
    await reached;
    await world.kube.delete(world.configMap("reborn"));
    const reborn = await world.kube.create({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "reborn", namespace: world.namespace },
      data: { a: "mine" },
    });
    release();
    await world.synced("anew", await repo.head());
    expect((await world.kube.get(world.configMap("reborn")))?.metadata.uid).to.equal(reborn.metadata.uid);
  });
});
