import { expect } from "chai";
import { digestOf } from "../../src/controllers/overseer-app/sync/noted-ends.js";
import type { RawObject } from "../../src/kube/object.js";
import { StatusWriter } from "../../src/reconcile/status-writer.js";
import { waitUntil } from "../../tools/wait-until.js";
import { caseFile } from "../support/cases.js";
import type { TestRef } from "../support/kube.js";
import { condition, configMap, type LiveApp, World } from "../support/world.js";

const FIELDS = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

describe("An object that ends by itself and goes by its time to live", function () {
  this.timeout(180_000);
  let world: World;
  const definition = "tasks.once.example.com";
  before(async () => {
    world = await World.create("once");
    await world.kube.apply({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: definition },
      spec: {
        group: "once.example.com",
        scope: "Namespaced",
        names: { kind: "Task", plural: "tasks" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            subresources: { status: {} },
            schema: { openAPIV3Schema: { type: "object", properties: { spec: FIELDS, status: FIELDS } } },
          },
        ],
      },
    });
  });
  after(async () => {
    await world?.kube.delete({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      name: definition,
    });
    await world?.remove();
  });

  const job = (name: string): TestRef => world.object("batch/v1", "Job", name);
  const finished = (app: string, name: string): Promise<LiveApp> =>
    world.kube.until<LiveApp>(
      world.appRef(app),
      `${name} is noted as finished`,
      (live) => live.status?.finished?.some(({ key }) => key.endsWith(`/${name}`)) ?? false,
      60_000,
    );
  /** Waits for an Event on a ConfigMap of the same app that only a later reconcile can bring: a drift that is healed. */
  const laterReconcile = async (app: string, other: string): Promise<void> => {
    await world.kube.patch(world.configMap(other), { data: { v: "drifted" } });
    await world.kube.until(
      world.configMap(other),
      "is healed",
      (live) => (live.data as Record<string, string>).v === "1",
    );
    await world.poke(app);
  };
  const runs = async (name: string): Promise<number> => {
    const events = await world.kube.list<RawObject>("events.k8s.io/v1", "Event", world.namespace);
    return events.filter(
      (event) => (event.regarding as { name?: string }).name === name && event.reason === "SuccessfulCreate",
    ).length;
  };

  it("runs once, is done, and stays done across a restart, until its document changes", async () => {
    const text = await caseFile("job-ttl/job.yaml");
    const repo = await world.repository("job", { "job.yaml": text, "c.yaml": configMap("job", { v: "1" }) });
    await world.app("job", "job", ".");
    await finished("job", "migrate");
    await world.kube.untilGone(job("migrate"), 60_000);
    const app = await world.synced("job", await repo.head());
    expect(condition(app, "Healthy")?.status).to.equal("True");
    expect(app.status?.counts).to.deep.equal({ objects: 2, healthy: 2 });
    await laterReconcile("job", "job");
    await world.operator.stop();
    await world.operator.start();
    await world.poke("job");
    await laterReconcile("job", "job");
    const later = await world.synced("job", await repo.head());
    expect(condition(later, "Drifted")).to.equal(undefined);
    expect(await world.kube.get(job("migrate"))).to.equal(undefined);
    expect(await runs("migrate"), "runs").to.equal(1);
    const second = await repo.commit(
      { "job.yaml": text.replace("image: busybox", "image: busybox:2") },
      "next version",
    );
    await world.poll("job");
    await waitUntil({ what: "it runs again", timeoutMs: 60_000 }, async () => (await runs("migrate")) === 2);
    await world.kube.untilGone(job("migrate"), 60_000);
    await world.synced("job", second);
    await laterReconcile("job", "job");
    expect(await runs("migrate"), "runs").to.equal(2);
    expect(await world.kube.get(job("migrate"))).to.equal(undefined);
    expect((await world.events("job")).join()).to.not.contain("DriftHealed: Job");
  });

  it("is not run again when its document moves to another app", async () => {
    const text = (await caseFile("job-ttl/job.yaml")).replace("name: migrate", "name: moves");
    const digested = text.replace("name: moves", "name: digested");
    const other = (name: string): string => configMap(name, { v: "1" });
    const repo = await world.repository("moves", {
      "a/job.yaml": text,
      "a/digested.yaml": digested,
      "a/c.yaml": other("moves-a"),
      "b/c.yaml": other("moves-b"),
    });
    for (const name of ["a", "b"]) await world.app(`moves-${name}`, "moves", name);
    for (const name of ["moves", "digested"]) {
      await finished("moves-a", name);
      await world.kube.untilGone(job(name), 60_000);
    }
    for (const name of ["moves-a", "moves-b"]) await world.synced(name, await repo.head());
    await world.operator.stop();
    // As if it were the oldest of more than the status has full entries for.
    const giver = await world.synced("moves-a");
    const [old = [], rest = []] = [true, false].map((isOld) =>
      giver.status?.finished?.filter(({ key }) => key.endsWith("/digested") === isOld),
    );
    await new StatusWriter(world.kube.client).write(await world.kube.resource(giver.apiVersion, giver.kind), giver, {
      ...giver.status,
      finished: rest,
      finishedDigests: old.map(digestOf),
    });
    const files = { "b/job.yaml": text, "b/digested.yaml": digested };
    const head = await repo.commit({ "a/job.yaml": null, "a/digested.yaml": null, ...files }, "to the other app");
    const suspend = (value: boolean) => world.kube.patch(world.appRef("moves-b"), { spec: { suspend: value } });
    await suspend(true);
    await world.operator.start();
    await world.synced("moves-a", head);
    await world.poke("moves-a");
    await suspend(false);
    for (const name of ["moves-a", "moves-b"]) await world.synced(name, head);
    for (const name of ["moves", "digested"]) await finished("moves-b", name);
    await world.poke("moves-a");
    await world.kube.until<LiveApp>(
      world.appRef("moves-a"),
      "has forgotten them",
      (app) => !app.status?.finished && !app.status?.finishedDigests,
    );
    await world.operator.stop("SIGKILL");
    await world.operator.start();
    for (const name of ["moves-a", "moves-b"]) await laterReconcile(name, name);
    for (const name of ["moves", "digested"]) {
      expect(await world.kube.get(job(name))).to.equal(undefined);
      expect(await runs(name), "runs").to.equal(1);
    }
  });

  it("is made again when somebody deletes it before its time", async () => {
    const text = (await caseFile("job-ttl/job.yaml"))
      .replace("name: migrate", "name: early")
      .replace("Finished: 2", "Finished: 3600");
    const repo = await world.repository("early", { "job.yaml": text });
    await world.app("early", "early", ".");
    await finished("early", "early");
    await world.synced("early", await repo.head());
    const before = await world.kube.get(job("early"));
    await world.kube.delete(job("early"));
    await world.kube.until(
      job("early"),
      "is there again",
      (live) => live.metadata.uid !== before?.metadata.uid,
      60_000,
    );
    await finished("early", "early");
    await world.synced("early");
  });

  it("is no success when it failed, and is not run again either", async () => {
    const failing = (await caseFile("job-ttl/job.yaml"))
      .replace("name: migrate", "name: failing")
      .replace("Finished: 2", "Finished: 2\n  backoffLimit: 0\n  activeDeadlineSeconds: 1")
      .replace("restartPolicy: Never", "restartPolicy: Never\n      nodeSelector: { nowhere: exists }");
    await world.repository("failing", { "job.yaml": failing, "c.yaml": configMap("failing", { v: "1" }) });
    await world.app("failing", "failing", ".");
    await finished("failing", "failing");
    await world.kube.untilGone(job("failing"), 60_000);
    await laterReconcile("failing", "failing");
    const app = await world.untilCondition("failing", "Ready", "False", "Degraded");
    expect(condition(app, "Ready")?.message).to.equal(
      `Job ${world.namespace}/failing failed, and was deleted after its time to live expired: change its document to run it again`,
    );
    expect(app.status?.finished?.map(({ result }) => result)).to.deep.equal(["Failed"]);
    expect((await world.changes("failing")).map((change) => change.status?.phase)).to.deep.equal(["Failed"]);
    expect(await runs("failing"), "runs").to.equal(1);
  });

  it("may be a custom resource that its controller deletes after its end", async () => {
    const task = (name: string, spec: string): string =>
      `apiVersion: once.example.com/v1\nkind: Task\nmetadata: { name: ${name} }\nspec: ${spec}\n`;
    const ref = (name: string): TestRef => world.object("once.example.com/v1", "Task", name);
    const repo = await world.repository("task", {
      "ends.yaml": task("ends", "{ ttlStrategy: { secondsAfterCompletion: 1 } }"),
      "stays.yaml": task("stays", "{ steps: 1 }"),
      "c.yaml": configMap("task", { v: "1" }),
    });
    await world.app("task", "task", ".");
    await world.synced("task", await repo.head());
    for (const name of ["ends", "stays"])
      await world.kube.patch(ref(name), { status: { phase: "Succeeded" } }, { subresource: "status" });
    await finished("task", "ends");
    const before = await world.kube.get(ref("stays"));
    for (const name of ["ends", "stays"]) await world.kube.delete(ref(name));
    await world.kube.until(ref("stays"), "is there again", (live) => live.metadata.uid !== before?.metadata.uid);
    await laterReconcile("task", "task");
    await world.synced("task");
    expect(await world.kube.get(ref("ends"))).to.equal(undefined);
  });
});
