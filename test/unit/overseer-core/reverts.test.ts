import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { systemClock } from "../../../src/base/clock.js";
import { silentLogger } from "../../../src/base/logger.js";
import { NodeAgent } from "../../../src/overseer-core/agent/agent.js";
import { AgentCoreClient } from "../../../src/overseer-core/agent/core-client.js";
import { Journal } from "../../../src/overseer-core/agent/journal.js";
import { RunError, type Runner, type RunnerReports } from "../../../src/overseer-core/agent/runner.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { CoreRig, list } from "./rig.js";

/** Runs nothing, and notes what runs at the same time. Deployments end when `hold` is false, or by `release`. */
class HeldRunner implements Runner {
  readonly name = "docker";
  readonly data = { backup: refuse, restore: refuse };
  readonly started: string[] = [];
  readonly #running = new Map<string, () => void>();
  hold = false;
  most = 0;
  reports: RunnerReports | undefined;

  async deploy({ project }: { readonly project: string }, _log: unknown, signal: AbortSignal) {
    if (this.#running.has(project)) throw new Error(`${project} is deployed twice at once`);
    this.started.push(project);
    if (this.hold) {
      await new Promise<void>((resolve, reject) => {
        this.#running.set(project, resolve);
        this.most = Math.max(this.most, this.#running.size);
        signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      }).finally(() => this.#running.delete(project));
    }
    return { runner: "docker", services: ["web"], volumes: [] };
  }

  async remove() {
    return { runner: "docker", services: [], volumes: [] };
  }

  watch(reports: RunnerReports, signal: AbortSignal): Promise<void> {
    this.reports = reports;
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  }

  get running(): readonly string[] {
    return [...this.#running.keys()];
  }

  release(): void {
    this.hold = false;
    for (const end of this.#running.values()) end();
  }
}

function refuse(): never {
  throw new RunError("no data");
}

describe("reverts of drift on a node", function () {
  this.timeout(60_000);
  const names = Array.from({ length: 9 }, (_, index) => `app-${index}`);
  let core: CoreRig;
  let token: string;
  let agent: NodeAgent;
  let runner: HeldRunner;
  before(async () => {
    core = await CoreRig.start();
    token = await core.token("agent", "agent");
    runner = new HeldRunner();
    agent = start();
    for (const name of names) {
      const id = await core.app(name);
      await waitUntil({ what: "the node is there", timeoutMs: 30_000 }, async () => {
        return (await core.post(`/api/apps/${id}/deploy`)).status === 202;
      });
    }
    await allRun();
  });
  after(async () => {
    await agent.stop();
    await core.remove();
  });

  const start = (): NodeAgent => {
    const dataDir = join(core.folder.path, "agent");
    mkdirSync(dataDir, { recursive: true });
    const made = new NodeAgent({
      node: "node-1",
      core: new AgentCoreClient({ url: core.url, token: () => token }),
      runner,
      journals: (lane, worker) => new Journal(dataDir, lane, worker),
      heartbeatMs: 1000,
      clock: systemClock,
      logger: silentLogger,
      random: Math.random,
    });
    made.start();
    return made;
  };
  const allRun = (): Promise<unknown> =>
    waitUntil({ what: "all apps run", timeoutMs: 30_000 }, async () => {
      return list((await core.get("/api/apps")).body.apps).every(({ status }) => `${status}` === "running");
    });
  const observed = { version: 1, services: [], drift: ["service web was stopped"] };
  const drift = (): void => {
    for (const name of names) runner.reports?.app(name, observed, true);
  };
  const running = (count: number): Promise<unknown> =>
    waitUntil({ what: `${count} apps are deployed`, timeoutMs: 30_000 }, () => runner.running.length === count);

  it("run four at once, one job for each app", async () => {
    runner.started.length = 0;
    runner.hold = true;
    drift();
    await running(4);
    const node = list((await core.get("/api/nodes")).body.nodes)[0]?.id;
    const apps = names.map((app) => ({ app, observed, redeploy: true }));
    const again = await core.post(`/api/nodes/${node}/report`, { problem: null, apps }, { token });
    expect(again.status, "another container of each app was found").to.equal(204);
    runner.release();
    await allRun();
    expect([...runner.started].sort()).to.deep.equal(names);
    expect(runner.most).to.equal(4);
  });

  it("continue where they were when the agent starts again", async () => {
    runner.started.length = 0;
    runner.hold = true;
    drift();
    await running(4);
    const interrupted = [...runner.running].sort();
    await agent.stop();
    expect(runner.running).to.deep.equal([]);
    runner.started.length = 0;
    agent = start();
    await running(4);
    expect([...runner.running].sort(), "the same jobs, by the same workers").to.deep.equal(interrupted);
    runner.release();
    await allRun();
    expect([...runner.started].sort()).to.deep.equal(names);
  });

  it("leave other deployments in their order", async () => {
    runner.hold = true;
    runner.most = 0;
    for (const { id } of list((await core.get("/api/apps")).body.apps)) await core.post(`/api/apps/${id}/deploy`);
    await running(1);
    drift();
    runner.release();
    await allRun();
    expect(runner.most).to.equal(1);
  });
});
