import { readFileSync } from "node:fs";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { type ControlPlane, startControlPlane } from "../../../tools/control-plane.js";
import { gitEnvironment } from "../../../tools/git-repository.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { type GitServer, startGitServer } from "../../support/git-server.js";
import { installedFlags, serviceAccountKubeconfig } from "../../support/helm.js";
import { TestKube } from "../../support/kube.js";
import { OperatorProcess } from "../../support/operator-process.js";
import { parseTranscript, TranscriptShell } from "../../support/transcript.js";
import { configMap, deployment } from "../../support/world.js";

const read = (path: string): string => readFileSync(join(repositoryRoot(), path), "utf8");

/** The fenced blocks of a section of a document, in their order. */
function blocksOf(markdown: string, section: string): { language: string; text: string }[] {
  const [, body = ""] = markdown.split(`\n## ${section}\n`);
  const [own = ""] = body.split("\n## ");
  return [...own.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = "", text = ""]) => ({ language, text }));
}

describe("What the documents say of an installation", function () {
  this.timeout(300_000);
  this.bail(true);
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

  for (const { title, steps } of parseTranscript(read("docs/install.md"))) {
    it(`docs/install.md: ${title}`, async () => {
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

  it("README.md: its first app becomes ready after its installation, with nothing else", async () => {
    const repo = await git.createRepository("first");
    await repo.commit({ "k8s/web.yaml": deployment("web"), "k8s/settings.yaml": configMap("settings", {}) }, "first");
    const blocks = blocksOf(read("README.md"), "Install");
    await shell.run(`cd ${folder} && ln -s ${join(repositoryRoot(), "charts")} charts`);
    let output = "";
    for (const { language, text } of blocks) {
      if (language === "yaml") {
        const own = text.replace(/^( +url: ).*$/m, `$1${repo.url}`);
        expect(own).not.to.equal(text);
        await writeFile(join(folder, "first-app.yaml"), own);
      }
      if (language !== "sh") continue;
      for (const command of text.trim().split("\n")) {
        output = await shell.run(command);
        if (command.startsWith("helm ")) await workAsInstalled();
      }
    }
    expect(output).to.match(/overseerapp\S*\/shop +True +Healthy +True +main@sha1:[0-9a-f]{7} /);
    expect(output).to.match(/change\S*\/shop-1 .* Succeeded /);
  });
});
