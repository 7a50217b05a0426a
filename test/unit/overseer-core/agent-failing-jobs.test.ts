import { expect } from "chai";
import type { CoreJobEnd, CoreJobWork } from "../../../src/api/core/job.js";
import { silentLogger } from "../../../src/base/logger.js";
import type { AgentCoreClient } from "../../../src/overseer-core/agent/core-client.js";
import type { DeployedRecords } from "../../../src/overseer-core/agent/docker/deployed-record.js";
import { DockerRunner, type DockerRunnerOptions } from "../../../src/overseer-core/agent/docker/docker-runner.js";
import { LABEL_SERVICE } from "../../../src/overseer-core/agent/docker/engine.js";
import { EngineError } from "../../../src/overseer-core/agent/docker/engine-connection.js";
import { JobWorker } from "../../../src/overseer-core/agent/job-worker.js";
import type { Journal } from "../../../src/overseer-core/agent/journal.js";
import { RecurringError, RunError, type Runner } from "../../../src/overseer-core/agent/runner.js";
import { makeTemporaryFolder } from "../../../tools/temporary-folder.js";
import { FakeClock } from "../support/fake-clock.js";

const full = (): Error => Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
const COMPOSE = "services:\n  web:\n    image: nginx:1\n";

/** Runs one job, at most `attempts` times, and returns how it ended. */
async function end(runner: Partial<Runner>, work: Partial<CoreJobWork>, attempts = 1): Promise<CoreJobEnd | undefined> {
  const payload = { app: "shop", version: 2 };
  const job = { id: "job", type: "deploy", payload };
  const all = { job, compose: COMPOSE, fallback: null, secrets: [], data: null, nextLine: 0, ...work };
  let ended: CoreJobEnd | undefined;
  const core = {
    claim: async () => all,
    addLogs: async () => {},
    end: async (_id: string, one: CoreJobEnd) => {
      ended = one;
    },
  };
  const journal = {
    unreported: () => undefined,
    done: () => {
      throw full();
    },
    reported: () => {},
  };
  const worker = new JobWorker({
    core: core as unknown as AgentCoreClient,
    runner: { name: "docker", ...runner } as Runner,
    journal: journal as unknown as Journal,
    lane: "deploy",
    worker: 0,
    clock: new FakeClock(),
    logger: silentLogger,
    onLateEnd: () => {},
    signal: new AbortController().signal,
  });
  for (let left = attempts; left > 1 && ended === undefined; left--) await worker.step("node", 0).catch(() => {});
  if (ended === undefined) await worker.step("node", 0);
  return ended;
}

/** Deploys an app by Docker to a disk without space for the record of the deployment. `upError`: what `docker compose up` fails with. */
async function deployUnrecorded(upError?: string): Promise<unknown> {
  const folder = await makeTemporaryFolder("overseer-disk-full-");
  const clock = new FakeClock();
  const container = {
    Id: "1",
    Name: "/web",
    Image: "i",
    RestartCount: 0,
    State: { Status: "running", ExitCode: 0, Error: "", OOMKilled: false, StartedAt: new Date(0).toISOString() },
    Config: { Image: "nginx:1", Labels: { [LABEL_SERVICE]: "web" } },
    HostConfig: {},
  };
  const engine = {
    rootDirectory: async () => "/var/lib/docker",
    containers: async () => [container],
    volumesOf: async () => [],
    volumes: async () => [],
    imageId: async () => "i",
    images: { find: async () => undefined },
    followLog: async () => {},
    readLog: async () => {},
  };
  const model = JSON.stringify({ services: { web: { image: "nginx:1" } } });
  const records = {
    find: () => undefined,
    write: () => {
      throw full();
    },
  };
  const watch = {
    during: (_project: string, work: () => Promise<unknown>) => work(),
    secretsOf: () => [],
    usable: () => {},
    editedContainers: async () => [],
    addSecrets: () => {},
  };
  const runner = new DockerRunner({
    node: "node-1",
    dataDir: folder.path,
    cli: {
      version: async () => "2",
      compose: async ({ args }: { args: string[] }) =>
        upError !== undefined && args.includes("up")
          ? { code: 1, stdout: "", stderr: upError }
          : { code: 0, stdout: model, stderr: "" },
    },
    reservedPorts: async () => [],
    engine,
    events: { listen: () => () => {} },
    records: records as unknown as DeployedRecords,
    watch,
    unused: { keeping: (work: () => Promise<unknown>) => work(), note: () => {} },
    policy: { allow: new Set(), bindRoots: [] },
    socket: "/var/run/docker.sock",
    healthTimeoutMs: 1000,
    clock,
  } as unknown as DockerRunnerOptions);
  const none = new Map<string, string>();
  const deployment = { project: "shop", version: 2, compose: COMPOSE, secrets: none, pullSecrets: none };
  try {
    return await runner.deploy(deployment, () => {}, new AbortController().signal).catch((error: unknown) => error);
  } finally {
    await folder.remove();
  }
}

