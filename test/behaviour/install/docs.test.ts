import { readFileSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type ControlPlane, startControlPlane } from "../../../tools/control-plane.js";
import { gitEnvironment } from "../../../tools/git-repository.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { type GitServer, startGitServer } from "../../support/git-server.js";
import { installedFlags, serviceAccountKubeconfig } from "../../support/helm.js";
import { TestKube } from "../../support/kube.js";
import { OperatorProcess } from "../../support/operator-process.js";
import { parseTranscript, TranscriptShell } from "../../support/transcript.js";
import { configMap } from "../../support/world.js";

describe("docs/install.md", function () {
  this.timeout(300_000);
  this.bail(true);
  const scenes = parseTranscript(readFileSync(join(repositoryRoot(), "docs/install.md"), "utf8"));
  let controlPlane: ControlPlane;
  let kube: TestKube;
  let git: GitServer;
  let shell: TranscriptShell;
  let folder: string;
  let operator: OperatorProcess | undefined;

  before(async () => {
    // One of its own: definitions are deleted here, and with them all that others may have made.
    controlPlane = await startControlPlane();
    kube = await TestKube.connect(controlPlane.kubeconfigPath);
    git = await startGitServer();
    const repo = await git.createRepository("shop");
    await repo.commit(
      { "shop/x.yaml": configMap("shop", { colour: "blue" }), "catalogue/x.yaml": configMap("catalogue", {}) },
      "first",
    );
    folder = await mkdtemp(join(tmpdir(), "overseer-install-"));
    const kubeconfig = join(folder, "kubeconfig");
    await copyFile(controlPlane.kubeconfigPath, kubeconfig);
    shell = new TranscriptShell(repositoryRoot(), {
      ...gitEnvironment(),
      HOME: folder,
      PATH: `${dirname(controlPlane.kubectlPath)}:${dirname(controlPlane.helmPath)}:${process.env.PATH ?? ""}`,
      KUBECONFIG: kubeconfig,
      GIT_URL: git.url,
    });
  });

  after(async () => {
    shell?.close();
    await operator?.remove();
    await git?.stop();
    await kube?.client.close();
    await controlPlane?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  /** The pods of the simulated node run nothing: their work is done here, as their ServiceAccount. */
  const workAsInstalled = async (): Promise<void> => {
    await operator?.remove();
    const kubeconfigPath = await serviceAccountKubeconfig(controlPlane, kube, join(folder, "operator.kubeconfig"));
    operator = await OperatorProcess.start({ kubeconfigPath, flags: await installedFlags(kube) });
  };

  for (const { title, steps } of scenes) {
    it(`says what happens: ${title}`, async () => {
      try {
        for (const step of steps) {
          await shell.step(step);
          if (/^helm (install|upgrade)\b/.test(step.command)) await workAsInstalled();
          if (/^helm uninstall\b/.test(step.command)) await operator?.stop();
        }
      } catch (error) {
        const log = ((await operator?.log()) ?? "").split("\n").slice(-15).join("\n");
        throw new Error(`${error instanceof Error ? error.message : error}\n${log}`);
      }
    });
  }
});
