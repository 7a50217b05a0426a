import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { waitUntil } from "../../../tools/wait-until.js";
import type { TestRef } from "../../support/kube.js";
import { condition, configMap, type LiveApp, World } from "../../support/world.js";

const HOOK = "gitops.overseer.io/hook";
/** A Job that ends only when the test ends its pod, because no node takes it. */
const held = (name: string, annotations: string, spec = "", image = "1"): string =>
  `apiVersion: batch/v1\nkind: Job\nmetadata: { name: ${name}, annotations: { ${annotations} } }\nspec:\n  backoffLimit: 0\n  ${spec}\n  template:\n    spec:\n      restartPolicy: Never\n      nodeSelector: { disk: none }\n      containers: [{ name: main, image: "registry.example/m:${image}" }]\n`;
/** A Job that ends by itself. */
const quick = (name: string, annotations: string, spec = ""): string =>
  held(name, annotations, spec).replace("      nodeSelector: { disk: none }\n", "");
const hookMap = (name: string, annotations: string): string =>
  configMap(name, {}, `  annotations: { ${annotations} }\n`);

describe("Hooks", function () {
  this.timeout(180_000);
  let world: World;
  before(async () => {
    world = await World.create("hooks");
  });
  after(() => world?.remove());

  const job = (name: string): TestRef => world.object("batch/v1", "Job", name);
  const uidOf = async (ref: TestRef): Promise<string | undefined> =>
    (await world.kube.get<RawObject>(ref))?.metadata.uid;
  const created = (name: string, not?: string): Promise<string> =>
    waitUntil({ what: `Job ${name} is created`, timeoutMs: 30_000 }, async () => {
      const uid = await uidOf(job(name));
      return uid !== not ? uid : undefined;
    });
  /** Ends the pod of the newest run of a Job. */
  const end = async (name: string, exitCode: number, message = ""): Promise<void> => {
    const uid = await uidOf(job(name));
    const pod = await waitUntil({ what: `a pod of ${name}`, timeoutMs: 30_000 }, async () =>
      (await world.kube.list<RawObject>("v1", "Pod", world.namespace)).find(
        ({ metadata }) => metadata.ownerReferences?.[0]?.uid === uid,
      ),
    );
    const terminated = { exitCode, reason: exitCode === 0 ? "Completed" : "Error", message };
    const status = {
      phase: exitCode === 0 ? "Succeeded" : "Failed",
      containerStatuses: [
        { name: "main", ready: false, restartCount: 0, image: "m", imageID: "", state: { terminated } },
      ],
    };
    await world.kube.patch(world.object("v1", "Pod", pod.metadata.name), { status }, { subresource: "status" });
  };
  const runs = async (app: string): Promise<string[]> =>
    ((await world.changes(app)).at(-1)?.status?.hooks ?? []).map(
      ({ phase, object, state }) => `${phase} ${object.replace(`${world.namespace}/`, "")} ${state}`,
    );
  const phases = async (app: string): Promise<(string | undefined)[]> =>
    (await world.changes(app)).map(({ status }) => status?.phase);

  it("run before and after the objects once for each Change, even across a restart", async () => {
    const files = (v: string): Record<string, string> => ({
      "pre.yaml": held("pre", `${HOOK}: PreSync`),
      "c.yaml": configMap("once", { v }),
      "post.yaml": quick("post", `${HOOK}: PostSync`, "ttlSecondsAfterFinished: 0"),
    });
    const repo = await world.repository("once", files("1"));
    await world.app("once", "once", ".");
    const first = await created("pre");
    await world.operator.stop("SIGKILL");
    await world.operator.start();
    await world.poke("once");
    expect(await uidOf(job("pre"))).to.equal(first);
    expect(await world.kube.get(world.configMap("once")), "waits for the hook").to.equal(undefined);
    expect((await world.changes("once"))[0]?.status?.waitingFor).to.contain(`PreSync hook Job ${world.namespace}/pre`);
    await end("pre", 0);
    await world.synced("once", await repo.head());
    expect(await runs("once")).to.deep.equal(["PreSync Job pre Succeeded", "PostSync Job post Succeeded"]);
    const plan = (await world.changes("once"))[0]?.status?.plan?.map(({ verb, origin }) => `${verb} ${origin}`);
    expect(plan).to.deep.equal(["Create c.yaml:1", "Hook post.yaml:1", "Hook pre.yaml:1"]);
    await world.kube.untilGone(job("post"));
    await world.kube.patch(world.configMap("once"), { data: { v: "drifted" } });
    await world.kube.until(world.configMap("once"), "is restored", ({ data }) => (data as { v: string }).v === "1");
    await world.poke("once");
    expect(await phases("once")).to.deep.equal(["Succeeded"]);
    expect(await uidOf(job("pre"))).to.equal(first);
    const second = await repo.commit(files("2"), "second");
    await world.poll("once");
    await created("pre", first);
    expect((await world.kube.get(world.configMap("once")))?.data).to.deep.equal({ v: "1" });
    await end("pre", 0);
    await world.synced("once", second);
    await world.kube.delete(world.appRef("once"));
    await world.kube.untilGone(world.appRef("once"));
    await world.kube.untilGone(job("pre"));
  });

  it("fail the Change with the message of the container, and run again on request only", async () => {
    const repo = await world.repository("fails", {
      "pre.yaml": held("fails", `${HOOK}: PreSync`),
      "c.yaml": configMap("fails", {}),
      "on-failure.yaml": hookMap("on-failure", `${HOOK}: SyncFail`),
    });
    await world.app("fails", "fails", ".");
    const first = await created("fails");
    await end("fails", 3, "table users is locked");
    const app = await world.untilCondition("fails", "Ready", "False", "HookFailed");
    const { message = "" } = condition(app, "Ready") ?? {};
    expect(message).to.contain(`PreSync hook Job ${world.namespace}/fails: `);
    expect(message).to.contain("table users is locked");
    expect(message).to.contain(`see kubectl logs -n ${world.namespace} job/fails`);
    expect(await runs("fails")).to.deep.equal(["PreSync Job fails Failed", "SyncFail ConfigMap on-failure Succeeded"]);
    expect(await world.kube.get(world.configMap("on-failure"))).to.not.equal(undefined);
    await world.operator.stop();
    await world.operator.start();
    await world.untilCondition("fails", "Ready", "False", "HookFailed");
    expect(await world.kube.get(world.configMap("fails")), "nothing is applied").to.equal(undefined);
    expect(await uidOf(job("fails"))).to.equal(first);
    expect(await phases("fails")).to.deep.equal(["Failed"]);
    await world.poke("fails");
    await created("fails", first);
    await end("fails", 0);
    await world.synced("fails", await repo.head());
    expect(await phases("fails")).to.deep.equal(["Failed", "Succeeded"]);
  });

  it("are stopped when newer inputs supersede their Change, also while these have to wait", async () => {
    const repo = await world.repository("hangs", {
      "pre.yaml": held("hangs", `${HOOK}: PreSync`),
      "c.yaml": configMap("hangs", {}),
    });
    await world.app("hangs", "hangs", ".");
    await created("hangs");
    const windows = [{ kind: "Deny", schedule: "* * * * *", duration: "1h" }];
    await world.kube.patch(world.appRef("hangs"), { spec: { sync: { windows } } });
    const second = await repo.commit({ "pre.yaml": null }, "without the hook");
    await world.poll("hangs");
    await world.kube.untilGone(job("hangs"));
    await world.untilCondition("hangs", "Waiting", "True", "SyncWindow");
    expect(await phases("hangs")).to.deep.equal(["Superseded", "Waiting"]);
    await world.kube.patch(world.appRef("hangs"), { spec: { sync: { windows: null } } });
    await world.synced("hangs", second);
    expect(await phases("hangs")).to.deep.equal(["Superseded", "Succeeded"]);
  });

  it("run beside the objects of their wave, and later waves and phases wait for them", async () => {
    const wave = (n: number): string => `gitops.overseer.io/wave: "${n}"`;
    const repo = await world.repository("beside", {
      "s.yaml": held("beside", `${HOOK}: Sync, ${HOOK}-timeout: 4s, ${HOOK}-delete-policy: HookFailed`),
      "c.yaml": configMap("beside-0", {}),
      "d.yaml": configMap("beside-1", {}, `  annotations: { ${wave(1)} }\n`),
      "b.yaml": hookMap("beside-before", `${HOOK}: PreSync`),
      "g.yaml": hookMap("beside-generated-", `${HOOK}: PreSync`).replace("name:", "generateName:"),
      "p.yaml": hookMap("beside-post", `${HOOK}: PostSync`),
    });
    await world.app("beside", "beside", ".");
    await created("beside");
    expect(await world.kube.get(world.configMap("beside-0"))).to.not.equal(undefined);
    const app = await world.untilCondition("beside", "Ready", "False", "HookFailed");
    expect(condition(app, "Ready")?.message).to.contain(
      `Sync hook Job ${world.namespace}/beside: did not end within 4s`,
    );
    await world.kube.untilGone(job("beside"));
    for (const name of ["beside-1", "beside-post"])
      expect(await world.kube.get(world.configMap(name)), name).to.equal(undefined);
    expect((await runs("beside"))[1]).to.match(/^PreSync ConfigMap beside-generated-[0-9a-f]{8} Succeeded$/);
    const before = await uidOf(world.configMap("beside-before"));
    await world.poke("beside");
    await created("beside");
    await end("beside", 0);
    await world.synced("beside", await repo.head());
    expect(await uidOf(world.configMap("beside-before")), "what had succeeded is not run again").to.equal(before);
    expect(await uidOf(world.configMap("beside-post"))).to.not.equal(undefined);
  });

  it("do not run after a sync that is not healthy", async () => {
    const service = `apiVersion: v1\nkind: Service\nmetadata: { name: sick }\nspec: { type: LoadBalancer, ports: [{ port: 80 }] }\n`;
    await world.repository("sick", {
      "lb.yaml": service,
      "post.yaml": hookMap("sick-post", `${HOOK}: PostSync`),
      "fail.yaml": hookMap("sick-fail", `${HOOK}: SyncFail`),
    });
    await world.app("sick", "sick", ".", { health: { timeout: "2s" } });
    await world.kube.until(world.configMap("sick-fail"), "runs", () => true);
    await waitUntil(
      { what: "the Change fails", timeoutMs: 30_000 },
      async () => (await phases("sick"))[0] === "Failed",
    );
    expect(await world.kube.get(world.configMap("sick-post"))).to.equal(undefined);
  });

  it("are found again after a crash right after their creation", async () => {
    await world.operator.stop();
    await world.operator.start({ failpoint: "app:after-hook-created" });
    const repo = await world.repository("crash", {
      "pre.yaml": held("crash", `${HOOK}: PreSync`),
      "c.yaml": configMap("crash", {}),
    });
    await world.app("crash", "crash", ".");
    await world.operator.ended();
    const first = await created("crash");
    await world.operator.start({ failpoint: undefined });
    await world.kube.until<LiveApp>(world.appRef("crash"), "waits", (app) =>
      (condition(app, "Reconciling")?.message ?? "").includes("PreSync hook Job"),
    );
    await end("crash", 0);
    await world.synced("crash", await repo.head());
    expect(await uidOf(job("crash"))).to.equal(first);
    expect(await runs("crash")).to.deep.equal(["PreSync Job crash Succeeded"]);
  });

  it("work as in the example of their page, also where a commit changes nothing else", async () => {
    const page = await readFile(join(repositoryRoot(), "docs/sync/hooks.md"), "utf8");
    const [, example = ""] = /^```yaml\n(.*?)^```$/ms.exec(page) ?? [];
    const repo = await world.repository("page", { "hook.yaml": example });
    await world.app("page", "page", ".");
    await world.synced("page", await repo.head());
    expect(await runs("page")).to.deep.equal(["PreSync Job migrate Succeeded"]);
    const first = await uidOf(job("migrate"));
    const second = await repo.commit({ "hook.yaml": example.replace("migrate:1", "migrate:2") }, "another image");
    await world.poll("page");
    await world.synced("page", second);
    expect(await uidOf(job("migrate"))).to.not.equal(first);
    expect(await phases("page")).to.deep.equal(["Succeeded", "Succeeded"]);
  });

  it("never take over and delete an object that is no hook, nor a record of decisions", async () => {
    await world.kube.create({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "taken", namespace: world.namespace },
      data: { by: "others" },
    });
    await world.repository("taken", {
      "c.yaml": hookMap("taken", `${HOOK}: PreSync, ${HOOK}-delete-policy: HookSucceeded`),
    });
    await world.app("taken", "taken", ".");
    const app = await world.untilCondition("taken", "Ready", "False", "HookFailed");
    expect(condition(app, "Ready")?.message).to.contain("an object with its name exists that is no hook");
    expect((await world.kube.get<RawObject>(world.configMap("taken")))?.data).to.deep.equal({ by: "others" });
    await world.repository("record", {
      "c.yaml": configMap("record", {}),
      "request.yaml": `apiVersion: gitops.overseer.io/v1alpha1\nkind: Change\nmetadata: { name: record-now, annotations: { ${HOOK}: PreSync } }\nspec: { app: { name: taken }, cause: Sync, requester: admin }\n`,
    });
    await world.app("record", "record", ".");
    const refused = await world.untilCondition("record", "Ready", "False");
    expect(condition(refused, "Ready")?.message).to.match(/request\.yaml:1.*decision of a user/s);
    expect(await world.kube.get(world.configMap("record"))).to.equal(undefined);
  });

  it("that left Git are deleted only when the commit without them is applied", async () => {
    const files = { "h.yaml": hookMap("leaves", `${HOOK}: PreSync`), "c.yaml": configMap("stays", { v: "1" }) };
    const repo = await world.repository("leaves", files);
    await world.app("leaves", "leaves", ".");
    await world.synced("leaves", await repo.head());
    await repo.commit({ "h.yaml": null, "c.yaml": configMap("stays", { v: "2" }).replace("data:", "dataa:") }, "bad");
    await world.poll("leaves");
    await world.untilCondition("leaves", "Ready", "False");
    await world.poke("leaves");
    expect(await world.kube.get(world.configMap("leaves")), "the commit is refused").to.not.equal(undefined);
    const good = await repo.commit({ "c.yaml": configMap("stays", { v: "2" }) }, "good");
    await world.poll("leaves");
    await world.synced("leaves", good);
    await world.kube.untilGone(world.configMap("leaves"));
  });

  it("must name phases, policies and durations that exist", async () => {
    await world.repository("words", {
      "a.yaml": hookMap("words-a", `${HOOK}: Before`),
      "b.yaml": hookMap("words-b", `${HOOK}: Sync, ${HOOK}-timeout: soon, ${HOOK}-delete-policy: Never`),
    });
    await world.app("words", "words", ".");
    const app = await world.untilCondition("words", "Ready", "False", "RenderFailed");
    const { message = "" } = condition(app, "Ready") ?? {};
    expect(message).to.contain(
      `a.yaml:1: ConfigMap ${world.namespace}/words-a: annotation ${HOOK}: "Before" must be one of`,
    );
    expect(message).to.contain(`"Never" of a hook must be one of BeforeHookCreation, HookSucceeded, HookFailed`);
    expect(message).to.contain(`annotation ${HOOK}-timeout is "soon": must be a duration`);
  });
});
