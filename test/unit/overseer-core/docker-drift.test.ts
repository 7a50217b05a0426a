import { expect } from "chai";
import { canonicalJson, sha256 } from "../../../src/base/hash.js";
import {
  configurationHash,
  type DeployedRecord,
  deployedContainer,
  hasConfiguration,
} from "../../../src/overseer-core/agent/docker/deployed-record.js";
import { type Container, LABEL_SERVICE, nameOf } from "../../../src/overseer-core/agent/docker/engine.js";
import { StoppedContainers, stoppedByReboot } from "../../../src/overseer-core/agent/docker/stopped-containers.js";

const BOOT = Date.parse("2026-05-01T00:00:00Z");

function container(change: Partial<Container> = {}): Container {
  return {
    Id: "1",
    Name: "/web-1",
    Image: "i",
    RestartCount: 0,
    State: { Status: "running", ExitCode: 0, Error: "", OOMKilled: false, StartedAt: "2026-05-01T01:00:00Z" },
    Config: { Image: "x", Labels: { [LABEL_SERVICE]: "web" } },
    HostConfig: { Dns: null, Memory: 0, Binds: ["/a:/b"], RestartPolicy: { Name: "always" } },
    ...change,
  };
}

const record = (...containers: Container[]): DeployedRecord => ({
  app: "shop",
  project: "p",
  version: 1,
  secrets: false,
  services: [{ name: "web", containers: 1 }],
  containers: containers.map(deployedContainer),
});

const ended = (StartedAt: string): Container =>
  container({ State: { Status: "exited", ExitCode: 255, Error: "", OOMKilled: false, StartedAt } });

describe("the configuration of a container", () => {
  it("is the same however the engine describes what is not set", () => {
    const after = container({
      HostConfig: { Dns: [], Binds: ["/a:/b"], RestartPolicy: { Name: "always" }, Init: false },
    });
    expect(configurationHash(after)).to.equal(configurationHash(container()));
  });

  it("differs when something is set, unset or changed", () => {
    const edits: Container["HostConfig"][] = [
      { Memory: 1, Binds: ["/a:/b"], RestartPolicy: { Name: "always" } },
      { Binds: [], RestartPolicy: { Name: "always" } },
      { Binds: ["/a:/b"], RestartPolicy: { Name: "no" } },
      { Binds: ["/a:/b", ""], RestartPolicy: { Name: "always" } },
    ];
    for (const HostConfig of edits) {
      expect(configurationHash(container({ HostConfig }))).not.to.equal(configurationHash(container()));
    }
  });

  it("is recognized in the records of earlier versions", () => {
    const live = container();
    const old = sha256(canonicalJson([nameOf(live), live.Config, live.HostConfig, []]), 32);
    expect(hasConfiguration(live, old)).to.equal(true);
    expect(hasConfiguration(container({ Name: "/other" }), old)).to.equal(false);
  });
});

describe("containers that ended with the engine or the node", () => {
  it("were stopped if they ran before the engine was interrupted", () => {
    const stopped = new StoppedContainers();
    const start = "2026-05-01T01:00:00Z";
    stopped.seen("p", [container()]);
    stopped.seen("p", [ended(start)]);
    expect([...stopped.ids], "it crashed").to.deep.equal([]);
    stopped.seen("p", [container()]);
    stopped.interrupted();
    stopped.seen("p", [ended(start)]);
    expect([...stopped.ids]).to.deep.equal(["1"]);
    stopped.note({ Type: "container", Action: "start", Actor: { ID: "1", Attributes: {} } });
    expect([...stopped.ids]).to.deep.equal([]);
  });

  it("were stopped if they have not started since the node did, unless they had completed", () => {
    const before = ended("2026-04-30T23:59:00Z");
    expect(stoppedByReboot(record(container()), [before], BOOT)).to.deep.equal(["1"]);
    expect(stoppedByReboot(record(container()), [ended("2026-05-01T00:01:00Z")], BOOT)).to.deep.equal([]);
    expect(stoppedByReboot(record(before), [before], BOOT), "completed").to.deep.equal([]);
    expect(stoppedByReboot(record(), [before], BOOT), "of a failed deployment").to.deep.equal([]);
    expect(stoppedByReboot(record(container()), [container()], BOOT), "running").to.deep.equal([]);
  });
});
