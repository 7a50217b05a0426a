import { expect } from "chai";
import { condition, configMap, World } from "../support/world.js";

const job = (name: string, annotations: string): string =>
  `apiVersion: batch/v1\nkind: Job\nmetadata: { name: ${name}, annotations: { ${annotations} } }\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n      containers: [{ name: m, image: registry.example/m:1 }]\n`;
const annotated = (name: string, annotations: string, data: Record<string, string> = {}): string =>
  configMap(name, data, `  annotations: { ${annotations} }\n`);

describe("A source with hooks and waves of other tools", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("hooks");
  });
  after(() => world?.remove());

  it("does not run hooks at the wrong time, and names them and all else that has no effect", async () => {
    const files = {
      "fail.yaml": job("on-failure", "argocd.argoproj.io/hook: SyncFail"),
      "test.yaml": job("chart-test", "helm.sh/hook: test"),
      "delete.yaml": job("clean-up", "argocd.argoproj.io/hook: Skip"),
      "migrate.yaml": job("migrate", "argocd.argoproj.io/hook: PreSync"),
      "wave.yaml": annotated("wave", 'argocd.argoproj.io/sync-wave: "late"'),
      "replace.yaml": annotated("replace", "'argocd.argoproj.io/sync-options': 'Prune=false,Replace=true'"),
    };
    const repo = await world.repository("hooks", files);
    await world.app("hooks", "hooks", ".");
    const app = await world.synced("hooks", await repo.head());
    expect(await world.kube.get(world.object("batch/v1", "Job", "migrate")), "ran before the sync").to.not.equal(
      undefined,
    );
    for (const name of ["on-failure", "chart-test", "clean-up"])
      expect(await world.kube.get(world.object("batch/v1", "Job", name)), name).to.equal(undefined);
    expect((await world.changes("hooks"))[0]?.status?.hooks).to.have.length(1);
    const notes = (app.status?.notes ?? []).map(({ object, message }) => `${object} ${message}`).join("\n");
    for (const text of [
      `Job ${world.namespace}/chart-test is not applied: helm.sh/hook: test`,
      `Job ${world.namespace}/clean-up is not applied: argocd.argoproj.io/hook: Skip`,
      `ConfigMap ${world.namespace}/wave argocd.argoproj.io/sync-wave: late has no effect`,
      `ConfigMap ${world.namespace}/replace argocd.argoproj.io/sync-options: Replace=true has no effect`,
    ])
      expect(notes).to.contain(text);
    await world.told("hooks", "SourceNotes: ");
  });

  it("leaves alone what was applied before its document says not to apply it", async () => {
    const repo = await world.repository("ignored", {
      "a.yaml": configMap("ignored", { v: "1" }),
      "b.yaml": configMap("beside", {}),
    });
    await world.app("ignored", "ignored", ".");
    await world.synced("ignored", await repo.head());
    const second = await repo.commit(
      { "a.yaml": annotated("ignored", "kustomize.toolkit.fluxcd.io/ssa: Ignore", { v: "2" }) },
      "ignore",
    );
    await world.poll("ignored");
    await world.synced("ignored", second);
    expect((await world.kube.get(world.configMap("ignored")))?.data).to.deep.equal({ v: "1" });
  });

  it("does not overwrite what its document says to make only where it is missing", async () => {
    await world.kube.apply(
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "there", namespace: world.namespace },
        data: { v: "real" },
      },
      "a-person",
    );
    const mark = "kustomize.toolkit.fluxcd.io/ssa: IfNotPresent";
    await world.repository("missing", { "a.yaml": annotated("there", mark, { v: "placeholder" }) });
    await world.app("missing", "missing", ".", { sync: { adopt: "Always" } });
    const app = await world.untilCondition("missing", "Ready", "False", "ApplyRefused");
    expect(condition(app, "Ready")?.message).to.contain(`its annotation ${mark} in Git says not to overwrite it`);
    expect((await world.kube.get(world.configMap("there")))?.data).to.deep.equal({ v: "real" });
  });
});
