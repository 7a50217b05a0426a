import { expect } from "chai";
import { appDocument, CoreBench } from "../../support/core-bench.js";
import type { GitRepo } from "../../support/git-server.js";
import { condition, World } from "../../support/world.js";

const FAR = { apiVersion: "overseer.io/v1", kind: "App", metadata: { name: "far" } };

describe("A deployment by an Overseer Core", function () {
  this.timeout(120_000);
  let world: World;
  let core: CoreBench;
  let repo: GitRepo;
  before(async () => {
    world = await World.create("core-deploy");
    core = await CoreBench.start(world);
    repo = await world.repository("web", { "web.yaml": appDocument("web", { web: { image: "nginx:1" } }) });
    await core.app("web", "web", ".");
    await world.synced("web");
  });
  after(async () => {
    await core?.stop();
    await world?.remove();
  });
  const commit = async (image: string): Promise<string> => {
    const head = await repo.commit({ "web.yaml": appDocument("web", { web: { image } }) }, image);
    await world.poll("web");
    return head;
  };

  it("that is under way is Progressing, and says on which node, and that it is simulated", async () => {
    const slow = appDocument("slow", { web: { image: "nginx:1", labels: { "overseer.simulated.seconds": "3" } } });
    await repo.commit({ "slow.yaml": slow }, "slow");
    await world.poll("web");
    const app = await world.kube.until(world.appRef("web"), "is deploying", (live) =>
      /App slow deploy job is running on node-1 \(simulated\)/.test(condition(live as never, "Ready")?.message ?? ""),
    );
    expect(condition(app as never, "Ready")?.status).to.equal("Unknown");
    await world.synced("web", await repo.head());
    await repo.commit({ "slow.yaml": null }, "no slow");
    await world.poll("web");
    await world.synced("web", await repo.head());
  });

  it("that fails ends the Change at once, with the last lines of its log", async () => {
    await commit("simulated/fails:1");
    const app = await world.untilCondition("web", "Healthy", "False", "Degraded");
    expect(condition(app, "Healthy")?.message).to.match(
      /^App web deploy job \S+ failed on node-1 \(simulated\): .*last lines of its log: .*\[simulated\]/,
    );
    expect(app.status?.problems?.[0]?.message).to.contain("[simulated]");
    const change = (await world.changes("web")).at(-1);
    expect(change?.status?.phase).to.equal("Failed");
    expect(change?.status?.message).to.match(/App web deploy job .* failed on node-1/);
    await world.told("web", "HealthFailed: ");
  });

  it("that failed is not asked for again and again", async () => {
    await world.poke("web");
    await world.poke("web");
    const version = (await core.appNamed("web"))?.version;
    expect((await core.jobsOf("web")).filter((job) => job.endsWith(`v${version}`))).to.deep.equal([
      `deploy failed v${version}`,
    ]);
  });

  it("is mended by the next commit, which goes back to what ran before", async () => {
    const head = await commit("nginx:1");
    await world.synced("web", head);
    expect((await core.appNamed("web"))?.status).to.equal("running");
    expect((await world.changes("web")).at(-1)?.status?.phase).to.equal("Succeeded");
  });

  it("that failed and is retried in the Core by a person counts as healthy when it is", async () => {
    await commit("simulated/fails-once:1");
    await world.untilCondition("web", "Healthy", "False", "Degraded");
    const version = (await core.appNamed("web"))?.version;
    const newest = (await core.list("jobs")).find(
      ({ payload }) => payload.app === "web" && payload.version === version,
    );
    await core.call("POST", `/api/jobs/${newest?.id}/retry`);
    await world.synced("web", await repo.head());
  });

  it("waits for a node that is not registered, and names it", async () => {
    const other = await world.repository("far", {
      "far.yaml": appDocument("far", { web: { image: "f:1" } }, { targetNode: "node-2" }),
    });
    await core.app("far", "far", ".");
    const app = await world.untilCondition("far", "Waiting", "True", "References");
    expect(condition(app, "Waiting")?.message).to.contain("node node-2 (start its agent so that it registers)");
    const second = await core.secondAgent("node-2");
    await world.synced("far", await other.head());
    expect((await core.appNamed("far"))?.status).to.equal("running");

    // The same app, on its way to another node with data on this one.
    const stateful = (targetNode: string): string => {
      const compose = { services: { web: { image: "f:1", volumes: ["data:/data"] } }, volumes: { data: {} } };
      return JSON.stringify({ ...FAR, spec: { targetNode, compose } });
    };
    const withVolume = await other.commit({ "far.yaml": stateful("node-2") }, "a volume");
    await world.poll("far");
    await world.synced("far", withVolume);
    const moved = await other.commit({ "far.yaml": stateful("node-1") }, "to node-1");
    await world.poll("far");
    const refused = await world.untilCondition("far", "Ready", "False", "ApplyFailed");
    expect(condition(refused, "Ready")?.message).to.contain(
      "far has data on the node node-2 that does not move to node-1: volume data.",
    );
    const { id, status } = (await core.appNamed("far")) ?? {};
    expect(status).to.equal("running");
    await core.call("POST", `/api/apps/${id}/deploy`, { leaveData: true });
    await world.synced("far", moved);
    await second.remove();
  });

  it("to a node that takes no more is told, and done when it does", async () => {
    const node = (await core.list("nodes")).find(({ name }) => name === "node-1");
    await core.call("PUT", `/api/nodes/${node?.id}/config`, { config: { schedulable: false } });
    const head = await commit("nginx:3");
    const app = await world.untilCondition("web", "Ready", "False", "ApplyFailed");
    expect(condition(app, "Ready")?.message).to.match(/App web: the Core at .* reported a conflict \(409\): .*node-1/);
    await core.call("PUT", `/api/nodes/${node?.id}/config`, { config: { schedulable: true } });
    await world.synced("web", head);
  });
});
