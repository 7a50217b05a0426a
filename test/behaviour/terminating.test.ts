import { expect } from "chai";
import { caseFile } from "../support/cases.js";
import type { TestRef } from "../support/kube.js";
import { condition, configMap, type LiveApp, World } from "../support/world.js";

const CLAIM = (name: string): string =>
  `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: ${name} }\nspec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }\n`;

describe("A deletion that does not end", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("ending");
  });
  after(() => world?.remove());

  const confirm = (ref: TestRef): Promise<unknown> =>
    world.kube.patch(ref, { metadata: { annotations: { "gitops.overseer.io/prune": "confirmed" } } });
  const withoutFinalizers = (ref: TestRef): Promise<unknown> =>
    world.kube.patch(ref, { metadata: { finalizers: null } });
  const messageOf = async (app: string, pattern: RegExp): Promise<string> => {
    const live = await world.kube.until<LiveApp>(world.appRef(app), `Terminating says ${pattern}`, (object) =>
      pattern.test(condition(object, "Terminating")?.message ?? ""),
    );
    return condition(live, "Terminating")?.message ?? "";
  };
  const untilQuiet = (app: string): Promise<LiveApp> =>
    world.kube.until<LiveApp>(world.appRef(app), "Terminating is gone", (object) => !condition(object, "Terminating"));

  it("is named with what keeps the object, until it is gone", async () => {
    const both = await caseFile("pruned-but-terminating/cm.yaml");
    const [keepme = "", other = ""] = both.split("---\n");
    const repo = await world.repository("finalizer", { "cm.yaml": both });
    await world.app("finalizer", "finalizer", ".");
    await world.synced("finalizer", await repo.head());
    await repo.commit({ "cm.yaml": other }, "without keepme");
    await world.poll("finalizer");
    const object = `ConfigMap ${world.namespace}/keepme`;
    expect(await messageOf("finalizer", /keepme/)).to.equal(
      `still being deleted: ${object}: held by finalizer bugs.example.com/hold, to be removed by its controller`,
    );
    await world.synced("finalizer", await repo.head());
    await repo.commit({ "cm.yaml": `${keepme}---\n${other}` }, "keepme again");
    await world.poll("finalizer");
    const app = await world.kube.until<LiveApp>(world.appRef("finalizer"), "waits for it", (live) =>
      /re-creating/.test(condition(live, "Synced")?.message ?? ""),
    );
    expect(condition(app, "Synced")?.message).to.equal(
      `waiting for 1 object to finish deleting before re-creating it: ${object}: held by finalizer bugs.example.com/hold, to be removed by its controller`,
    );
    await withoutFinalizers(world.configMap("keepme"));
    await world.synced("finalizer", await repo.head());
    await untilQuiet("finalizer");
    await repo.commit({ "cm.yaml": other }, "without keepme");
    await world.poll("finalizer");
    await messageOf("finalizer", /keepme/);
    await withoutFinalizers(world.configMap("keepme"));
    await untilQuiet("finalizer");
  });

  it("names all finalizers, and follows when one of them goes", async () => {
    const held = configMap("held", {}, "  finalizers: [example.com/a, example.com/b]\n");
    const repo = await world.repository("two", { "a.yaml": held, "b.yaml": configMap("two", {}) });
    await world.app("two", "two", ".");
    await world.synced("two", await repo.head());
    await repo.commit({ "a.yaml": null }, "leaves");
    await world.poll("two");
    expect(await messageOf("two", /held/)).to.contain(
      "held by finalizers example.com/a, example.com/b, to be removed by their controllers",
    );
    await world.kube.patch(world.configMap("held"), { metadata: { finalizers: ["example.com/b"] } });
    await messageOf("two", /held by finalizer example\.com\/b, /);
    await withoutFinalizers(world.configMap("held"));
    await untilQuiet("two");
  });

  it("names the pods that use a claim", async () => {
    const claim = world.object("v1", "PersistentVolumeClaim", "used");
    const repo = await world.repository("claim", { "c.yaml": CLAIM("used"), "b.yaml": configMap("claim", {}) });
    await world.app("claim", "claim", ".");
    await world.synced("claim", await repo.head());
    const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "used" } }];
    const containers = [{ name: "c", image: "registry.example/c:1" }];
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "user", namespace: world.namespace } };
    await world.kube.create({ ...pod, spec: { volumes, containers } });
    await confirm(claim);
    await repo.commit({ "c.yaml": null }, "leaves");
    await world.poll("claim");
    expect(await messageOf("claim", /used by/)).to.contain(
      `PersistentVolumeClaim ${world.namespace}/used: used by Pod ${world.namespace}/user (finalizer kubernetes.io/pvc-protection)`,
    );
    await world.kube.delete(world.object("v1", "Pod", "user"));
    await world.kube.untilGone(claim, 60_000);
    await untilQuiet("claim");
  });

  it("names what is left in a namespace", async () => {
    const name = `${world.namespace}-left`;
    const namespace = { apiVersion: "v1", kind: "Namespace", name };
    const text = `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n`;
    const repo = await world.repository("left", { "n.yaml": text, "b.yaml": configMap("left", {}) });
    await world.app("left", "left", ".");
    await world.synced("left", await repo.head());
    const inside = { name: "inside", namespace: name, finalizers: ["example.com/inside"] };
    await world.kube.create({ apiVersion: "v1", kind: "ConfigMap", metadata: inside });
    await confirm(namespace);
    await repo.commit({ "n.yaml": null }, "leaves");
    await world.poll("left");
    expect(await messageOf("left", /finalizers remaining/))
      .to.contain(`Namespace ${name}: `)
      .and.contain("example.com/inside");
    await withoutFinalizers({ apiVersion: "v1", kind: "ConfigMap", namespace: name, name: "inside" });
    await world.kube.untilGone(namespace, 60_000);
    await untilQuiet("left");
  });

  it("is named where a whole app waits for it", async () => {
    await world.repository("whole", { "x.yaml": configMap("whole", {}, "  finalizers: [example.com/hold]\n") });
    await world.app("whole", "whole", ".");
    await world.synced("whole");
    await world.kube.delete(world.appRef("whole"));
    const app = await world.kube.until<LiveApp>(world.appRef("whole"), "says what it waits for", (live) =>
      /held by/.test(condition(live, "Ready")?.message ?? ""),
    );
    expect(condition(app, "Ready")?.message).to.equal(
      `waiting for deletion of ConfigMap ${world.namespace}/whole: held by finalizer example.com/hold, to be removed by its controller; set deletionPolicy: Orphan to delete the app without its objects`,
    );
    await withoutFinalizers(world.configMap("whole"));
    await world.kube.untilGone(world.appRef("whole"));
  });
});
