import { readFileSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gitEnvironment } from "../../tools/git-repository.js";
import { repositoryRoot } from "../../tools/repository-root.js";
import { parseTranscript, TranscriptShell } from "../support/transcript.js";
import { World } from "../support/world.js";

const NAMESPACE = "team-shop";

describe("docs/transcript.md", function () {
  this.timeout(240_000);
  this.bail(true);
  const scenes = parseTranscript(readFileSync(join(repositoryRoot(), "docs/transcript.md"), "utf8"));
  let world: World;
  let shell: TranscriptShell;
  let folder: string;

  before(async () => {
    world = await World.create("transcript", { withoutOperator: true });
    await world.startOperator({ trustedNamespaces: [NAMESPACE] });
    await world.git.createRepository("shop");
    folder = await mkdtemp(join(tmpdir(), "overseer-transcript-"));
    const kubeconfig = join(folder, "kubeconfig");
    await copyFile(world.controlPlane.kubeconfigPath, kubeconfig);
    const path = `${dirname(world.controlPlane.kubectlPath)}:${process.env.PATH ?? ""}`;
    shell = new TranscriptShell(folder, {
      ...gitEnvironment(),
      HOME: folder,
      PATH: path,
      KUBECONFIG: kubeconfig,
      GIT_URL: world.git.url,
    });
  });

  after(async () => {
    shell?.close();
    await world?.kube.delete({ apiVersion: "v1", kind: "Namespace", name: NAMESPACE });
    await world?.remove();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  for (const { title, steps } of scenes) {
    it(`shows what happens: ${title}`, async () => {
      try {
        for (const step of steps) await shell.step(step);
      } catch (error) {
        const status = await shell.run("kubectl get overseerapps,changes -o wide").catch(String);
        const log = (await world.operator.log()).split("\n").slice(-15).join("\n");
        throw new Error(`${error instanceof Error ? error.message : error}\n${status}\n${log}`);
      }
    });
  }
});
