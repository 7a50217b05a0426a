import { expect } from "chai";
import { waitUntil } from "../../../tools/wait-until.js";
import { appDocument, CoreBench } from "../../support/core-bench.js";
import { condition, World } from "../../support/world.js";

const PLAIN = "services:\n  web:\n    image: theirs:1\n";

describe("Whose something in an Overseer Core is", function () {
  this.timeout(120_000);
  let world: World;
  let core: CoreBench;
  before(async () => {
    world = await World.create("core-owner");
    core = await CoreBench.start(world);
  });
  after(async () => {
    await core?.stop();
    await world?.remove();
  });
  const goneFromCore = (name: string): Promise<unknown> =>
    waitUntil({ what: `${name} is gone`, timeoutMs: 30_000 }, async () => (await core.appNamed(name)) === undefined);

  it("an existing app of others is refused and left unchanged, until adoption is requested", async () => {
    await core.call("POST", "/api/apps", { name: "old", compose: PLAIN });
    await world.repository("old", { "old.yaml": appDocument("old", { web: { image: "ours:1" } }) });
    await core.app("old", "old", ".");
    const app = await world.untilCondition("old", "Ready", "False", "ApplyRefused");
    expect(condition(app, "Ready")?.message).to.match(
      /old\.yaml:1: App old: exists in the Core already.*sync\.adopt: Always/,
    );
    expect((await core.appNamed("old"))?.compose).to.equal(PLAIN);
    await core.app("old", "old", ".", { sync: { adopt: "Always" } });
    await world.synced("old");
    expect((await core.appNamed("old"))?.compose).to.contain("ours:1");
    expect((await world.changes("old")).at(-1)?.status?.plan?.[0]?.verb).to.equal("Adopt");
  });

  it("another app's is refused by name, also with adopt: Always", async () => {
    await world.repository("thief", { "old.yaml": appDocument("old", { web: { image: "thief:1" } }) });
    await core.app("thief", "thief", ".", { sync: { adopt: "Always" } });
    const app = await world.untilCondition("thief", "Ready", "False", "ApplyRefused");
    expect(condition(app, "Ready")?.message).to.contain(`belongs to OverseerApp ${world.namespace}/old`);
    expect((await core.appNamed("old"))?.compose).to.contain("ours:1");
    await world.kube.delete(world.appRef("thief"));
    await world.kube.untilGone(world.appRef("thief"));
    expect(await core.appNamed("old"), "its end touches nothing").not.to.equal(undefined);
  });

  it("a host port that another app uses is refused with its place, until that app moves", async () => {
    const publishing = (name: string, port: string): string =>
      appDocument(name, { web: { image: "web:1", ports: [port] } });
    const first = await world.repository("first-port", { "one.yaml": publishing("giver", "8080:80") });
    await core.app("first-port", "first-port", ".");
    await world.synced("first-port");
    await world.repository("second-port", { "two.yaml": `\n${publishing("taker", "127.0.0.1:8080:80")}` });
    await core.app("second-port", "second-port", ".");
    const app = await world.untilCondition("second-port", "Ready", "False", "ApplyRefused");
    expect(condition(app, "Ready")?.message).to.match(
      new RegExp(
        `two\\.yaml:2: App taker: service web publishes host port 8080/tcp of node node-1, which app giver \\(of OverseerApp ${world.namespace}/first-port\\)`,
      ),
    );
    expect(await core.appNamed("taker"), "nothing was written").to.equal(undefined);
    await first.commit({ "one.yaml": publishing("giver", "8081:80") }, "moved");
    await world.poll("first-port");
    await world.synced("second-port");
    expect((await core.appNamed("taker"))?.compose).to.contain("127.0.0.1:8080:80");
  });

  it("what leaves Git is deleted, route and policy first; volumes and others' objects stay", async () => {
    const data = appDocument(
      "data",
      { db: { image: "postgres:17", volumes: ["data:/data"], ports: ["5432"] } },
      { domain: "data.example.com", backup: {} },
    );
    const repo = await world.repository("data", {
      "data.yaml": data,
      "other.yaml": appDocument("other", { web: { image: "o:1" } }),
    });
    await core.app("data", "data", ".");
    await world.synced("data");
    const before = await core.core.volumes("node-1", "data");
    expect(Object.keys(before)).to.deep.equal(["data"]);
    await repo.commit({ "data.yaml": null }, "gone");
    await world.poll("data");
    await goneFromCore("data");
    await world.synced("data");
    expect((await core.list("routes")).filter(({ hostname }) => hostname === "data.example.com")).to.deep.equal([]);
    expect((await core.list("policies")).filter(({ name }) => name === "data")).to.deep.equal([]);
    expect(await core.appNamed("old"), "another app's").not.to.equal(undefined);
    await waitUntil({ what: "the kept volumes are told", timeoutMs: 30_000 }, async () =>
      (await world.events("data")).some((event) =>
        /App data is removed; its volumes stay on the node: data/.test(event),
      ),
    );
    await waitUntil({ what: "the remove job is done", timeoutMs: 30_000 }, async () =>
      (await core.jobsOf("data")).includes("remove completed"),
    );

    await repo.commit({ "data.yaml": data }, "back");
    await world.poll("data");
    await world.synced("data", await repo.head());
    expect(await core.core.volumes("node-1", "data"), "the same volume is attached again").to.deep.equal(before);
  });

  it("a person's edit of our mark makes it nobody's: it is neither changed nor deleted", async () => {
    const repo = await world.repository("lost", {
      "lost.yaml": appDocument("lost", { web: { image: "l:1" } }),
      "stay.yaml": appDocument("stay", { web: { image: "s:1" } }),
    });
    await core.app("lost", "lost", ".");
    await world.synced("lost");
    await core.edit("lost", { metadata: {} });
    const app = await world.untilCondition("lost", "Drifted", "True");
    expect(condition(app, "Drifted")?.message).to.match(/App lost: cannot be re-created: exists in the Core already/);
    await repo.commit({ "lost.yaml": null }, "gone");
    await world.poll("lost");
    await world.synced("lost", await repo.head());
    expect(await core.appNamed("lost"), "not ours any more").not.to.equal(undefined);
  });

  it("a node's configuration that leaves Git is taken back, and the node stays", async () => {
    const config = JSON.stringify({
      apiVersion: "overseer.io/v1",
      kind: "Node",
      metadata: { name: "node-1" },
      spec: { description: "the first", labels: { disk: "ssd" } },
    });
    const policy = JSON.stringify({
      apiVersion: "overseer.io/v1",
      kind: "Policy",
      metadata: { name: "nightly" },
      spec: { backup: { schedule: "0 1 * * *" } },
    });
    const repo = await world.repository("infra", { "node.yaml": config, "policy.yaml": policy });
    await core.app("infra", "infra", ".");
    await world.synced("infra");
    const [before] = await core.list("nodes");
    expect(before?.config).to.deep.equal({ description: "the first", labels: { disk: "ssd" }, schedulable: true });
    expect((await core.list("policies")).find(({ name }) => name === "nightly")).to.include({ appId: null });
    await repo.commit({ "node.yaml": null }, "no node");
    await world.poll("infra");
    await world.synced("infra", await repo.head());
    const [after] = await core.list("nodes");
    expect(after?.id).to.equal(before?.id);
    expect(after?.config).to.deep.equal({ labels: {}, schedulable: true });
    expect(after?.metadata).to.deep.equal({});
  });

  it("what moves to another app is handed over, and is never away", async () => {
    const moving = appDocument("moving", { web: { image: "m:1" } });
    const repo = await world.repository("two", {
      "a/moving.yaml": moving,
      "a/one.yaml": appDocument("one", { web: { image: "1:1" } }),
      "b/two.yaml": appDocument("two", { web: { image: "2:1" } }),
    });
    await core.app("from", "two", "a");
    await core.app("to", "two", "b");
    await world.synced("from");
    await world.synced("to");
    const { id, version } = await core.untilApp("moving", "is there", () => true);
    const head = await repo.commit({ "a/moving.yaml": null, "b/moving.yaml": moving }, "moves");
    await world.poll("two");
    await world.synced("from", head);
    await world.synced("to", head);
    const after = await core.untilApp(
      "moving",
      "is the other's",
      ({ metadata }) => (metadata["overseer-gitops"] as { app: string }).app === `${world.namespace}/to`,
    );
    expect({ id: after.id, version: after.version }).to.deep.equal({ id, version });
    expect(await core.jobsOf("moving")).to.deep.equal(["deploy completed v1"]);
  });

  it("a deleted app deletes its own objects in order, and says what it waits for", async () => {
    core.proxy.setFault((request) => (request.method === "DELETE" ? { kind: "answer", status: 500 } : undefined));
    await world.kube.delete(world.appRef("data"));
    await world.kube.until(world.appRef("data"), "says why", (live) =>
      /waiting for deletion of .*Core at .* failed \(500\)/.test(condition(live as never, "Ready")?.message ?? ""),
    );
    core.proxy.setFault(undefined);
    await world.kube.untilGone(world.appRef("data"));
    await goneFromCore("data");
    expect((await core.list("routes")).filter(({ hostname }) => hostname === "data.example.com")).to.deep.equal([]);
  });

  it("with deletionPolicy Orphan all stays, also while the Core cannot be reached", async () => {
    await core.app("to", "two", "b", { deletionPolicy: "Orphan" });
    core.proxy.setFault(() => ({ kind: "cut" }));
    await world.kube.delete(world.appRef("to"));
    await world.kube.untilGone(world.appRef("to"));
    core.proxy.setFault(undefined);
    expect(await core.appNamed("two")).not.to.equal(undefined);
  });
});
