import { expect } from "chai";
import { FINALIZER } from "../../src/api/group.js";
import { waitUntil } from "../../tools/wait-until.js";
import { condition, configMap, deployment, type LiveApp, World } from "../support/world.js";

const CLAIM = (name: string): string =>
  `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: ${name} }\nspec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }\n`;
const NAMESPACE = (name: string): string => `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n`;

describe("An app that is deleted", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("gone");
  });
  after(() => world?.remove());

  const make = async (name: string, files: Record<string, string>, spec: Record<string, unknown>): Promise<LiveApp> => {
    await world.repository(name, files);
    await world.app(name, name, ".", spec);
    return world.synced(name);
  };

  it("takes its objects with it, and goes last", async () => {
    const app = await make("all", { "x.yaml": configMap("all", {}), "d.yaml": deployment("all") }, {});
    expect(app.metadata.finalizers).to.include(FINALIZER);
    await world.kube.delete(world.appRef("all"));
    await world.kube.untilGone(world.appRef("all"));
    expect(await world.kube.get(world.configMap("all"))).to.equal(undefined);
    expect(await world.kube.get(world.object("apps/v1", "Deployment", "all"))).to.equal(undefined);
  });

  it("runs its PreDelete hooks first and its PostDelete hooks last", async () => {
    const hook = (phase: string) =>
      `metadata: { name: hooked-${phase.toLowerCase()}, annotations: { argocd.argoproj.io/hook: ${phase} } }\n`;
    const job = `apiVersion: batch/v1\nkind: Job\n${hook("PreDelete")}spec: { template: { spec: { restartPolicy: Never, containers: [{ name: run, image: registry.example/run:1 }] } } }\n`;
    const files = {
      "d.yaml": deployment("hooked"),
      "before.yaml": job,
      "after.yaml": `apiVersion: v1\nkind: ConfigMap\n${hook("PostDelete")}`,
    };
    await make("hooked", files, { sync: { deletePropagation: "Foreground" } });
    expect(await world.kube.get(world.object("batch/v1", "Job", "hooked-predelete"))).to.equal(undefined);
    await world.kube.delete(world.appRef("hooked"));
    await world.kube.untilGone(world.appRef("hooked"));
    for (const object of [
      world.object("apps/v1", "Deployment", "hooked"),
      world.object("batch/v1", "Job", "hooked-predelete"),
      world.configMap("hooked-postdelete"),
    ])
      expect(await world.kube.get(object), object.name).to.equal(undefined);
    await waitUntil({ what: "Events about both hooks", timeoutMs: 60_000 }, async () => {
      const events = (await world.events("hooked")).join("\n");
      return (
        /PreDelete hook Job \S+ was started/.test(events) && /PostDelete hook ConfigMap \S+ was started/.test(events)
      );
    });
  });

  it("deletes custom resources first, and workloads when these are finished", async () => {
    const group = `${world.namespace}.example.com`;
    const definition = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" };
    await world.kube.apply({
      ...definition,
      metadata: { name: `things.${group}` },
      spec: {
        group,
        scope: "Namespaced",
        names: { kind: "Thing", plural: "things" },
        versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
      },
    });
    const thing = world.object(`${group}/v1`, "Thing", "one");
    const text = `apiVersion: ${group}/v1\nkind: Thing\nmetadata: { name: one, finalizers: [example.com/finish] }\n`;
    await make("ordered", { "t.yaml": text, "d.yaml": deployment("ordered") }, {});
    await world.kube.delete(world.appRef("ordered"));
    await world.kube.until<LiveApp>(world.appRef("ordered"), "waits for it", (app) =>
      (condition(app, "Ready")?.message ?? "").includes("Thing"),
    );
    expect(await world.kube.isKept(thing)).to.equal(false);
    expect(await world.kube.isKept(world.object("apps/v1", "Deployment", "ordered"))).to.equal(true);
    await world.kube.patch(thing, { metadata: { finalizers: null } });
    await world.kube.untilGone(world.appRef("ordered"));
    expect(await world.kube.get(world.object("apps/v1", "Deployment", "ordered"))).to.equal(undefined);
    await world.kube.delete({ ...definition, name: `things.${group}` });
  });

  it("does so without its repository, and without a render", async () => {
    await make("alone", { "x.yaml": configMap("alone", {}) }, {});
    await world.kube.delete(world.repositoryRef("alone"));
    await world.kube.untilGone(world.repositoryRef("alone"));
    await world.kube.delete(world.appRef("alone"));
    await world.kube.untilGone(world.appRef("alone"));
    expect(await world.kube.get(world.configMap("alone"))).to.equal(undefined);
  });

  it("leaves all running with deletionPolicy Orphan", async () => {
    await make("orphan", { "x.yaml": configMap("orphan", { v: "1" }) }, { deletionPolicy: "Orphan" });
    const before = await world.kube.get(world.configMap("orphan"));
    await world.kube.delete(world.appRef("orphan"));
    await world.kube.untilGone(world.appRef("orphan"));
    expect((await world.kube.get(world.configMap("orphan")))?.metadata.resourceVersion).to.equal(
      before?.metadata.resourceVersion,
    );
    await world.told("orphan", "kept because of deletionPolicy Orphan");
  });

  it("adopts what it left when it is created again, and deletes nothing else", async () => {
    await world.kube.delete(world.repositoryRef("orphan"));
    await world.kube.untilGone(world.repositoryRef("orphan"));
    await world.repository("again", { "x.yaml": configMap("fresh", { v: "1" }) });
    await world.app("orphan", "again", ".");
    await world.synced("orphan");
    expect(await world.kube.isKept(world.configMap("orphan"))).to.equal(true);
  });

  it("deletes nothing while it is suspended", async () => {
    await make("still", { "x.yaml": configMap("still", {}) }, {});
    const suspendReason = "Ada: database migration, until Monday";
    await world.kube.patch(world.appRef("still"), { spec: { suspend: true, suspendReason } });
    const app = await world.untilCondition("still", "Ready", "True", "Suspended");
    expect(condition(app, "Ready")?.message).to.equal(
      "suspended (Ada: database migration, until Monday): nothing is applied, reverted or deleted until spec.suspend is false",
    );
    await world.kube.delete(world.appRef("still"));
    await world.kube.untilGone(world.appRef("still"));
    expect(await world.kube.get(world.configMap("still"))).to.not.equal(undefined);
  });

  it("keeps claims and a namespace that holds anything else, and names them", async () => {
    const namespace = `${world.namespace}-own`;
    const inside = (text: string): string =>
      text.replace("metadata: { name", `metadata: { namespace: ${namespace}, name`);
    await make(
      "careful",
      { "n.yaml": NAMESPACE(namespace), "c.yaml": inside(CLAIM("data")), "x.yaml": configMap("careful", {}) },
      {},
    );
    await world.kube.delete(world.appRef("careful"));
    await world.kube.untilGone(world.appRef("careful"));
    expect(await world.kube.get(world.configMap("careful"))).to.equal(undefined);
    expect(
      (await world.kube.get({ apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name: "data" }))?.metadata
        .deletionTimestamp,
    ).to.equal(undefined);
    expect(
      (await world.kube.get({ apiVersion: "v1", kind: "Namespace", name: namespace }))?.metadata.deletionTimestamp,
    ).to.equal(undefined);
    await world.told(
      "careful",
      `PersistentVolumeClaim ${namespace}/data kept by deletionPolicy Delete`,
      `Namespace ${namespace} kept because it still holds PersistentVolumeClaim ${namespace}/data`,
    );
    await world.kube.delete({ apiVersion: "v1", kind: "Namespace", name: namespace });
  });

  it("keeps a namespace that contains a foreign object", async () => {
    const namespace = `${world.namespace}-shared`;
    const marked = configMap("marked", {}, "  annotations: { gitops.overseer.io/prune: disabled }\n");
    await make("neighbour", { "n.yaml": NAMESPACE(namespace), "x.yaml": marked }, {});
    const theirs = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "theirs", namespace }, data: {} };
    await world.kube.apply(theirs, "somebody");
    await world.kube.delete(world.appRef("neighbour"));
    await world.kube.untilGone(world.appRef("neighbour"));
    expect(
      (await world.kube.get({ apiVersion: "v1", kind: "Namespace", name: namespace }))?.metadata.deletionTimestamp,
    ).to.equal(undefined);
    await world.told("neighbour", `Namespace ${namespace} kept because it still holds ConfigMap ${namespace}/theirs`);
    await world.kube.delete({ apiVersion: "v1", kind: "Namespace", name: namespace });
  });

  it("takes an empty namespace with it, last", async () => {
    const namespace = `${world.namespace}-empty`;
    await make(
      "tidy",
      { "n.yaml": NAMESPACE(namespace), "x.yaml": configMap("tidy", {}, `  namespace: ${namespace}\n`) },
      {},
    );
    await world.kube.delete(world.appRef("tidy"));
    await world.kube.untilGone(world.appRef("tidy"));
    await world.kube.untilGone({ apiVersion: "v1", kind: "Namespace", name: namespace });
  });

  it("takes everything with it with deletionPolicy DeleteAll", async () => {
    await make("clean", { "c.yaml": CLAIM("clean") }, { deletionPolicy: "DeleteAll" });
    await world.kube.delete(world.appRef("clean"));
    await world.kube.untilGone(world.appRef("clean"));
    await world.kube.untilGone(world.object("v1", "PersistentVolumeClaim", "clean"));
  });

  it("waits for an object that does not go, says for which, and lets go when told to", async () => {
    await make("stuck", { "x.yaml": configMap("stuck", {}, "  finalizers: [example.org/hold]\n") }, {});
    await world.kube.delete(world.appRef("stuck"));
    const app = await world.untilCondition("stuck", "Ready", "False", "Deleting");
    expect(condition(app, "Ready")?.message)
      .to.contain(`ConfigMap ${world.namespace}/stuck`)
      .and.contain("deletionPolicy: Orphan");
    await world.kube.patch(world.appRef("stuck"), { spec: { deletionPolicy: "Orphan" } });
    await world.kube.untilGone(world.appRef("stuck"));
    await world.kube.patch(world.configMap("stuck"), { metadata: { finalizers: null } });
  });
});
