import { spawnSync } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import type { CoreJob } from "../../../src/api/core/job.js";
import type { CoreNode } from "../../../src/api/core/node.js";
import { ensureDockerCompose } from "../../../tools/binaries.js";
import { Docker, hasDocker } from "../../../tools/docker/docker.js";
import { type LoggedProcess, spawnLogged } from "../../../tools/processes.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { runCommand } from "../../../tools/run-command.js";
import { currentArchitecture, HELM_VERSION, KUBECTL_VERSION, NODE_24_PACKAGE } from "../../../tools/versions.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { baseImageTar } from "../../support/base-image.js";
import { ownPort } from "../../support/own-port.js";
import { configMap, World } from "../../support/world.js";

const BASE = "base:node24";
/** Image with the programs that the agent runs. */
const PROGRAMS = "programs:1";
const IMAGE = "overseer-gitops:test";
/** As the pods of the chart are. */
const RESTRICTED = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"];
const VOLUMES = ["/tmp", "/var/cache/overseer-gitops"].flatMap((path) => ["--tmpfs", `${path}:uid=65532,gid=65532`]);

const possible = (): boolean =>
  hasDocker() && spawnSync("debootstrap", ["--version"]).status === 0 && currentArchitecture() === "amd64";

describe("The image, built and run by a Docker engine (needs root, dockerd and debootstrap)", function () {
  this.timeout(600_000);
  let docker: Docker;
  let folder: string;
  before(async function () {
    if (!possible()) return this.skip();
    folder = await mkdtemp(join(tmpdir(), "overseer-image-"));
    docker = await Docker.start();
    await docker.run("import", await baseImageTar(), BASE);
    const env = { ...docker.env, IMAGE, NODE_IMAGE: BASE };
    await runCommand("sh", ["tools/image.sh"], { cwd: repositoryRoot(), env });
  });
  after(async () => {
    await docker?.stop();
    if (folder) await rm(folder, { recursive: true });
  });

  /** What a shell in a new container says. */
  const inside = (script: string): Promise<string> =>
    docker.run("run", "--rm", "--network=none", ...RESTRICTED, ...VOLUMES, "--entrypoint=sh", IMAGE, "-c", script);

  it("has Node 24, Git, SSH, kubectl and Helm, which all work as its user", async () => {
    const said = await inside(
      "id -un; node --version; git --version; ssh -V 2>&1; kubectl version --client; helm version --short",
    );
    expect(said)
      .to.match(/^overseer$/m)
      .and.include(`v${NODE_24_PACKAGE.version}`)
      .and.match(/^git version 2\./m)
      .and.match(/^OpenSSH_/m)
      .and.include(`Client Version: ${KUBECTL_VERSION}`)
      .and.include(HELM_VERSION);
  });

  it("writes nowhere but to its two volumes", async () => {
    const said = await inside(
      'for one in /tmp /var/cache/overseer-gitops / /app /etc "$PWD"; do touch $one/x 2>/dev/null && echo "writes $one"; done; true',
    );
    expect(said.trim().split("\n")).to.deep.equal(["writes /tmp", "writes /var/cache/overseer-gitops"]);
  });

  it("has no source, no test and no package but the bundle", async () => {
    const said = await inside("ls /app; find / -xdev -name node_modules -not -path '/proc/*' 2>/dev/null; true");
    expect(said).to.match(/^main\.js$/m);
    expect(said.split("\n").filter((line) => line.endsWith(".ts") || line.includes("node_modules"))).to.deep.equal([]);
  });

  describe("runs the operator", () => {
    let world: World;
    let container: LoggedProcess | undefined;
    before(async function () {
      if (!docker) return this.skip();
      world = await World.create("image", { withoutOperator: true });
    });
    after(async () => {
      await container?.stop();
      await world?.remove();
    });

    it("which syncs an app with native Git, and ends in order when it is stopped", async () => {
      const kubeconfig = join(folder, "kubeconfig");
      await copyFile(world.controlPlane.kubeconfigPath, kubeconfig);
      await runCommand("chmod", ["755", folder]);
      await runCommand("chmod", ["644", kubeconfig]);
      const flags = ["--kubeconfig=/kubeconfig", "--metrics-address=127.0.0.1:0", "--leader-election=false"];
      const own = ["--roles=controller", `--trusted-namespaces=${world.namespace}`];
      const mount = ["--volume", `${kubeconfig}:/kubeconfig:ro`];
      const args = ["run", "--rm", "--name=operator", "--network=host", ...RESTRICTED, ...VOLUMES, ...mount, IMAGE];
      const logFile = join(folder, "operator.log");
      container = await spawnLogged("the container", "docker", [...args, ...flags, ...own], {
        env: docker.env,
        logFile,
      });
      const repo = await world.repository("shop", { "x.yaml": configMap("shop", { a: "one" }) });
      await world.app("shop", "shop", ".");
      await world.synced("shop", await repo.head(), 90_000);
      expect(container.tail(200)).to.match(/"msg":"selected Git engine"[^\n]*"engine":"native"/);
      await docker.run("stop", "--time=30", "operator");
      await waitUntil({ what: "the container is gone", timeoutMs: 30_000 }, () => container?.ended() !== undefined);
      expect(container.ended()).to.equal("exit code 0");
    });
  });

  describe("of the Core and its agent, started by deploy/compose/compose.yaml", () => {
    let compose: (...args: string[]) => Promise<string>;
    let port: number;
    before(async function () {
      if (!docker) return this.skip();
      await docker.withCompose();
      await docker.busybox("busy:1");
      port = await ownPort();
      await docker.run("import", await programsTar(folder), PROGRAMS);
      const images = ["DOCKER_IMAGE", "RESTIC_IMAGE"].flatMap((name) => ["--build-arg", `${name}=${PROGRAMS}`]);
      const args = ["--file", "deploy/compose/Dockerfile", "--build-arg", `NODE_IMAGE=${BASE}`, ...images, "."];
      for (const target of ["core", "agent"])
        await runCommand("docker", ["build", "--target", target, "--tag", `overseer-${target}:local`, ...args], {
          cwd: repositoryRoot(),
          env: docker.env,
        });
      const env = {
        ...docker.env,
        CORE_PORT: String(port),
        DOCKER_SOCKET: docker.socket,
        DOCKER_VOLUMES: join(docker.dataRoot, "volumes"),
        AGENT_DATA: join(folder, "agent"),
        NODE_NAME: "here",
      };
      compose = (...rest) =>
        runCommand("docker", ["compose", "--file", join(repositoryRoot(), "deploy/compose/compose.yaml"), ...rest], {
          env,
        });
    });
    after(async () => {
      await compose?.("down", "--volumes", "--timeout", "1");
    });

    it("deploy an app to this machine, with a token that only the agent has", async () => {
      await compose("up", "--detach", "--no-build", "--wait", "core");
      await compose("up", "--detach", "--no-build");
      const token = (await compose("exec", "core", "cat", "/var/lib/overseer-core/admin-token")).trim();
      const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
        const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
        const sent = body === undefined ? {} : { body: JSON.stringify(body) };
        const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, ...sent });
        if (!response.ok) throw new Error(await response.text());
        return (await response.json()) as T;
      };
      await waitUntil({ what: "the node is online", timeoutMs: 60_000 }, async () => {
        const { nodes } = await call<{ nodes: CoreNode[] }>("GET", "/api/nodes");
        return nodes.some((node) => node.name === "here" && node.status === "online" && node.problem === null);
      });
      const web = { image: "busy:1", command: ["sleep", "600"], stop_grace_period: "1s", volumes: ["./data:/data"] };
      const text = JSON.stringify({ services: { web } });
      const { app } = await call<{ app: { id: string } }>("POST", "/api/apps", { name: "web", compose: text });
      const { job } = await call<{ job: CoreJob }>("POST", `/api/apps/${app.id}/deploy`);
      const ended = await waitUntil({ what: "the job has ended", timeoutMs: 60_000 }, async () => {
        const found = (await call<{ job: CoreJob }>("GET", `/api/jobs/${job.id}`)).job;
        return (found.status === "completed" || found.status === "failed") && found;
      });
      expect(ended.error).to.equal(null);
      const name = (await docker.run("ps", "--filter", "name=web-", "--format", "{{.Names}}")).trim();
      await docker.run("exec", name, "touch", "/data/written");
      expect(await readdir(join(folder, "agent/apps/web/data"))).to.deep.equal(["written"]);
      expect(await compose("exec", "core", "sh", "-c", "id -u; touch /app/x 2>&1 || true")).to.match(
        /^65532\n.*Read-only/,
      );
      await docker.run("rm", "--force", name);
    });
  });
});

/** Programs of this machine that the agent runs, as the images of the Dockerfile have them. */
async function programsTar(folder: string): Promise<string> {
  const root = join(folder, "programs");
  const places = {
    docker: "usr/local/bin/docker",
    restic: "usr/bin/restic",
    compose: "usr/local/libexec/docker/cli-plugins/docker-compose",
  };
  const find = async (program: string): Promise<string> =>
    (await runCommand("sh", ["-c", `command -v ${program}`])).trim();
  for (const [name, place] of Object.entries(places)) {
    const source = name === "compose" ? await ensureDockerCompose() : await find(name);
    await mkdir(dirname(join(root, place)), { recursive: true });
    await copyFile(source, join(root, place));
  }
  await runCommand("tar", ["-C", root, "-cf", `${root}.tar`, "."]);
  return `${root}.tar`;
}
