import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import type { CoreJob } from "../../../src/api/core/job.js";
import { hasDockerAndBusybox } from "../../../tools/docker/docker.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { DockerBench, FOREVER, shell } from "../../support/docker-bench.js";

/** Lines of the log of a job that show what happens: the document is resolved, the first service starts, the last one starts. */
const STEPS = [/deploying version/, /db-1.*(Started|Waiting)/, /web-1 +Started|web-1 \| /];

/** Main processes of containers whose command has a text. */
function processesWith(text: string): string[] {
  return readdirSync("/proc").filter((name) => {
    if (!/^[0-9]+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").startsWith(`sh\0-c\0echo ${text};`);
    } catch {
      return false;
    }
  });
}

describe("The Docker runner after a crash (needs root, dockerd and busybox)", function () {
  this.timeout(240_000);
  let bench: DockerBench;
  before(async function () {
    if (!hasDockerAndBusybox()) return this.skip();
    bench = await DockerBench.start();
  });
  after(async () => {
    await bench?.stop();
  });
  /** Two services, one after the other, each with a health check that takes a moment. */
  const services = (text: string): Record<string, unknown> => {
    const healthcheck = { test: ["CMD", "test", "-e", "/tmp/ready"], interval: "1s", retries: 30 };
    const script = `echo ${text}; sleep 2; touch /tmp/ready; ${FOREVER}`;
    return {
      db: shell(script, { healthcheck }),
      web: shell(script, { healthcheck, depends_on: { db: { condition: "service_healthy" } } }),
    };
  };
  const logHas = async (id: string, text: RegExp): Promise<void> => {
    await waitUntil({ what: `log of ${id} has ${text}`, timeoutMs: 60_000 }, async () =>
      text.test(await bench.log(id)),
    );
  };
  const runs = async (app: string, job: CoreJob): Promise<void> => {
    expect(job.error).to.equal(null);
    expect((await bench.containers(app)).map((line) => line.replace(/ \S+ /, " "))).to.deep.equal([
      "db running",
      "web running",
    ]);
  };

  let kept: string[] = [];
  it("or a restart of the engine starts the containers that Docker does not start", async () => {
    const both = { docker: shell(FOREVER, { restart: "unless-stopped" }), agent: shell(FOREVER) };
    expect((await bench.deployed("kept", both)).error).to.equal(null);
    kept = await bench.containers("kept");
    await bench.untilApp("kept", "is reported", ({ observed }) => observed !== null);
    await bench.docker.shutDown();
    await bench.docker.restart();
    await waitUntil(
      { what: "all containers of kept run again, the same ones", timeoutMs: 90_000 },
      async () => (await bench.containers("kept")).join() === kept.join(),
    );
    await bench.untilApp(
      "kept",
      "runs without drift",
      ({ status, observed }) => status === "running" && observed?.drift.length === 0,
    );
  });

  it("of the agent completes the job and starts nothing twice, wherever it was killed", async () => {
    for (const [index, point] of STEPS.entries()) {
      const app = `agent${index}`;
      const id = await bench.deploy(app, services("x"));
      await logHas(id, point);
      const before = (await bench.containers(app)).filter((line) => line.endsWith("running"));
      await bench.agent.restart("SIGKILL");
      await runs(app, await bench.ended(id));
      const after = await bench.containers(app);
      for (const line of before) expect(after).to.include(line);
    }
  });

  it("of the agent after the job keeps the containers", async () => {
    const before = await bench.containers("agent0");
    await bench.agent.restart("SIGKILL");
    const id = await bench.deploy("agent0", services("x"));
    await runs("agent0", await bench.ended(id));
    expect(await bench.containers("agent0")).to.deep.equal(before);
  });

  it("of the Core gets the result that the agent has kept", async () => {
    for (const [index, point] of STEPS.entries()) {
      const id = await bench.deploy(`core${index}`, services("x"));
      await logHas(id, point);
      await bench.core.restart("SIGKILL");
      await runs(`core${index}`, await bench.ended(id));
    }
  });

  it("of the engine waits for it, tells of it, and completes the job", async () => {
    const id = await bench.deploy("engine", services("once-after-a-crash"));
    await logHas(id, /db-1/);
    await bench.docker.kill();
    await waitUntil({ what: "the node has a problem", timeoutMs: 30_000 }, async () =>
      /^cannot reach the Docker engine at .*check that docker is running$/.test((await bench.node())?.problem ?? ""),
    );
    expect((await bench.job(id)).status).to.equal("running");
    await bench.docker.restart();
    await runs("engine", await bench.ended(id));
    // A process that a shell has forked has its words until it starts another program.
    await waitUntil(
      { what: "each service has one process", timeoutMs: 30_000 },
      () => processesWith("once-after-a-crash").length === 2,
    );
    await waitUntil(
      { what: "the node has no problem", timeoutMs: 30_000 },
      async () => (await bench.node())?.problem === null,
    );
    const ids = (lines: readonly string[]): string[] => lines.map((line) => line.split(" ")[1] ?? "");
    expect(ids(await bench.containers("kept"))).to.deep.equal(ids(kept));
    for (const { error } of await bench.jobsOf("kept")) expect(error).to.equal(null);
    for (const index of [0, 2]) {
      const again = await bench.deploy(`engine${index}`, services("x"));
      await logHas(again, STEPS[index] ?? /^$/);
      await bench.docker.kill();
      await bench.docker.restart();
      await runs(`engine${index}`, await bench.ended(again));
    }
    const log = await bench.agent.log();
    expect(log).not.to.match(/the configuration of container \S+ was changed/);
    expect(log).not.to.match(/MaxListenersExceededWarning/);
  });

  it("of any of them during a removal completes it", async () => {
    const deaf = shell("trap '' TERM; while :; do sleep 1; done", { stop_grace_period: "2s" });
    const crashes: Readonly<Record<string, () => Promise<void>>> = {
      agent: () => bench.agent.restart("SIGKILL"),
      core: () => bench.core.restart("SIGKILL"),
      docker: async () => {
        await bench.docker.kill();
        await bench.docker.restart();
      },
    };
    for (const [name, crash] of Object.entries(crashes)) {
      expect((await bench.deployed(`removed-${name}`, { web: deaf })).error).to.equal(null);
      const app = await bench.appNamed(`removed-${name}`);
      await bench.call("DELETE", `/api/apps/${app?.id}`);
      const removal = (await bench.jobsOf(`removed-${name}`)).find(({ type }) => type === "remove");
      await logHas(removal?.id ?? "", /Stopping/);
      await crash();
      expect((await bench.ended(removal?.id ?? "")).error, name).to.equal(null);
      expect(await bench.containers(`removed-${name}`), name).to.deep.equal([]);
    }
  });
});
