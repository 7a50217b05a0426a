import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ControlPlane } from "../../../tools/control-plane.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { RemotePlane } from "../../support/remote-plane.js";
import { parseTranscript, TranscriptShell } from "../../support/transcript.js";
import { configMap, World } from "../../support/world.js";

describe("docs/remote-clusters.md", function () {
  this.timeout(180_000);
  this.bail(true);
  const scenes = parseTranscript(readFileSync(join(repositoryRoot(), "docs/remote-clusters.md"), "utf8"));
  let world: World;
  let remote: RemotePlane;
  let shell: TranscriptShell;
  let folder: string;

  before(async () => {
    world = await World.create("remote-docs", { operator: { trustedNamespaces: [] } });
    remote = await RemotePlane.start(world);
    await world.repository("shop", { "x.yaml": configMap("shop", { colour: "blue" }) });
    folder = await mkdtemp(join(tmpdir(), "overseer-remote-"));
    const kubeconfig = join(folder, "contexts");
    await writeFile(kubeconfig, contexts({ here: world.controlPlane, there: remote.plane }, world.namespace));
    shell = new TranscriptShell(folder, {
      HOME: folder,
      PATH: `${dirname(world.controlPlane.kubectlPath)}:${process.env.PATH ?? ""}`,
      KUBECONFIG: kubeconfig,
    });
  });
  after(async () => {
    shell?.close();
    await world?.remove();
    await remote?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  for (const { title, steps } of scenes) {
    it(`says what happens: ${title}`, async () => {
      for (const step of steps) await shell.step(step);
    });
  }

  it("gives rights that do for healing, too", async () => {
    await remote.kube.patch(world.configMap("shop"), { data: { colour: "red" } });
    await remote.kube.until(
      world.configMap("shop"),
      "is healed",
      (object) => (object.data as Record<string, string>).colour === "blue",
    );
  });
});

/** A kubeconfig with one context for each cluster, all in one namespace. */
function contexts(planes: Readonly<Record<string, ControlPlane>>, namespace: string): string {
  const all = Object.entries(planes);
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": all[0]?.[0],
    contexts: all.map(([name]) => ({ name, context: { cluster: name, user: name, namespace } })),
    clusters: all.map(([name, { url, caPem }]) => ({
      name,
      cluster: { server: url, "certificate-authority-data": Buffer.from(caPem).toString("base64") },
    })),
    users: all.map(([name, { adminToken }]) => ({ name, user: { token: adminToken } })),
  });
}
