import { expect } from "chai";
import { condition, type LiveApp, World } from "../../support/world.js";
import { ROWS } from "./rows.js";

describe(`Table E, ${ROWS.E13.text}`, function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("ending");
  });
  after(() => world?.remove());

  it("the app waits until it is gone, says so, and makes both again", async () => {
    const name = `${world.namespace}-shop`;
    const namespace = { apiVersion: "v1", kind: "Namespace", name };
    const held = { apiVersion: "v1", kind: "ConfigMap", namespace: name, name: "held" };
    const text = `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: inside, namespace: ${name} }\ndata: { a: one }\n`;
    const repo = await world.repository("ending", { "x.yaml": text });
    await world.app("ending", "ending", ".");
    await world.synced("ending", await repo.head());
    const before = await world.kube.get(namespace);
    const metadata = { namespace: name, name: "held", finalizers: ["fields.example.com/hold"] };
    await world.kube.create({ apiVersion: "v1", kind: "ConfigMap", metadata });
    await world.kube.delete(namespace);
    await world.kube.untilGone({ ...held, name: "inside" });
    await world.kube.until<LiveApp>(
      world.appRef("ending"),
      "is not Ready while the namespace ends",
      (app) => condition(app, "Ready")?.status !== "True",
    );
    await world.kube.patch(held, { metadata: { finalizers: null } });
    const after = await world.kube.until(
      namespace,
      "is made again",
      (one) => one.metadata.uid !== before?.metadata.uid,
      60_000,
    );
    expect(after.metadata.deletionTimestamp).to.equal(undefined);
    await world.kube.until({ ...held, name: "inside" }, "is made again", () => true, 60_000);
    await world.synced("ending", undefined, 60_000);
    await world.kube.delete(world.appRef("ending"));
    await world.kube.delete(namespace);
  });
});
