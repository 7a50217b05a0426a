import { expect } from "chai";
import { LABEL_APP } from "../../../src/api/group.js";
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

  it("leaves a copy alone that inherits labels, annotations and managed fields under another name", async () => {
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

  it("does not delete an object of the same name that was made anew while the deletion was on its way", async () => {
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
