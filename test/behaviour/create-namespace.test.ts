import { expect } from "chai";
import type { RawObject } from "../../src/kube/object.js";
import type { TestRef } from "../support/kube.js";
import { condition, configMap, World } from "../support/world.js";

const hook = `apiVersion: v1
kind: ConfigMap
metadata: { name: hook, annotations: { gitops.overseer.io/hook: PreSync } }
`;

describe("sync.createNamespace", function () {
  this.timeout(180_000);
  let world: World;
  let made: TestRef;
  before(async () => {
    world = await World.create("create-ns");
    made = { apiVersion: "v1", kind: "Namespace", name: `${world.namespace}-made` };
  });
  after(async () => {
    await world?.kube.delete(made);
    await world?.remove();
  });

  const inMade = (name: string): TestRef => ({ ...world.configMap(name), namespace: made.name });
  const app = (name: string, createNamespace: unknown): Promise<unknown> =>
    world.app(name, name, ".", { destination: { kubernetes: { namespace: made.name } }, sync: { createNamespace } });
  const namespace = async (): Promise<RawObject["metadata"]> => {
    const live = await world.kube.get(made);
    expect(live, "the namespace").not.to.equal(undefined);
    return (live as RawObject).metadata;
  };

  it("creates it before hooks and objects, and never takes it for the app's own", async () => {
    await world.repository("first", { "hook.yaml": hook, "c.yaml": configMap("c", { v: "1" }) });
    await app("first", { labels: { team: "a", tier: "web" }, annotations: { "example.com/owner": "a" } });
    await world.synced("first");
    const { labels, annotations } = await namespace();
    expect(labels).to.deep.equal({ "kubernetes.io/metadata.name": made.name, team: "a", tier: "web" });
    expect(annotations).to.deep.equal({ "example.com/owner": "a" });
    const [change] = await world.changes("first");
    const plan = change?.status?.plan?.map(({ verb, object }) => `${verb} ${object}`);
    expect(plan).to.include.members([`Create Namespace ${made.name}`, `Create ConfigMap ${made.name}/c`]);
    expect(change?.status?.summary).to.equal("+2 ~0 -0");
    // Another app may say the same, and a label that leaves the spec leaves the namespace.
    await world.repository("second", { "c.yaml": configMap("d", {}) });
    await app("second", {});
    await world.synced("second");
    await app("first", { labels: { team: "a" }, annotations: { "example.com/owner": "b" } });
    await world.synced("first");
    const after = await namespace();
    expect([after.labels?.tier, after.labels?.team, after.annotations?.["example.com/owner"]]).to.deep.equal([
      undefined,
      "a",
      "b",
    ]);
    expect((await world.changes("first")).at(-1)?.status?.summary).to.equal("+0 ~1 -0");
  });

  it("refuses to overwrite what another client has set, and names it", async () => {
    await world.kube.patch(made, { metadata: { labels: { owner: "platform" } } }, { manager: "kubectl-label" });
    await world.repository("third", { "c.yaml": configMap("e", {}) });
    await app("third", { labels: { owner: "us" } });
    const live = await world.untilCondition("third", "Ready", "False", "ApplyRefused");
    expect(condition(live, "Ready")?.message).to.contain(
      `Namespace ${made.name}: others have set different values: .metadata.labels.owner (by kubectl-label): remove these keys from spec.sync.createNamespace of the app, or set the same values`,
    );
    expect((await namespace()).labels?.owner).to.equal("platform");
    expect(await world.kube.get(inMade("e"))).to.equal(undefined);
    await app("third", {});
    await world.synced("third");
  });

  it("creates it again when it was deleted, and keeps it when the apps are", async () => {
    const before = (await namespace()).uid;
    await world.kube.delete(made);
    await world.kube.until(made, "is created again", ({ metadata }) => metadata.uid !== before);
    for (const name of ["c", "d", "e"]) await world.kube.until(inMade(name), "is created again", () => true);
    for (const name of ["first", "second", "third"]) {
      await world.kube.delete(world.appRef(name));
      await world.kube.untilGone(world.appRef(name));
    }
    const kept = await namespace();
    expect([kept.deletionTimestamp, kept.labels?.team]).to.deep.equal([undefined, "a"]);
    await world.kube.untilGone(inMade("c"));
  });
});
