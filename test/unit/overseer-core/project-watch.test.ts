import { expect } from "chai";
import type { CoreAppObserved } from "../../../src/api/core/app.js";
import { silentLogger } from "../../../src/base/logger.js";
import type { DeployedRecord } from "../../../src/overseer-core/agent/docker/deployed-record.js";
import { type Container, LABEL_SERVICE } from "../../../src/overseer-core/agent/docker/engine.js";
import type { EventListener } from "../../../src/overseer-core/agent/docker/engine-events.js";
import { ProjectWatch, type ProjectWatchOptions } from "../../../src/overseer-core/agent/docker/project-watch.js";
import { FakeClock } from "../support/fake-clock.js";

const container = (Id: string): Container => ({
  Id,
  Name: `/web-${Id}`,
  Image: "i",
  RestartCount: 0,
  State: { Status: "exited", ExitCode: 1, Error: "", OOMKilled: false, StartedAt: "" },
  Config: { Image: "x", Labels: { [LABEL_SERVICE]: "web" } },
  HostConfig: {},
});

/** Looks at a project whose only container has this ID, and returns the last line of its log as reported. */
async function lastLine(
  live: string,
  { recorded = "1", secrets, log }: { recorded?: string; secrets: boolean; log: string },
  prepare: (watch: ProjectWatch) => void = () => {},
): Promise<string | null | undefined> {
  const deployed = { id: recorded, name: "web", service: "web", image: "i", imageName: "x", configuration: "c" };
  const record: DeployedRecord = {
    app: "shop",
    project: "p",
    version: 1,
    secrets,
    services: [{ name: "web", containers: 1 }],
    containers: [{ ...deployed, completed: false }],
  };
  let opened = (): void => {};
  const clock = new FakeClock();
  const watch = new ProjectWatch({
    engine: { containers: async () => [container(live)], imageId: async () => "i", lastLines: async () => [log] },
    events: {
      listen: (listener: EventListener) => {
        opened = () => listener.opened?.();
        return () => {};
      },
    },
    records: { find: () => record, all: () => [record] },
    revertDrift: false,
    clock,
    logger: silentLogger,
  } as unknown as ProjectWatchOptions);
  prepare(watch);
  const stopping = new AbortController();
  const observed = new Promise<CoreAppObserved | null>((resolve) => {
    const reports = { problem: () => {}, app: (_: string, found: CoreAppObserved | null) => resolve(found) };
    void watch.run(reports, stopping.signal);
  });
  opened();
  clock.advance(1000);
  const line = (await observed)?.services[0]?.lastLine;
  stopping.abort();
  return line;
}

describe("the last line of a log that the agent reports", () => {
  it("hides the secrets of the containers, those of a deployment that failed as well", async () => {
    const deployed = { secrets: true, log: "old hunter1 new hunter22" };
    expect(await lastLine("1", deployed)).to.equal(null);
    const both = (watch: ProjectWatch): void => {
      watch.keepSecrets("p", ["hunter1"]);
      watch.addSecrets("p", ["hunter22"]);
    };
    expect(await lastLine("1", deployed, both)).to.equal("old *** new ***");
    const onlyNew = (watch: ProjectWatch): void => watch.addSecrets("p", ["hunter22"]);
    expect(await lastLine("1", deployed, onlyNew)).to.equal(null);
  });

  it("is none of a container that no successful deployment has made", async () => {
    const failed = { secrets: false, log: "password hunter2" };
    expect(await lastLine("2", failed)).to.equal(null);
    expect(await lastLine("1", failed)).to.equal("password hunter2");
    expect(await lastLine("1", failed, (watch) => watch.addSecrets("p", ["hunter2"]))).to.equal("password ***");
  });
});
