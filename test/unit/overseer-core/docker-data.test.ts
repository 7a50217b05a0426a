import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { silentLogger } from "../../../src/base/logger.js";
import { DockerData, type DockerDataOptions } from "../../../src/overseer-core/agent/docker/docker-data.js";
import { EngineError, EngineUnreachableError } from "../../../src/overseer-core/agent/docker/engine-connection.js";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../tools/temporary-folder.js";
import { FakeClock } from "../support/fake-clock.js";

describe("a job with the data of an app", () => {
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = await makeTemporaryFolder("overseer-docker-data-");
    writeFileSync(join(folder.path, "restic"), "#!/bin/sh\n", { mode: 0o755 });
  });
  afterEach(() => folder.remove());

  const clock = new FakeClock();
  /** How a backup ends with an engine, at a time of the Core. */
  const failure = async (engine: object, now = clock.now()): Promise<string> => {
    const path = `${folder.path}:${process.env.PATH}`;
    const data = new DockerData({
      dataDir: folder.path,
      engine,
      watch: { during: (_project: string, work: () => unknown) => work() },
      records: { find: () => undefined },
      restic: { path, env: {}, cacheDir: folder.path, node: "one", clock },
      logger: silentLogger,
    } as unknown as DockerDataOptions);
    const work = {
      snapshot: null,
      stop: false,
      preHooks: [],
      mayCreate: true,
      retentionDays: 7,
      now: new Date(now).toISOString(),
    };
    const secrets = new Map(["REPOSITORY", "PASSWORD"].map((name) => [`backup.RESTIC_${name}`, "x"]));
    return data
      .backup({ id: "job", app: "shop", work, secrets }, () => {}, AbortSignal.timeout(60_000))
      .then(
        () => "no error",
        (error: Error) => `${error.name}: ${error.message}`,
      );
  };

  it("fails with what the engine or the file system answers, and is repeated if the engine does not", async () => {
    const answering = (error: Error) => ({ containers: () => Promise.reject(error) });
    expect(await failure(answering(new EngineError(500, "cannot stop container db")))).to.equal(
      "RunError: the Docker engine refuses this: cannot stop container db",
    );
    expect(await failure(answering(new EngineUnreachableError("/socket", "closed")))).to.match(
      /^EngineUnreachableError: /,
    );
    writeFileSync(join(folder.path, "backup", "shop"), "");
    expect(await failure({ containers: async () => [], volumes: async () => [] })).to.match(
      /^RunError: the agent cannot copy or replace files of the app: EEXIST: file already exists, mkdir /,
    );
  });

  it("stores nothing while the clock of the node is wrong", async () => {
    for (const years of [-10, 10]) {
      const now = clock.now() + years * 365 * 24 * 3_600_000;
      expect(await failure({}, now)).to.match(
        /^RunError: the clock of the node has \S+Z, and that of the Core \S+Z: correct the one that is wrong; backups/,
      );
    }
  });
});
