import { expect } from "chai";
import { silentLogger } from "../../../src/base/logger.js";
import type { AgentCoreClient } from "../../../src/overseer-core/agent/core-client.js";
import { JobWorker } from "../../../src/overseer-core/agent/job-worker.js";
import { Journal } from "../../../src/overseer-core/agent/journal.js";
import type { Runner } from "../../../src/overseer-core/agent/runner.js";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../tools/temporary-folder.js";
import { FakeClock } from "../support/fake-clock.js";

describe("a result of a job that the Core receives late", () => {
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = await makeTemporaryFolder("overseer-late-end-");
  });
  afterEach(() => folder.remove());

  it("makes the agent repeat its reports, as the Core ignored those of a new app", async () => {
    const clock = new FakeClock();
    let reachable = true;
    let repeated = 0;
    const job = { id: "job", type: "deploy", payload: { app: "shop", version: 1 } };
    const work = { job, compose: "services: {}", fallback: null, secrets: [], data: null, nextLine: 0 };
    const core = {
      claim: async () => work,
      addLogs: async () => {},
      end: async () => {
        if (!reachable) throw new Error("cannot reach the Core");
      },
    };
    const deploy = async () => ({ runner: "docker", services: [], volumes: [] });
    const make = (): JobWorker =>
      new JobWorker({
        core: core as unknown as AgentCoreClient,
        runner: { name: "docker", deploy } as unknown as Runner,
        journal: new Journal(folder.path),
        lane: "deploy",
        worker: 0,
        clock,
        logger: silentLogger,
        onLateEnd: () => {
          repeated++;
        },
        signal: new AbortController().signal,
      });
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
});
