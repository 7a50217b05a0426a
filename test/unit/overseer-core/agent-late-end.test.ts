import { expect } from "chai";
import { silentLogger } from "../../../src/base/logger.js";
import { type AgentCoreClient, CoreCallError } from "../../../src/overseer-core/agent/core-client.js";
import { JobWorker } from "../../../src/overseer-core/agent/job-worker.js";
import { Journal } from "../../../src/overseer-core/agent/journal.js";
import type { Runner } from "../../../src/overseer-core/agent/runner.js";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../tools/temporary-folder.js";
import { FakeClock } from "../support/fake-clock.js";

describe("a result of a job", () => {
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = await makeTemporaryFolder("overseer-late-end-");
  });
  afterEach(() => folder.remove());

  const job = { id: "job", type: "deploy", payload: { app: "shop", version: 1 } };
  const work = { job, compose: "services: {}", fallback: null, secrets: [], data: null, nextLine: 0 };
  const deployed = { runner: "docker", services: [], volumes: [] };
  const makeWorker = (core: object, deploy: Runner["deploy"], clock: FakeClock, onLateEnd = () => {}): JobWorker =>
    new JobWorker({
      core: core as AgentCoreClient,
      runner: { name: "docker", deploy } as Runner,
      journal: new Journal(folder.path),
      lane: "deploy",
      worker: 0,
      clock,
      logger: silentLogger,
      onLateEnd,
      signal: new AbortController().signal,
    });

  it("that the Core receives late makes the agent repeat its reports, as the Core ignored those of a new app", async () => {
    const clock = new FakeClock();
    let reachable = true;
    let repeated = 0;
    const core = {
      claim: async () => work,
      addLogs: async () => {},
      end: async () => {
        if (!reachable) throw new Error("cannot reach the Core");
      },
    };
    const make = (): JobWorker =>
      makeWorker(
        core,
        async () => deployed,
        clock,
        () => repeated++,
      );
    const worker = make();
    await worker.step("node", 0);
    expect(repeated, "in time").to.equal(0);
    const fails = async (): Promise<void> => {
      reachable = false;
      expect(await worker.step("node", 0).catch(() => "failed")).to.equal("failed");
      reachable = true;
    };
    await fails();
    clock.advance(1000);
    await worker.step("node", 0);
    expect(repeated).to.equal(1);
    await fails();
    await make().step("node", 0);
    expect(repeated, "after a restart").to.equal(2);
  });

  it("arrives after a log of any size, in requests that the Core accepts", async () => {
    const clock = new FakeClock();
    const received: string[] = [];
    let ends = 0;
    const core = {
      claim: async () => work,
      addLogs: async (_id: string, from: number, lines: readonly string[]) => {
        if (JSON.stringify({ from, lines }).length > 1024 * 1024)
          throw new CoreCallError("too large", "PAYLOAD_TOO_LARGE", 413);
        expect(from).to.equal(received.length);
        received.push(...lines);
      },
      end: async () => {
        ends++;
      },
    };
    const all = Array.from({ length: 1200 }, (_, index) => `${index} `.padEnd(4096, index < 600 ? "x" : "\u0001"));
    const deploy: Runner["deploy"] = async (_deployment, log) => {
      for (const line of all.slice(0, 700)) log(line);
      clock.advance(1000);
      await new Promise((resolve) => setImmediate(resolve));
      for (const line of all.slice(700)) log(line);
      return deployed;
    };
    await makeWorker(core, deploy, clock).step("node", 0);
    expect(ends).to.equal(1);
    expect(received).to.deep.equal(all);
  });
});
