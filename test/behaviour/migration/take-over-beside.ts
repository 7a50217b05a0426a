import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { findArgo } from "../../../tools/binaries.js";
import { ArgoControllers } from "../../support/argo-controllers.js";
import { FluxController } from "../../support/flux-controller.js";
import type { TakeOverPlace, takeOverSteps } from "../../support/take-over-steps.js";
import { configMap } from "../../support/world.js";

/** They take long to build, and are only there after `make test-argocd`. */
const argoProgram = await findArgo();

/** Take-overs beside controllers of other tools that run. */
export function describeBesideControllers(
  { repository, files, application, ref, uids, ready, importApps, takeOver }: ReturnType<typeof takeOverSteps>,
  place: () => TakeOverPlace,
): void {
  it("beside Flux's controller of HelmReleases keeps objects and pods, and nothing is installed again", async () => {
    const { world } = place();
    const { namespace } = world;
    const release = ref("HelmRelease", "helmed", "helm.toolkit.fluxcd.io/v2");
    const meta = "apiVersion: v2\nname: helmed\nversion: 1.0.0\n";
    const chart = (content: Record<string, string>, folder: string): Record<string, string> => ({
      [`${folder}/Chart.yaml`]: meta,
      ...Object.fromEntries(Object.entries(content).map(([file, text]) => [`${folder}/templates/${file}`, text])),
    });
    const repo = await world.git.createRepository("helmed");
    await repo.commit(chart(files("helmed"), "chart"), "first");
    const made = (apiVersion: string, kind: string, spec: object): Promise<RawObject> =>
      world.kube.create({
        apiVersion,
        kind,
        metadata: { name: "helmed", namespace },
        spec: { interval: "10m", ...spec },
      });
    await made("source.toolkit.fluxcd.io/v1", "GitRepository", { url: repo.url, ref: { branch: "main" } });
    const sourceRef = { kind: "GitRepository", name: "helmed" };
    await made("source.toolkit.fluxcd.io/v1", "HelmChart", { chart: "./chart", sourceRef });
    const controller = await FluxController.start(world, "helm-controller");
    try {
      await controller.publishChart("helmed", "1.0.0", chart(files("helmed"), "helmed"));
      const drift = { driftDetection: { mode: "enabled" } };
      await made(release.apiVersion, "HelmRelease", { chartRef: { kind: "HelmChart", name: "helmed" }, ...drift });
      await world.kube.until(release, "is installed by Flux", ({ status }) => {
        const { conditions = [] } = (status ?? {}) as { conditions?: { type: string; status: string }[] };
        return conditions.some((one) => one.type === "Ready" && one.status === "True");
      });
      await ready("helmed");
      const before = await uids("helmed");
      const secrets = () => world.kube.list("v1", "Secret", namespace, "owner=helm,name=helmed");
      expect(await secrets()).to.have.lengthOf(1);

      await importApps("flux");
      const done = await takeOver("helmed");
      expect(done.code, done.stderr).to.equal(0);
      await world.kube.untilGone(release);
      expect(await uids("helmed")).to.deep.equal(before);
      expect(await secrets()).to.deep.equal([]);
      const second = { ...files("helmed"), "config.yaml": configMap("helmed", { v: "2" }) };
      const commit = await repo.commit(chart(second, "chart"), "second");
      await world.poll("helmed");
      await world.synced("helmed", commit);
      const live = await world.kube.get(world.configMap("helmed"));
      expect(live?.data).to.deep.equal({ v: "2" });
      const managers = (live?.metadata.managedFields ?? []).map(({ manager }) => manager);
      expect(managers).to.deep.equal([`overseer:${namespace}/helmed`]);
      expect(await uids("helmed")).to.deep.equal(before);
    } catch (error) {
      console.error(controller.tail(20), JSON.stringify(await world.kube.get(release), null, 1));
      throw error;
    } finally {
      await controller.stop();
    }
  });

  if (argoProgram === undefined) return;
  it("beside Argo CD's own controller keeps objects and pods, goes back, and nothing is written twice afterwards", async () => {
    const { world, admin } = place();
    const { namespace } = world;
    const own = ref("Application", "argo");
    const repo = await repository("argo", files("argo"));
    const argo = await ArgoControllers.start(world, argoProgram);
    try {
      await world.kube.create(application("argo"));
      const synced = (commit: string): Promise<RawObject> =>
        world.kube.until(own, `is synced to ${commit} by Argo CD`, ({ status, operation }) => {
          const { sync, operationState } = (status ?? {}) as Partial<Record<string, { [field: string]: unknown }>>;
          const isDone = operation === undefined && operationState?.phase === "Succeeded";
          return isDone && sync?.status === "Synced" && sync.revision === commit;
        });
      await synced(await repo.head());
      await ready("argo");
      const before = await uids("argo");
      const config = async (): Promise<RawObject | undefined> => world.kube.get(world.configMap("argo"));
      expect((await config())?.metadata.annotations).to.have.property("argocd.argoproj.io/tracking-id");

      await importApps("argocd");
      const adopted = await takeOver("argo", ["--until", "adopted"]);
      expect(adopted.code, adopted.stderr).to.equal(0);
      expect(await uids("argo")).to.deep.equal(before);
      expect((await takeOver("argo", ["--undo"])).stdout).to.include("has its settings again");
      const second = await repo.commit({ "config.yaml": configMap("argo", { v: "2" }) }, "second");
      await world.kube.patch(own, { metadata: { annotations: { "argocd.argoproj.io/refresh": "normal" } } });
      await synced(second);
      expect((await config())?.data, "Argo CD applies again").to.deep.equal({ v: "2" });
      expect(await uids("argo")).to.deep.equal(before);

      await admin.prints(["resume", "argo"]);
      await world.poll("argo");
      const done = await takeOver("argo");
      expect(done.code, done.stderr).to.equal(0);
      await world.kube.untilGone(own);
      expect(await uids("argo")).to.deep.equal(before);
      const third = await repo.commit({ "config.yaml": configMap("argo", { v: "3" }) }, "third");
      await world.poll("argo");
      await world.synced("argo", third);
      const live = await config();
      expect(live?.data).to.deep.equal({ v: "3" });
      expect((live?.metadata.managedFields ?? []).map(({ manager }) => manager)).to.deep.equal([
        `overseer:${namespace}/argo`,
      ]);
      expect(Object.keys(live?.metadata.annotations ?? {}).filter((key) => key.includes("argoproj"))).to.deep.equal([]);
      expect(await uids("argo")).to.deep.equal(before);
    } catch (error) {
      console.error(argo.tail(20), JSON.stringify(await world.kube.get(own), null, 1));
      throw error;
    } finally {
      await argo.stop();
    }
  });
}
