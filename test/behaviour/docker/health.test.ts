import { expect } from "chai";
import { appDocument, CoreBench } from "../../support/core-bench.js";
import { type AgentProcess, startAgent } from "../../support/core-process.js";
import { Docker, hasDockerAndBusybox } from "../../support/docker.js";
import { FOREVER, IMAGE, shell } from "../../support/docker-bench.js";
import { condition, World } from "../../support/world.js";

describe("An OverseerApp whose containers run on a node (needs root, dockerd and busybox)", function () {
  this.timeout(240_000);
  let world: World;
  let docker: Docker;
  let core: CoreBench;
  let agent: AgentProcess;
  before(async function () {
    if (!hasDockerAndBusybox()) return this.skip();
    docker = await Docker.start();
    await docker.withCompose();
    await docker.busybox(IMAGE);
    world = await World.create("docker-health");
    core = await CoreBench.start(world, { withoutAgent: true });
    agent = await startAgent(core.core, "node-1", { flags: ["--runner", "docker"], env: docker.env });
  });
  after(async () => {
    await agent?.remove();
    await core?.stop();
    await world?.remove();
    await docker?.stop();
  });

  it("is Degraded, with service, exit code and log line, while one of them crashes", async () => {
    const script = `while ! test -e /data/crash; do sleep 1; done; echo no disk; exit 5`;
    const web = shell(script, { volumes: ["data:/data"] });
    const repo = await world.repository("web", {
      "web.yaml": appDocument("web", { web }, {}, { volumes: { data: {} } }),
    });
    await core.app("web", "web", ".");
    const synced = await world.synced("web", await repo.head(), 60_000);
    expect(condition(synced, "Healthy")?.message ?? "").not.to.contain("simulated");
    const id = (await docker.run("ps", "--quiet")).trim();
    await docker.run("exec", id, "touch", "/data/crash");
    const degraded = await world.untilCondition("web", "Healthy", "False", "Degraded");
    expect(condition(degraded, "Healthy")?.message).to.match(
      /^App web on node-1: service web \(container web-\S+-web-1\) has exited with code 5, last log line: no disk/,
    );
    const fixed = shell(FOREVER, { volumes: ["data:/data"] });
    const head = await repo.commit(
      { "web.yaml": appDocument("web", { web: fixed }, {}, { volumes: { data: {} } }) },
      "fix",
    );
    await world.poll("web");
    await world.synced("web", head, 60_000);
  });

  it("is Degraded while the engine is not reachable, and Healthy when it is back", async () => {
    await docker.kill();
    const degraded = await world.untilCondition("web", "Healthy", "False", "Degraded");
    expect(condition(degraded, "Healthy")?.message).to.match(/node-1: cannot reach the Docker engine/);
    await docker.restart();
    await world.synced("web", undefined, 60_000);
  });
});
