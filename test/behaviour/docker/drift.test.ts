import { expect } from "chai";
import { hasDockerAndBusybox } from "../../../tools/docker/docker.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { DockerBench, FOREVER, IMAGE, shell } from "../../support/docker-bench.js";

describe("Containers that are changed by hand (needs root, dockerd and busybox)", function () {
  this.timeout(180_000);
  let bench: DockerBench;
  before(async function () {
    if (!hasDockerAndBusybox()) return this.skip();
    bench = await DockerBench.start();
  });
  after(async () => {
    await bench?.stop();
  });
  const run = async (name: string, rest: Record<string, unknown> = {}): Promise<string> => {
    expect((await bench.deployed(name, { web: shell(FOREVER, rest) })).error).to.equal(null);
    await bench.untilApp(name, "is reported", ({ observed }) => observed !== null);
    return bench.container(name, "web");
  };
  const reverted = async (name: string): Promise<void> => {
    await bench.untilApp(
      name,
      "is deployed again",
      ({ status, observed }) => status === "running" && observed?.drift.length === 0,
    );
  };
  /** Waits until a second job of the app has ended. */
  const deployedAgain = async (name: string): Promise<void> => {
    await waitUntil(
      { what: `${name} has a second job`, timeoutMs: 30_000 },
      async () => (await bench.jobsOf(name)).length > 1,
    );
    expect((await bench.ended((await bench.jobsOf(name))[0]?.id ?? "")).error).to.equal(null);
    await reverted(name);
  };

  it("are started again when one was stopped", async () => {
    const id = await run("stopped", { restart: "unless-stopped" });
    await bench.docker.run("stop", "-t", "1", id);
    await deployedAgain("stopped");
    expect(await bench.containers("stopped")).to.deep.equal([`web ${id} running`]);
    expect((await bench.appNamed("stopped"))?.version).to.equal(1);
  });

  it("are created again when one was removed", async () => {
    const id = await run("removed");
    await bench.docker.run("rm", "-f", id);
    await deployedAgain("removed");
    expect(await bench.container("removed", "web")).not.to.equal(id);
  });

  it("are created again when the settings of one were edited", async () => {
    const id = await run("edited", { volumes: ["/kept"] });
    await bench.docker.run("exec", id, "touch", "/kept/data");
    await bench.docker.run("update", "--restart", "always", id);
    await deployedAgain("edited");
    const now = await bench.container("edited", "web");
    expect(now).not.to.equal(id);
    expect((await bench.docker.run("inspect", "-f", "{{.HostConfig.RestartPolicy.Name}}", now)).trim()).not.to.equal(
      "always",
    );
    expect((await bench.docker.run("exec", now, "ls", "/kept")).trim(), "its anonymous volume").to.equal("data");
  });

  it("are left alone, and reported, when the tag names another image or one is paused", async () => {
    await bench.docker.run("tag", IMAGE, "tagged:1");
    const id = await run("tagged", { image: "tagged:1" });
    await bench.docker.busybox("other:1", ["ENV OTHER=1"]);
    await bench.docker.run("tag", "other:1", "tagged:1");
    const { observed } = await bench.untilApp("tagged", "has drifted", (app) => app.observed?.drift.length === 1);
    expect(observed?.drift).to.deep.equal(["service web: tagged:1 is another image now; deploy the app to use it"]);
    await bench.docker.run("pause", id);
    const paused = await bench.untilApp("tagged", "is paused", (app) => app.observed?.services[0]?.state === "paused");
    expect(paused.observed?.drift[0]).to.match(/container \S+ was paused/);
    await bench.docker.run("unpause", id);
    await bench.untilApp("tagged", "runs", (app) => app.observed?.services[0]?.state === "running");
    expect(await bench.jobsOf("tagged")).to.have.lengthOf(1);
  });

  it("that crash are reported with exit code and log line, and not deployed again", async () => {
    const script = `echo started; while ! test -e /tmp/crash; do sleep 1; done; echo out of cheese; exit 9`;
    expect((await bench.deployed("crash", { web: shell(script) })).error).to.equal(null);
    await bench.docker.run("exec", await bench.container("crash", "web"), "touch", "/tmp/crash");
    const { observed } = await bench.untilApp(
      "crash",
      "has exited",
      (app) => app.observed?.services[0]?.state === "exited",
    );
    expect(observed?.services[0]).to.include({ name: "web", exitCode: 9, lastLine: "out of cheese" });
    expect(observed?.drift).to.deep.equal([]);
    expect(await bench.jobsOf("crash")).to.have.lengthOf(1);
  });

  it("while the agent was down are found when it starts", async () => {
    const id = await run("offline");
    await bench.agent.kill();
    await bench.docker.run("rm", "-f", id);
    await bench.agent.start();
    await deployedAgain("offline");
  });
});
