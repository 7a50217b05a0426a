import { expect } from "chai";
import { GATES } from "../../src/wiring/gates.js";
import { condition, configMap, deployment, World } from "../support/world.js";

/** ConfigMap files `0.yaml`, `1.yaml`, … of an app. */
const many = (app: string, count: number): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`${index}.yaml`, configMap(`${app}-${index}`, { v: "1" })]),
  );

describe("What leaves Git", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("prune");
  });
  after(() => world?.remove());

  it("is deleted, and nothing else", async () => {
    const repo = await world.repository("one", {
      "a.yaml": configMap("one-a", {}),
      "b.yaml": configMap("one-b", {}),
      "d.yaml": deployment("one"),
    });
    await world.app("one", "one", ".");
    await world.synced("one", await repo.head());
    const kept = await world.kube.get(world.configMap("one-a"));
    const second = await repo.commit({ "b.yaml": null }, "remove b");
    await world.poll("one");
    const app = await world.synced("one", second);
    expect(await world.kube.get(world.configMap("one-b"))).to.equal(undefined);
    expect((await world.kube.get(world.configMap("one-a")))?.metadata.resourceVersion).to.equal(
      kept?.metadata.resourceVersion,
    );
    expect(app.status?.counts?.objects).to.equal(2);
    const changes = await world.changes("one");
    expect(changes[1]?.status?.summary).to.equal("+0 ~0 -1");
    expect(changes[1]?.status?.plan).to.deep.equal([
      {
        verb: "Delete",
        object: `ConfigMap ${world.namespace}/one-b`,
        apiVersion: "v1",
        reason: "removed from Git",
        result: "Done",
      },
    ]);
  });

  it("leaves the status, too, once no object of a kind is left", async () => {
    const repo = await world.repository("kinds", { "a.yaml": configMap("kinds", {}), "d.yaml": deployment("kinds") });
    await world.app("kinds", "kinds", ".");
    const before = await world.synced("kinds", await repo.head());
    expect(before.status?.kinds).to.deep.equal(["v1./ConfigMap", "v1.apps/Deployment"]);
    await repo.commit({ "d.yaml": null }, "remove");
    await world.poll("kinds");
    await world.kube.untilGone(world.object("apps/v1", "Deployment", "kinds"));
    await world.kube.until(
      world.appRef("kinds"),
      "has one kind",
      (app) => JSON.stringify((app.status as { kinds?: string[] }).kinds) === '["v1./ConfigMap"]',
    );
  });

  it("stays when a source renders to nothing, which is an error", async () => {
    const repo = await world.repository("empty", many("empty", 3));
    await world.app("empty", "empty", ".");
    await world.synced("empty", await repo.head());
    await repo.commit({ "0.yaml": null, "1.yaml": null, "2.yaml": null, "README.md": "nothing here" }, "all gone");
    await world.poll("empty");
    const app = await world.untilCondition("empty", "Ready", "False", "PruneRefused");
    expect(condition(app, "Ready")?.message).to.contain("contains no documents").and.contain("sync.allowEmpty");
    expect(await world.kube.list("v1", "ConfigMap", world.namespace, "gitops.overseer.io/app=empty")).to.have.length(3);
    await world.kube.patch(world.appRef("empty"), { spec: { sync: { allowEmpty: true } } });
    for (const index of [0, 1, 2]) await world.kube.untilGone(world.configMap(`empty-${index}`));
    await world.synced("empty");
  });

  it("waits when it is more than the budget: the whole change waits, and drift is still healed", async () => {
    const repo = await world.repository("budget", many("budget", 10));
    await world.app("budget", "budget", ".");
    await world.synced("budget", await repo.head());
    const gone = Object.fromEntries([0, 1, 2, 3].map((index) => [`${index}.yaml`, null]));
    await repo.commit({ ...gone, "9.yaml": configMap("budget-9", { v: "2" }) }, "too much");
    await world.poll("budget");
    const app = await world.untilCondition("budget", "Waiting", "True");
    expect(condition(app, "Waiting")?.message)
      .to.contain("would delete 4 of 10 objects")
      .and.contain("raise sync.pruneBudget to at least 4");
    expect(condition(app, "Ready")?.status, "what runs is what passed its gates").to.equal("True");
    const waiting = (await world.changes("budget")).at(-1);
    expect(waiting?.status?.phase).to.equal("Waiting");
    const closed = waiting?.status?.gates?.filter(({ state }) => state !== "Pass").map(({ name }) => name);
    expect(closed).to.deep.equal(["deletions"]);
    expect((await world.kube.get(world.configMap("budget-9")))?.data).to.deep.equal({ v: "1" });
    await world.kube.patch(world.configMap("budget-0"), { data: { v: "hacked" } });
    await world.kube.until(
      world.configMap("budget-0"),
      "is healed",
      (object) => (object.data as Record<string, string>).v === "1",
    );
    await world.kube.patch(world.appRef("budget"), { spec: { sync: { pruneBudget: "40%" } } });
    await world.synced("budget", await repo.head());
    expect(await world.kube.get(world.configMap("budget-3"))).to.equal(undefined);
    expect((await world.kube.get(world.configMap("budget-9")))?.data).to.deep.equal({ v: "2" });
    const passed = (await world.changes("budget")).at(-1);
    expect(passed?.status?.phase).to.equal("Succeeded");
    expect(passed?.status?.gates?.map(({ name, state }) => `${name} ${state}`)).to.deep.equal(
      GATES.map(({ name }) => `${name} Pass`),
    );
  });

  it("does not wait for a person when a newer commit makes the waiting change void", async () => {
    const repo = await world.repository("void", many("void", 8));
    await world.app("void", "void", ".");
    await world.synced("void", await repo.head());
    const files = Object.fromEntries([0, 1, 2, 3, 4].map((index) => [`${index}.yaml`, null]));
    await repo.commit(files, "too much");
    await world.poll("void");
    await world.untilCondition("void", "Waiting", "True");
    const back = await repo.commit({ ...many("void", 8), "8.yaml": configMap("void-8", { v: "1" }) }, "back again");
    await world.poll("void");
    const app = await world.synced("void", back);
    expect(condition(app, "Waiting")).to.equal(undefined);
    const phases = (await world.changes("void")).map((change) => change.status?.phase);
    expect(phases).to.deep.equal(["Succeeded", "Superseded", "Succeeded"]);
  });

  it("always asks before a PersistentVolumeClaim goes, also with its StatefulSet", async () => {
    const set =
      "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: { name: db }\nspec: { replicas: 0, serviceName: db, selector: { matchLabels: { app: db } }, persistentVolumeClaimRetentionPolicy: { whenDeleted: Delete }, template: { metadata: { labels: { app: db } }, spec: { containers: [{ name: db, image: db.example/db:1 }] } }, volumeClaimTemplates: [{ metadata: { name: data }, spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } } }] }\n";
    const claim =
      "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: data }\nspec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }\n";
    const files = { "c.yaml": claim, "s.yaml": set, "x.yaml": configMap("claim", {}) };
    const repo = await world.repository("claim", files);
    await world.app("claim", "claim", ".");
    await world.synced("claim", await repo.head());
    await repo.commit({ "c.yaml": null, "s.yaml": null }, "remove the claims");
    await world.poll("claim");
    const app = await world.untilCondition("claim", "Waiting", "True");
    expect(condition(app, "Waiting")?.message)
      .to.contain("PersistentVolumeClaim data")
      .and.contain("StatefulSet db with its volume claims")
      .and.contain("requires approval");
    expect((await world.kube.get(world.object("apps/v1", "StatefulSet", "db")))?.metadata.deletionTimestamp).to.equal(
      undefined,
    );
    await world.kube.patch(world.object("apps/v1", "StatefulSet", "db"), {
      metadata: { annotations: { "gitops.overseer.io/prune": "confirmed" } },
    });
    expect(
      (await world.kube.get(world.object("v1", "PersistentVolumeClaim", "data")))?.metadata.deletionTimestamp,
    ).to.equal(undefined);
    await world.kube.patch(world.object("v1", "PersistentVolumeClaim", "data"), {
      metadata: { annotations: { "gitops.overseer.io/prune": "disabled" } },
    });
    await world.synced("claim", await repo.head());
    expect(await world.kube.get(world.object("v1", "PersistentVolumeClaim", "data"))).to.not.equal(undefined);
    expect(await world.kube.get(world.object("apps/v1", "StatefulSet", "db"))).to.equal(undefined);
  });

  it("is kept where pruning is off, and goes when it is switched on", async () => {
    const repo = await world.repository("off", { "a.yaml": configMap("off-a", {}), "b.yaml": configMap("off-b", {}) });
    await world.app("off", "off", ".", { sync: { prune: false } });
    await world.synced("off", await repo.head());
    const second = await repo.commit({ "b.yaml": null }, "remove b");
    await world.poll("off");
    const app = await world.synced("off", second);
    expect(app.status?.counts?.objects).to.equal(1);
    expect(await world.kube.get(world.configMap("off-b"))).to.not.equal(undefined);
    await world.kube.patch(world.appRef("off"), { spec: { sync: { prune: true } } });
    await world.kube.untilGone(world.configMap("off-b"));
    await world.synced("off");
  });

  it("is kept where it says so itself, in Git or on the live object", async () => {
    const marked = configMap("mark-git", {}, "  annotations: { gitops.overseer.io/prune: disabled }\n");
    const repo = await world.repository("mark", {
      "a.yaml": configMap("mark-a", {}),
      "b.yaml": configMap("mark-live", {}),
      "c.yaml": marked,
    });
    await world.app("mark", "mark", ".");
    await world.synced("mark", await repo.head());
    await world.kube.patch(world.configMap("mark-live"), {
      metadata: { annotations: { "gitops.overseer.io/prune": "disabled" } },
    });
    const second = await repo.commit({ "b.yaml": null, "c.yaml": null }, "remove both");
    await world.poll("mark");
    await world.synced("mark", second);
    expect(await world.kube.get(world.configMap("mark-git"))).to.not.equal(undefined);
    expect(await world.kube.get(world.configMap("mark-live"))).to.not.equal(undefined);
  });

  it("is kept when it carries another app's label by now", async () => {
    const repo = await world.repository("other", {
      "a.yaml": configMap("other-a", {}),
      "b.yaml": configMap("other-b", {}),
    });
    await world.app("other", "other", ".");
    await world.synced("other", await repo.head());
    await world.operator.stop();
    await world.kube.patch(world.configMap("other-b"), {
      metadata: { labels: { "gitops.overseer.io/app": "somebody-else" } },
    });
    const second = await repo.commit({ "b.yaml": null }, "remove b");
    await world.operator.start();
    await world.poll("other");
    await world.synced("other", second);
    expect(await world.kube.isKept(world.configMap("other-b"))).to.equal(true);
  });
});