describe("a job that its node cannot complete", () => {
  const failing = async (): Promise<never> => {
    throw full();
  };

  it("demands the previous version when the disk is full for the record of a started deployment", async () => {
    const error = await deployUnrecorded();
    expect(error).to.be.instanceOf(RunError);
    expect(error).to.include({ changed: true });
    expect(String(error)).to.match(/the disk of the node is full: free space, then deploy again \(ENOSPC/);
  });

  it("is tried again, but not without an end, when the CLI says that an engine that responds does not", async () => {
    const error = await deployUnrecorded('exec: "cannot connect to the docker daemon": executable file not found');
    expect(error).to.be.instanceOf(RecurringError);
    const reset = await deployUnrecorded("read tcp 10.0.0.1:5->10.0.0.2:443: read: connection reset by peer");
    expect(String(reset)).to.match(/the registry of an image is not reachable/);
  });

  it("fails when the engine refuses it five times in the same way, and goes on before", async () => {
    let tries = 0;
    const refusing = (messages: readonly string[]): Partial<Runner> => ({
      deploy: async () => {
        throw new EngineError(500, messages[tries++ % messages.length] ?? "");
      },
    });
    const ended = await end(refusing(["device or resource busy"]), {}, 9);
    expect([tries, ended?.status]).to.deep.equal([5, "failed"]);
    expect(ended?.status === "failed" && ended.error).to.include(
      "failed 5 times in the same way: device or resource busy",
    );
    tries = 0;
    const last = await end(refusing(["a", "b"]), {}, 9).catch((error: unknown) => error);
    expect(last).to.be.instanceOf(EngineError);
  });

  it("fails once when the previous version cannot be deployed either", async () => {
    const deployed: number[] = [];
    const deploy: Runner["deploy"] = async ({ version }) => {
      deployed.push(version);
      if (version === 2) throw new RunError("v2 fails", { changed: true });
      throw full();
    };
    const ended = await end({ deploy }, { fallback: { version: 1, compose: COMPOSE } });
    expect(deployed).to.deep.equal([2, 1]);
    expect(ended?.status).to.equal("failed");
    expect(ended?.error).to.match(/^v2 fails; version 1 could not be deployed again: the disk of the node is full/);
  });

  it("waits for space when it removes an app", async () => {
    const error = await end({ remove: failing }, { compose: null }).catch((thrown: unknown) => thrown);
    expect(error).to.have.property("code", "ENOSPC");
  });

  it("says what to do after a deployment, a backup and a restore", async () => {
    const data = { backup: failing, restore: failing };
    const settings = { stop: false, preHooks: [], retentionDays: 1, mayCreate: true };
    const next = async (work: Partial<CoreJobWork>): Promise<string | undefined> => {
      const ended = await end({ deploy: failing, data }, work);
      return /free space, then (.*) \(ENOSPC/.exec(String(ended?.error))?.[1];
    };
    expect(await next({})).to.equal("deploy again");
    expect(await next({ data: { ...settings, snapshot: null } })).to.equal("back up the app again");
    expect(await next({ data: { ...settings, snapshot: "1a" } })).to.equal("restore the backup again");
  });
});
