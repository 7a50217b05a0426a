import { join } from "node:path";
import { expect } from "chai";
import { hasDockerAndBusybox } from "../../../tools/docker/docker.js";
import { runCommand } from "../../../tools/run-command.js";
import { DockerBench, FOREVER, IMAGE, shell } from "../../support/docker-bench.js";
import { denyingRegistry, type ListeningServer } from "../../support/docker-registry.js";

describe("A failed deployment by the Docker runner (needs root, dockerd and busybox)", function () {
  this.timeout(180_000);
  let bench: DockerBench;
  let registry: ListeningServer;
  before(async function () {
    if (!hasDockerAndBusybox()) return this.skip();
    bench = await DockerBench.start(["--health-timeout", "6s"]);
    registry = await denyingRegistry();
    expect((await bench.deployed("good", { web: shell(FOREVER, { ports: ["127.0.0.1:18471:80"] }) })).error).to.equal(
      null,
    );
  });
  after(async () => {
    await registry?.close();
    await bench?.stop();
  });
  const errorOf = async (name: string, services: Record<string, unknown>, rest = {}): Promise<string> => {
    const job = await bench.deployed(name, services, rest);
    expect(job.status).to.equal("failed");
    return job.error ?? "";
  };

  it("says which image cannot be pulled, and keeps what ran", async () => {
    const before = await bench.containers("good");
    expect(await errorOf("good", { web: shell(FOREVER, { image: `${registry.address}/private/x:1` }) })).to.match(
      /an image cannot be pulled: the registry denied the pull.*docker login on the node/,
    );
    expect(await errorOf("good", { web: shell(FOREVER, { image: "127.0.0.1:1/x:1" }) })).to.match(
      /the registry of an image is not reachable/,
    );
    expect(await errorOf("good", { web: shell(FOREVER, { image: "nowhere:1", pull_policy: "never" }) })).to.match(
      /service web: image nowhere:1 is not on the node, and pull_policy is never/,
    );
    expect(await bench.containers("good")).to.deep.equal(before);
  });

  it("says what is wrong with a document, before anything starts", async () => {
    const before = await bench.containers("good");
    expect(await errorOf("good", { web: shell(FOREVER, { ports: "80" }) })).to.match(
      /the Compose document is invalid: .*ports/,
    );
    expect(await errorOf("good", { web: shell(FOREVER, { depends_on: ["db"] }) })).to.match(
      /the Compose document is invalid: .*db/,
    );
    expect(await errorOf("good", { web: shell(FOREVER, { env_file: "/etc/shadow" }) })).to.match(
      /cannot run on a node: services.web.env_file: set environment instead/,
    );
    const merged = { image: IMAGE, extends: "base" };
    const base = { image: IMAGE, privileged: true, volumes: ["/:/host"] };
    expect(await errorOf("good", { web: merged, base })).to.match(
      /services.web.privileged: .*services.web.volumes\[0\]: not allowed on this node; .*--allow docker_socket/,
    );
    expect(await errorOf("good", { web: shell(FOREVER, { profiles: ["never"] }) })).to.match(/no service is active/);
    expect(await errorOf("good", { web: shell(FOREVER, { network_mode: "${MODE:-host}" }) })).to.match(
      /services.web.network_mode/,
    );
    expect(await errorOf("good", { web: { image: IMAGE, environment: { P: "${SECRET:none}" } } })).to.match(
      /secret none not found/,
    );
    expect(await bench.containers("good")).to.deep.equal(before);
  });

  it("says that a port is in use", async () => {
    expect(await errorOf("second", { web: shell(FOREVER, { ports: ["127.0.0.1:18471:80"] }) })).to.match(
      /host port 127.0.0.1:18471 is already in use on the node/,
    );
  });

  it("says that the disk of engine or agent is full, and continues when there is space", async () => {
    const web = { web: shell(FOREVER, { volumes: ["data:/data"] }) };
    for (const path of [join(bench.docker.dataRoot, "volumes"), join(bench.agent.dataDir, "apps")]) {
      // A file system on which nothing can be created.
      await runCommand("mount", ["-t", "tmpfs", "-o", "nr_inodes=1", "tmpfs", path]);
      try {
        expect(await errorOf("full", web, { volumes: { data: {} } })).to.match(
          /the disk of the node is full: free space/,
        );
      } finally {
        await runCommand("umount", [path]);
      }
    }
    expect((await bench.deployed("full", web, { volumes: { data: {} } })).error).to.equal(null);
  });

  it("returns to the version before when a container exits at once", async () => {
    expect((await bench.deployed("back", { web: shell(`echo one; ${FOREVER}`) })).error).to.equal(null);
    const error = await errorOf("back", { web: shell("echo cannot read the config; exit 7", { restart: "no" }) });
    expect(error).to.match(
      /service web: container back-\S+-web-1 exited with code 7; last lines of its log: cannot read the config/,
    );
    expect(error).to.match(/; version 1 runs again$/);
    expect(await bench.docker.run("logs", await bench.container("back", "web"))).to.equal("one\n");
    const { observed, status } = await bench.untilApp("back", "is reported", (app) => app.observed?.drift.length === 0);
    expect(observed?.version).to.equal(1);
    expect(status).to.equal("error");
  });

  it("keeps anonymous volumes when the failed version dropped their service, or had more containers of it", async () => {
    const db = shell(FOREVER, { volumes: ["/kept"] });
    expect((await bench.deployed("volumes", { db })).error).to.equal(null);
    await bench.docker.run("exec", await bench.container("volumes", "db"), "touch", "/kept/data");
    const exits = (rest: Record<string, unknown>) => shell("exit 7", { restart: "no", volumes: ["/kept"], ...rest });
    for (const failing of [{ database: exits({}) }, { db: exits({ deploy: { replicas: 2 } }) }]) {
      expect(await errorOf("volumes", failing)).to.match(/; version 1 runs again$/);
      const id = await bench.container("volumes", "db");
      expect((await bench.docker.run("exec", id, "ls", "/kept")).trim(), Object.keys(failing)[0]).to.equal("data");
    }
    const renamed = shell(FOREVER, { container_name: "volumes-renamed" });
    expect((await bench.deployed("volumes", { renamed })).error).to.equal(null);
    expect(await bench.containers("volumes"), "orphans are removed").to.have.length(1);
  });

  it("tells of a container that restarts again and again, and of one that is never healthy", async () => {
    expect(await errorOf("loops", { web: shell("exit 4", { restart: "always" }) })).to.match(
      /exited 3 times, last with code 4|exited \d times/,
    );
    const never = { test: ["CMD", "false"], interval: "1s", retries: 100 };
    expect(await errorOf("never", { web: shell(FOREVER, { healthcheck: never }) })).to.match(
      /not healthy within 6 s \(--health-timeout\): service web is starting, its health check has not succeeded/,
    );
    const unhealthy = { test: "echo no database; exit 1", interval: "1s", retries: 2 };
    expect(await errorOf("sick", { web: shell(FOREVER, { healthcheck: unhealthy }) })).to.match(
      /container sick-\S+-web-1 is unhealthy: its health check fails \(no database\)/,
    );
  });
});
