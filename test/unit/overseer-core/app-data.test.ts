import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { findAppData } from "../../../src/overseer-core/agent/docker/app-data.js";
import { checkUnused } from "../../../src/overseer-core/agent/docker/data-users.js";
import { type Container, DockerEngine } from "../../../src/overseer-core/agent/docker/engine.js";

const project = (name: string, volume?: string): Record<string, string> => ({
  "com.docker.compose.project": name,
  ...(volume === undefined ? {} : { "com.docker.compose.volume": volume }),
});

describe("the data of an app on a node", () => {
  let folder: string;
  let server: Server;
  let engine: DockerEngine;
  /** Labels of each volume. */
  let volumes: Record<string, Record<string, string>>;
  /** Directory that each volume binds. */
  let devices: Record<string, string>;
  /** What the engine lists as running. */
  let running: unknown[];
  const signal = AbortSignal.timeout(600_000);
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "overseer-app-data-"));
    volumes = {};
    devices = {};
    running = [];
    const describeVolume = (name: string) => ({
      Name: name,
      Driver: "local",
      Mountpoint: folder,
      Labels: volumes[name],
      Options: devices[name] === undefined ? {} : { type: "none", o: "bind", device: devices[name] },
    });
    server = createServer(({ url = "" }, response) => {
      const name = /\/volumes\/([^/?]+)$/.exec(url)?.[1];
      const own = Object.keys(volumes).filter((one) => volumes[one]?.["com.docker.compose.project"] === "node-shop");
      const answer = url.includes("/containers/json")
        ? running
        : name === undefined
          ? { Volumes: own.map(describeVolume) }
          : describeVolume(name);
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    });
    const socket = join(folder, "engine.sock");
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    engine = new DockerEngine(socket);
  });
  afterEach(async () => {
    await engine.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });

  const failure = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "no error",
      (error: Error) => error.message,
    );
  const container = (...names: string[]): Container => ({
    ...{ Id: "1", Name: "/web", Image: "", RestartCount: 0, HostConfig: {}, NetworkSettings: null },
    State: { Status: "running", ExitCode: 0, Error: "", OOMKilled: false, StartedAt: "" },
    Config: { Image: "", Labels: { "com.docker.compose.service": "web" } },
    Mounts: names.map((Name) => ({ Type: "volume", Name, Source: "", Destination: "/data", RW: true })),
  });
  const data = (...names: string[]) =>
    findAppData(engine, "node-shop", join(folder, "none"), [container(...names)], signal);

  it("tells a volume of another project from an own one with the same name in its document", async () => {
    volumes = { shop_db: project("node-shop", "db"), other_db: project("other", "db") };
    const { directories } = await data("shop_db", "other_db");
    expect(directories.map(({ key, volume }) => [volume, key])).to.deep.equal([
      ["other_db", "external other_db"],
      ["shop_db", "volume db"],
    ]);
  });

  it("is refused if two volumes of the app have the same name in its document", async () => {
    volumes = { new_db: project("node-shop", "db"), old_db: project("node-shop", "db") };
    expect(await failure(data("new_db"))).to.equal(
      "the volumes new_db and old_db of the app are both its volume db: remove the one that it does not use any more by docker volume rm",
    );
  });

  it("is where symbolic links lead, as restic stores a link itself", async () => {
    const [app, bound, big] = ["app", "bound", "big"].map((name) => join(folder, name)) as [string, string, string];
    for (const path of [join(big, "app/own"), join(big, "bound"), join(big, "other")])
      mkdirSync(path, { recursive: true });
    symlinkSync(join(big, "app"), app);
    symlinkSync(join(big, "bound"), bound);
    symlinkSync(join(big, "other"), join(app, "moved"));
    volumes = { shop_db: project("node-shop", "db") };
    devices = { shop_db: bound };
    const mounts = ["own", "moved", "none"].map((name) => ({
      Type: "bind",
      Source: join(app, name),
      Destination: "/",
    }));
    const web = { ...container(), Mounts: mounts.map((mount) => ({ ...mount, Name: "", RW: true })) };
    const found = await findAppData(engine, "node-shop", app, [web], signal);
    expect(found.directories.map(({ key, path }) => [key, path])).to.deep.equal([
      ["directory", join(big, "app")],
      ["volume db", join(big, "bound")],
    ]);
    expect(found.excluded).to.deep.equal([`directory ${app}/moved (mounted from the node)`]);
    running = [{ Names: ["/tool"], Labels: null, Mounts: [{ Source: join(bound, "sub") }] }];
    expect(await failure(checkUnused(engine, found.directories, undefined, signal))).to.contain("mounts volume db");
  });

  it("is not replaced below running containers of any project", async () => {
    const shared = { key: "external shared", path: "/var/lib/docker/volumes/shared/_data", volume: "shared" };
    const check = (except?: string): Promise<string> => failure(checkUnused(engine, [shared], except, signal));
    const own = { Names: ["/node-shop-web-1"], Labels: project("node-shop"), Mounts: [{ Name: "shared" }] };
    running = [own, { Names: ["/x"], Mounts: [{ Name: "shared2", Source: `${shared.path}2` }] }];
    expect(await check("node-shop")).to.equal("no error");
    expect(await check()).to.contain("node-shop-web-1 of project node-shop mounts external shared; stop them");
    running = [own, { Names: ["/other-db-1"], Labels: project("other"), Mounts: [{ Name: "shared", Source: "" }] }];
    expect(await check("node-shop")).to.equal(
      "containers that run use the data that would be replaced: other-db-1 of project other mounts external shared; stop them by docker stop, and restore again",
    );
    running = [{ Names: ["/tool"], Labels: null, Mounts: [{ Source: `${shared.path}/sub` }] }];
    expect(await check("node-shop")).to.contain("replaced: tool mounts external shared;");
  });
});
