import { expect } from "chai";
import { Docker, hasDockerAndBusybox } from "../../../tools/docker/docker.js";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../tools/temporary-folder.js";
import { appDocument, CoreBench } from "../../support/core-bench.js";
import { type AgentProcess, startAgent } from "../../support/core-process.js";
import { FOREVER, IMAGE, shell } from "../../support/docker-bench.js";
import { condition, World } from "../../support/world.js";

describe("An OverseerApp whose containers run on a node (needs root, dockerd and busybox)", function () {
  this.timeout(240_000);
  let world: World;
  let docker: Docker;
  let core: CoreBench;
  let agent: AgentProcess;
  let folder: TemporaryFolder;
  before(async function () {
    if (!hasDockerAndBusybox()) return this.skip();
    docker = await Docker.start();
    await docker.withCompose();
    await docker.busybox(IMAGE);
    world = await World.create("docker-health");
    core = await CoreBench.start(world, { withoutAgent: true });
    folder = await makeTemporaryFolder("overseer-node-");
    const flags = [
      "--runner",
      "docker",
      "--allow",
      "network_mode,docker_socket,volumes.external",
      "--bind-roots",
      folder.path,
    ];
    agent = await startAgent(core.core, "node-1", { flags, env: docker.env });
  });
  after(async () => {
    await agent?.remove();
    await core?.stop();
    await world?.remove();
    await docker?.stop();
    await folder?.remove();
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

  it("gets on its node what Policies of its source leave to it, although the node allows more", async () => {
    const policy = (name: string, spec: object): string =>
      JSON.stringify({ apiVersion: "overseer.io/v1", kind: "Policy", metadata: { name }, spec });
    const external = { volumes: { theirs: { external: true } } };
    const app = ({ volumes, ...rest }: { volumes?: readonly string[]; [key: string]: unknown }): string =>
      appDocument(
        "strict",
        { web: shell(FOREVER, { ...rest, ...(volumes && { volumes }) }) },
        {},
        volumes?.[0]?.startsWith("theirs:") ? external : {},
      );
    const repo = await world.repository("strict", {
      "limits.yaml": policy("limits", { resources: { cpus: 0.5, memory: "32m" } }),
      "network.yaml": policy("network", { network: { isolated: true } }),
      "host.yaml": policy("host", { hostAccess: { paths: [`${folder.path}/media`] } }),
      "app.yaml": app({ ports: ["127.0.0.1::80"], volumes: [`${folder.path}/media/films:/films`] }),
    });
    await core.app("strict", "strict", ".");
    await world.synced("strict", await repo.head(), 60_000);
    const id = (await docker.run("ps", "--quiet", "--filter", "name=strict-")).trim();
    const limits = await docker.run("inspect", "--format", "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}", id);
    expect(limits.trim()).to.equal(`${32 * 2 ** 20} 500000000`);
    for (const [rest, message] of [
      [
        { ports: ["80"] },
        "services.web.ports[0]: a Policy isolates the app (network.isolated): publish it on 127.0.0.1",
      ],
      [{ network_mode: "host" }, "services.web.network_mode: a Policy isolates the app"],
      [{ volumes: [`${folder.path}/other:/o`] }, "/other is not in hostAccess.paths of the Policy of the app"],
      [
        { volumes: ["theirs:/t"] },
        "volumes.theirs.external: the Policy of the app has no hostAccess.externalVolumes: set it to true",
      ],
      [{ volumes: [`${docker.socket}:/s`] }, "the Policy of the app has no hostAccess.dockerSocket"],
    ] as const) {
      await repo.commit({ "app.yaml": app(rest) }, message.slice(0, 30));
      await world.poll("strict");
      await world.kube.until(world.appRef("strict"), `says ${message}`, (live) =>
        (condition(live as never, "Healthy")?.message ?? "").includes(message),
      );
    }
    expect((await docker.run("ps", "--quiet", "--filter", "name=strict-")).trim(), "what ran before").to.equal(id);
    const head = await repo.commit({ "app.yaml": app({ ports: ["80"] }), "network.yaml": null }, "Open the port");
    await world.poll("strict");
    await world.synced("strict", head, 60_000);
  });

  it("is Degraded while the engine is not reachable, and Healthy when it is back", async () => {
    await docker.kill();
    const degraded = await world.untilCondition("web", "Healthy", "False", "Degraded");
    expect(condition(degraded, "Healthy")?.message).to.match(/node-1: cannot reach the Docker engine/);
    await docker.restart();
    await world.synced("web", undefined, 60_000);
  });
});
