import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { CoreDrainPlan } from "../../../src/api/core/drain.js";
import type { CoreNode } from "../../../src/api/core/node.js";
import { projectName } from "../../../src/overseer-core/agent/docker/project-name.js";
import { hasDockerAndBusybox } from "../../../tools/docker/docker.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { type AgentProcess, startAgent } from "../../support/core-process.js";
import { DockerBench, FOREVER, IMAGE, shell } from "../../support/docker-bench.js";

const CANARY = "canary-8823-of-a-container";

describe("A deployment by the Docker runner (needs root, dockerd and busybox)", function () {
  this.timeout(180_000);
  let bench: DockerBench;
  let second: AgentProcess | undefined;
  before(async function () {
    if (!hasDockerAndBusybox()) return this.skip();
    bench = await DockerBench.start(["--health-timeout", "20s"]);
  });
  after(async () => {
    await second?.remove();
    await bench?.stop();
  });

  it("runs containers, and its log has what they print", async () => {
    expect(await bench.node()).to.include({ runner: "docker", problem: null });
    const id = await bench.deploy("web", { web: shell(`echo hello from web; ${FOREVER}`) });
    const job = await bench.ended(id);
    expect(job.error).to.equal(null);
    expect(job.result).to.deep.include({ runner: "docker", services: ["web"], volumes: [] });
    expect(await bench.containers("web"))
      .to.have.lengthOf(1)
      .and.match(/^web \S+ running$/);
    expect(await bench.log(id)).to.match(/web-1 \| hello from web/);
    const app = await bench.untilApp("web", "is reported", ({ observed }) => observed !== null);
    expect(app.observed).to.deep.include({ version: 1, drift: [] });
    expect(app.observed?.services[0]).to.include({ name: "web", state: "running" });
  });

  it("that changes nothing keeps the containers", async () => {
    const before = await bench.containers("web");
    const job = await bench.deployed("web", { web: shell(`echo hello from web; ${FOREVER}`) });
    expect(job.status).to.equal("completed");
    expect(await bench.containers("web")).to.deep.equal(before);
  });

  it("waits for health checks and completed services, and reports volumes of images", async () => {
    await bench.docker.busybox("keeps:1", ["VOLUME /kept"]);
    const healthcheck = { test: ["CMD", "test", "-e", "/tmp/ready"], interval: "1s", retries: 20 };
    const job = await bench.deployed("slow", {
      prepare: shell("echo prepared", { restart: "no" }),
      web: shell(`sleep 3; touch /tmp/ready; ${FOREVER}`, {
        image: "keeps:1",
        healthcheck,
        depends_on: { prepare: { condition: "service_completed_successfully" } },
      }),
    });
    expect(job.error).to.equal(null);
    const { observed } = await bench.untilApp("slow", "is reported", (app) => app.observed !== null);
    expect(observed?.services.map(({ name, state }) => `${name} ${state}`)).to.deep.equal([
      "prepare completed",
      "web running",
    ]);
    const path = `/api/nodes/${(await bench.node())?.id}/drain`;
    const { plan } = await bench.call<{ plan: CoreDrainPlan }>("POST", path, { dryRun: true });
    const stays = plan.stays.find(({ app }) => app === "slow");
    expect(stays?.data).to.deep.equal(["anonymous volume /kept of web"]);
  });

  it("passes secrets to containers, and shows them nowhere else", async () => {
    await bench.call("POST", "/api/secrets", { name: "db", value: CANARY });
    const environment = { P: "${SECRET:db}", Q: "$${SECRET:db}" };
    const id = await bench.deploy("secretive", { web: shell(`echo "it is $P, $Q"; ${FOREVER}`, { environment }) });
    expect((await bench.ended(id)).error).to.equal(null);
    const container = await bench.container("secretive", "web");
    expect(await bench.docker.run("logs", container)).to.contain(`it is ${CANARY}, \${SECRET:db}`);
    const log = await bench.log(id);
    expect(log).to.contain("it is ***");
    const failed = await bench.deploy("leaky", {
      web: shell(`echo $P; exit 3`, { environment, image: IMAGE, restart: "no" }),
    });
    expect((await bench.ended(failed)).error).to.match(/exited with code 3; last lines of its log: \*\*\*/);
    const invalid = await bench.deploy("invalid", { web: shell(FOREVER, { environment, ports: ["${SECRET:db}:80"] }) });
    expect((await bench.ended(invalid)).status).to.equal("failed");
    const texts = [
      await bench.agent.log(),
      await bench.core.log(),
      log,
      await bench.log(failed),
      await bench.log(invalid),
    ];
    for (const path of ["/api/jobs", "/api/apps", "/api/audit"])
      texts.push(JSON.stringify(await bench.call("GET", path)));
    const files = readdirSync(bench.agent.dataDir, { recursive: true, withFileTypes: true }).filter((one) =>
      one.isFile(),
    );
    for (const { parentPath, name } of files) texts.push(readFileSync(join(parentPath, name), "latin1"));
    for (const text of texts) expect(text).not.to.include(CANARY);
  });

  it("passes secrets in configs as files, which docker inspect does not show, and replaces them when they change", async () => {
    const value = `${CANARY}-in-a-file`;
    const { secret } = await bench.call<{ secret: { id: string } }>("POST", "/api/secrets", { name: "file", value });
    const web = shell(FOREVER, { configs: [{ source: "db", target: "/run/secrets/db" }] });
    const deployed = () => bench.deployed("files", { web }, { configs: { db: { content: "it is ${SECRET:file}" } } });
    for (const current of [value, `${value}-changed`]) {
      await bench.call("PUT", `/api/secrets/${secret.id}`, { value: current });
      const job = await deployed();
      expect(job.error).to.equal(null);
      const container = await bench.container("files", "web");
      expect(await bench.docker.run("exec", container, "cat", "/run/secrets/db")).to.equal(`it is ${current}`);
      expect(await bench.docker.run("inspect", container))
        .to.contain(IMAGE)
        .and.not.contain(CANARY);
      expect(await bench.log(job.id)).to.not.contain(CANARY);
    }
  });

  it("is removed with its app; named volumes stay and are used again by an app of this name", async () => {
    const services = {
      web: shell(`test -e /data/x && echo found; touch /data/x; ${FOREVER}`, { volumes: ["data:/data"] }),
    };
    expect((await bench.deployed("kept", services, { volumes: { data: {} } })).error).to.equal(null);
    const app = await bench.appNamed("kept");
    await bench.call("DELETE", `/api/apps/${app?.id}`);
    const removal = (await bench.jobsOf("kept")).find(({ type }) => type === "remove");
    const removed = await bench.ended(removal?.id ?? "");
    expect(removed.status).to.equal("completed");
    expect(removed.result?.volumes).to.deep.equal([
      (await bench.docker.run("volume", "ls", "-q", "--filter", "name=kept-")).trim(),
    ]);
    expect(await bench.containers("kept")).to.deep.equal([]);
    const again = await bench.deploy("kept", services, { volumes: { data: {} } });
    expect((await bench.ended(again)).error).to.equal(null);
    expect(await bench.log(again)).to.contain("found");
  });

  it("moves to another node when its own is drained, and stays with its volumes until it may leave them", async () => {
    const fills = { web: shell(`ls /data; touch /data/file; ${FOREVER}`, { volumes: ["data:/data"] }) };
    expect((await bench.deployed("stays", fills, { volumes: { data: {} } })).error).to.equal(null);
    const [before, web] = [await bench.containers("stays"), await bench.containers("web")];
    const flags = ["--runner", "docker", "--heartbeat", "500ms"];
    second = await startAgent(bench.core, "node-2", { flags, env: bench.docker.env });
    const { nodes } = await bench.call<{ nodes: CoreNode[] }>("GET", "/api/nodes");
    const idOf = (name: string): string => nodes.find((node) => node.name === name)?.id ?? "";
    const path = `/api/nodes/${idOf("node-1")}/drain`;
    const drain = (body: unknown) => bench.call<{ plan: CoreDrainPlan }>("POST", path, body);
    const { plan } = await drain({ dryRun: true });
    expect(plan.moves).to.deep.include({ app: "web", to: "node-2" });
    expect(plan.stays.find(({ app }) => app === "stays")?.data).to.deep.equal(["volume data"]);
    await drain({ moves: plan.moves.map(({ app }) => app) });
    const projects = async (app: string): Promise<string[]> => {
      const format = '{{.Label "com.docker.compose.project"}}';
      const names = (await bench.docker.run("ps", "--all", "--format", format)).split("\n");
      return names.filter((name) => name.startsWith(`${app}-`));
    };
    const only = [projectName("node-2", "web")];
    await waitUntil({ what: "web runs on node-2 only", timeoutMs: 60_000 }, async () => {
      return JSON.stringify(await projects("web")) === JSON.stringify(only);
    });
    expect(await bench.containers("web"))
      .to.have.length(1)
      .and.not.to.deep.equal(web);
    expect(await bench.containers("stays"), "an app with a volume").to.deep.equal(before);
    const app = await bench.appNamed("stays");
    const { job } = await bench.call<{ job: { id: string } }>("POST", `/api/apps/${app?.id}/deploy`, {
      leaveData: true,
    });
    expect((await bench.ended(job.id)).error).to.equal(null);
    expect(await bench.log(job.id), "the new volume is empty").not.to.contain("file");
    await waitUntil({ what: "stays runs on node-2 only", timeoutMs: 60_000 }, async () => {
      return JSON.stringify(await projects("stays")) === JSON.stringify([projectName("node-2", "stays")]);
    });
    const volumes = (await bench.docker.run("volume", "ls", "--quiet")).split("\n");
    for (const node of ["node-1", "node-2"]) expect(volumes).to.include(`${projectName(node, "stays")}_data`);
  });
});
