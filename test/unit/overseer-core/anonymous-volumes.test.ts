import { expect } from "chai";
import { anonymousVolumes } from "../../../src/overseer-core/agent/docker/anonymous-volumes.js";
import { type Container, LABEL_SERVICE } from "../../../src/overseer-core/agent/docker/engine.js";

const container = (service: string, ...mounts: { Type: string; Name: string; Destination: string }[]): Container => ({
  Id: service,
  Name: `/${service}-1`,
  Image: "i",
  RestartCount: 0,
  State: { Status: "running", ExitCode: 0, Error: "", OOMKilled: false, StartedAt: "" },
  Config: { Image: "x", Labels: { [LABEL_SERVICE]: service } },
  HostConfig: {},
  Mounts: mounts.map((mount) => ({ Source: "", RW: true, ...mount })),
});
const anonymous = (Destination: string) => ({ Type: "volume", Name: "a1".repeat(32), Destination });

describe("anonymous volumes of containers", () => {
  it("are named by their service, once for all containers of it", () => {
    const named = { Type: "volume", Name: "p_data", Destination: "/named" };
    const bound = { Type: "bind", Name: "", Destination: "/bound" };
    const containers = [
      container("db", anonymous("/data"), named, bound),
      container("db", anonymous("/data")),
      container("cache", anonymous("/data"), anonymous("/config")),
    ];
    expect(anonymousVolumes(containers)).to.deep.equal([
      "anonymous volume /config of cache",
      "anonymous volume /data of cache",
      "anonymous volume /data of db",
    ]);
  });

  it("are limited in number and length", () => {
    const mounts = Array.from({ length: 30 }, (_, number) => anonymous(`/${number}/${"x".repeat(1000)}`));
    const found = anonymousVolumes([container("db", ...mounts)]);
    expect(found).to.have.lengthOf(20);
    expect(Math.max(...found.map(({ length }) => length))).to.be.at.most(300);
  });
});
