import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { API_VERSION } from "../../../src/api/group.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { OVERSEER } from "../../support/overseer-cli.js";
import { parseTranscript, TranscriptShell } from "../../support/transcript.js";
import { kubectlUser, untilPrints } from "../../support/user-kubectl.js";
import { configMap, deployment, World } from "../../support/world.js";
import { APP_RULES, grantAccount, removeInstallation, startRestricted } from "../install/restricted-operator.js";

describe("docs/cli/transcript.md", function () {
  this.timeout(240_000);
  this.bail(true);
  const scenes = parseTranscript(readFileSync(join(repositoryRoot(), "docs/cli/transcript.md"), "utf8"));
  let world: World;
  let shell: TranscriptShell;
  let folder: string;

  before(async () => {
    world = await World.create("cli-session", { withoutOperator: true });
    await startRestricted(world);
    await grantAccount(world, "deployer", APP_RULES);
    const kubectl = await kubectlUser(world, "alice", ["overseer-gitops-sync", "overseer-gitops-approve", "edit"]);
    const probe = { app: { name: "probe" }, cause: "Sync", requester: "alice" };
    const request = { apiVersion: API_VERSION, kind: "Change", metadata: { generateName: "probe-" }, spec: probe };
    await untilPrints(kubectl, "created (server dry run)", ["create", "--dry-run=server", "-f", "-"], request);
    await world.repository("web", {
      "settings.yaml": configMap("settings", { color: "blue" }),
      "web.yaml": deployment("web"),
    });
    await world.app("web", "web", ".", { serviceAccountName: "deployer", sync: { mode: "Manual" } });
    await world.untilCondition("web", "Waiting", "True", "Manual");
    folder = await mkdtemp(join(tmpdir(), "overseer-session-"));
    await writeFile(join(folder, "overseer"), `#!/bin/sh\nexec ${process.execPath} ${OVERSEER} "$@"\n`, {
      mode: 0o755,
    });
    shell = new TranscriptShell(folder, {
      HOME: folder,
      PATH: `${folder}:${process.env.PATH ?? ""}`,
      KUBECONFIG: world.controlPlane.kubeconfigPath,
      OVERSEER_NAMESPACE: world.namespace,
      OVERSEER_AS: "alice",
    });
  });
  after(async () => {
    shell?.close();
    await world?.remove();
    await removeInstallation(world);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  for (const { title, steps } of scenes) {
    it(`shows what happens: ${title}`, async () => {
      for (const step of steps) await shell.step(step);
    });
  }
});
