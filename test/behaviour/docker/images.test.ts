import { expect } from "chai";
import { hasDockerAndBusybox } from "../../../tools/docker/docker.js";
import { runCommand } from "../../../tools/run-command.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { OciCharts } from "../../support/chart-registry.js";
import { DockerBench, FOREVER, shell } from "../../support/docker-bench.js";

const PASSWORD = "canary-of-the-registry";

describe("Images of Docker apps (needs root, dockerd and busybox)", function () {
  this.timeout(180_000);
  let bench: DockerBench;
  let registry: OciCharts;
  let repository: string;
  before(async function () {
    if (!hasDockerAndBusybox()) return this.skip();
    registry = await OciCharts.start();
    repository = `${new URL(registry.url.replace("oci:", "http:")).host}/private/app`;
    bench = await DockerBench.start(["--keep-images", "1ms"]);
    await push("first");
    registry.require({ username: "robot", password: PASSWORD });
  });
  after(async () => {
    await bench?.stop();
    await registry?.stop();
  });

  /** Makes an image, and pushes it. The node then does not have it. */
  const push = async (text: string): Promise<void> => {
    await bench.docker.busybox(`${repository}:1`, [`ENV TEXT=${text}`]);
    await bench.docker.run("push", `${repository}:1`);
    await bench.docker.run("rmi", `${repository}:1`);
  };
  const deployed = (rest: Record<string, unknown> = {}) =>
    bench.deployed("private", { web: shell(FOREVER, { image: `${repository}:1`, ...rest }) });
  const secret = (value: unknown): Promise<{ secret: { id: string } }> =>
    bench.call("POST", "/api/secrets", { name: "image-pull.test", value: JSON.stringify(value) });
  const auths = (password: string) => ({
    auths: { [repository.split("/")[0] ?? ""]: { username: "robot", password } },
  });

  it("are pulled from a private registry with a secret of the Core, and shown with their digest", async () => {
    expect((await deployed()).error).to.match(/the registry denied the pull|an image cannot be pulled/);
    const { id } = (await secret(auths("wrong-canary"))).secret;
    expect((await deployed()).error)
      .to.match(/an image cannot be pulled/)
      .and.not.contain("wrong-canary");
    await bench.call("PUT", `/api/secrets/${id}`, { value: JSON.stringify(auths(PASSWORD)) });
    const job = await deployed();
    expect(job.error).to.equal(null);
    const app = await bench.untilApp("private", "is reported", ({ observed }) => observed !== null);
    const image = app.observed?.services[0]?.image ?? "";
    expect(image).to.match(new RegExp(`^${repository}:1@sha256:[0-9a-f]{64}$`));
    expect(job.result?.images).to.deep.equal({ web: image });
    const log = await bench.log(job.id);
    expect(log).to.contain(`service web runs ${image}`);
    expect(log).to.match(new RegExp(`pulling ${repository}:1: 100 %`));
    for (const folder of [bench.agent.dataDir, bench.docker.dataRoot]) {
      const found = await runCommand("sh", ["-c", 'grep -rlF "$1" "$2" || true', "sh", PASSWORD, folder]);
      expect(found, folder).to.equal("");
    }
  });

  it("are pulled again with pull_policy always, and removed when no app uses them any more", async () => {
    const before = (await bench.appNamed("private"))?.observed?.services[0]?.image ?? "";
    registry.require(undefined);
    await push("second");
    registry.require({ username: "robot", password: PASSWORD });
    const job = await deployed({ pull_policy: "always" });
    expect(job.error).to.equal(null);
    const images = job.result?.images as Record<string, string>;
    expect(images.web)
      .to.match(/:1@sha256:/)
      .and.not.equal(before);
    const left = await bench.docker.run("image", "ls", "--all", "--digests", "--format", "{{.Repository}} {{.Digest}}");
    const digests = left.split("\n").filter((line) => line.startsWith(repository));
    expect(digests).to.deep.equal([`${repository} ${images.web?.split("@")[1]}`]);
    expect(left, "an image that was not pulled").to.contain("busy <none>");
  });

  it("are those that were deployed when drift is reverted, whatever pull_policy and the tag say", async () => {
    const appId = (await bench.appNamed("private"))?.id ?? "";
    const done = await bench.jobsOf("private");
    const jobs = done.length;
    const before = ((done[0]?.result?.images ?? {}) as Record<string, string>).web ?? "";
    // The agent must know the containers as they are before one is removed.
    await bench.untilApp("private", "is reported", (one) => one.observed?.services[0]?.image === before);
    const imageOf = async (id: string) => (await bench.docker.run("inspect", "-f", "{{.Image}}", id)).trim();
    const first = await bench.container("private", "web");
    const image = await imageOf(first);
    registry.require(undefined);
    await push("third");
    await bench.docker.run("pull", `${repository}:1`);
    registry.require({ username: "robot", password: PASSWORD });
    await bench.docker.run("rm", "-f", first);
    await waitUntil({ what: "drift is reverted", timeoutMs: 60_000 }, async () => {
      const [job, ...earlier] = await bench.jobsOf("private");
      return earlier.length === jobs && job?.status === "completed";
    });
    expect(await imageOf(await bench.container("private", "web"))).to.equal(image);
    const [job] = await bench.jobsOf("private");
    expect(job?.payload.revert).to.equal(true);
    expect(job?.result?.images).to.deep.equal({ web: before });
    const app = await bench.untilApp("private", "shows the newer tag", (one) => one.observed?.drift.length === 1);
    expect(app.observed?.services[0]?.image).to.equal(before);
    expect(app.observed?.drift[0]).to.match(/:1 is another image now; deploy the app to use it$/);
    const again = await bench.call<{ job: { id: string } }>("POST", `/api/apps/${appId}/deploy`);
    expect((await bench.ended(again.job.id)).result?.images).not.to.deep.equal({ web: before });
    expect(await imageOf(await bench.container("private", "web"))).not.to.equal(image);
  });
});
