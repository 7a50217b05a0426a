import { spawnSync } from "node:child_process";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Docker, hasDocker } from "../../../tools/docker/docker.js";
import { type LoggedProcess, spawnLogged } from "../../../tools/processes.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { runCommand } from "../../../tools/run-command.js";
import { currentArchitecture, HELM_VERSION, KUBECTL_VERSION, NODE_24_PACKAGE } from "../../../tools/versions.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { baseImageTar } from "../../support/base-image.js";
import { configMap, World } from "../../support/world.js";

const BASE = "base:node24";
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
});
