import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { repositoryRoot } from "../../tools/repository-root.js";
import { runCommand } from "../../tools/run-command.js";
import { parseTranscript, TranscriptShell } from "../support/transcript.js";
import { configMap, World } from "../support/world.js";

/** An app of a monorepo: a base, and an overlay for each environment. */
const overlays = (app: string): Record<string, string> => ({
  [`apps/${app}/base/kustomization.yaml`]: "resources: [a.yaml]\n",
  [`apps/${app}/base/a.yaml`]: configMap(`fleet-${app}`, {}),
  [`apps/${app}/overlays/dev/kustomization.yaml`]: "resources: [../../base]\n",
  [`apps/${app}/overlays/prod/kustomization.yaml`]: "resources: [../../base]\n",
});

/** Pages, and the repository that each names. */
const PAGES: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
  [
    "docs/app-sets.md",
    "shop",
    { "apps/web/a.yaml": configMap("shop-web", {}), "apps/api/a.yaml": configMap("shop-api", {}) },
  ],
  ["docs/monorepo.md", "fleet", { ...overlays("web"), ...overlays("api") }],
];

describe("Pages about many apps", () => {
  for (const [page, name, files] of PAGES)
    describe(page, function () {
      this.timeout(120_000);
      this.bail(true);
      const scenes = parseTranscript(readFileSync(join(repositoryRoot(), page), "utf8"));
      let world: World;
      let folder: string;
      let shell: TranscriptShell;
      before(async () => {
        world = await World.create("sets-docs");
        await world.repository(name, files);
        folder = await mkdtemp(join(tmpdir(), "overseer-app-sets-"));
        const kubeconfig = join(folder, "config");
        await writeFile(kubeconfig, await readFile(world.controlPlane.kubeconfigPath));
        const { kubectlPath } = world.controlPlane;
        await runCommand(kubectlPath, ["config", "set-context", "--current", `--namespace=${world.namespace}`], {
          env: { ...process.env, KUBECONFIG: kubeconfig },
        });
        const path = `${dirname(kubectlPath)}:${process.env.PATH ?? ""}`;
        shell = new TranscriptShell(folder, { HOME: folder, PATH: path, KUBECONFIG: kubeconfig });
      });
      after(async () => {
        shell?.close();
        await world?.remove();
        if (folder !== undefined) await rm(folder, { recursive: true, force: true });
      });

      for (const { title, steps } of scenes) {
        it(`happens as the page says: ${title}`, async () => {
          for (const step of steps) await shell.step(step);
        });
      }
    });
});
