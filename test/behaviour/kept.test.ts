import { expect } from "chai";
import type { GitRepo } from "../support/git-server.js";
import { condition, configMap, World } from "../support/world.js";

const ARGO = "argocd.argoproj.io/sync-options";
const CLAIM = (name: string): string =>
  `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: ${name} }\nspec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }\n`;

/** A ConfigMap with one annotation. */
const annotated = (name: string, annotation: string, value: string): string =>
  configMap(name, {}, `  annotations: { ${annotation}: ${JSON.stringify(value)} }\n`);

describe("An object that carries another tool's keep annotation", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("kept");
  });
  after(() => world?.remove());

  const make = async (name: string, files: Record<string, string>): Promise<GitRepo> => {
    const repo = await world.repository(name, files);
    await world.app(name, name, ".", { sync: { pruneBudget: "100%" } });
    await world.synced(name, await repo.head());
    return repo;
  };
  const exists = async (name: string): Promise<boolean> =>
    (await world.kube.get(world.configMap(name)))?.metadata.deletionTimestamp === undefined &&
    (await world.kube.get(world.configMap(name))) !== undefined;
  const without = (files: Record<string, string>, stays: string): Record<string, string | null> =>
    Object.fromEntries(
      Object.keys(files)
        .filter((file) => file !== stays)
        .map((file) => [file, null]),
    );

  /** [file and object, annotation, value, whether it outlives its leaving Git, and the deletion of its app] */
  const ROWS: readonly (readonly [string, string, string, boolean, boolean])[] = [
    ["argo-prune", ARGO, "Prune=false", true, false],
    ["argo-list", ARGO, "ServerSideApply=true, Prune=false", true, false],
    ["argo-delete", ARGO, "Delete=false", false, true],
    ["argo-both", ARGO, "Delete=false,Prune=false", true, true],
    ["argo-other", ARGO, "Validate=false", false, false],
    ["flux-prune", "kustomize.toolkit.fluxcd.io/prune", "disabled", true, true],
    ["flux-reconcile", "kustomize.toolkit.fluxcd.io/reconcile", "disabled", true, true],
    ["flux-enabled", "kustomize.toolkit.fluxcd.io/prune", "enabled", false, false],
    ["helm-keep", "helm.sh/resource-policy", "keep", true, true],
    ["detach", "client.lifecycle.config.k8s.io/deletion", "detach", true, true],
    ["kapp-orphan", "kapp.k14s.io/delete-strategy", "orphan", true, true],
  ];
  const files = (prefix: string): Record<string, string> => ({
    "stays.yaml": configMap(`${prefix}-stays`, {}),
    ...Object.fromEntries(
      ROWS.map(([name, key, value]) => [`${name}.yaml`, annotated(`${prefix}-${name}`, key, value)]),
    ),
  });

  it("is kept when it leaves Git, as that tool means it, and an Event names the annotation", async () => {
    const all = files("leaves");
    const repo = await make("leaves", all);
    const second = await repo.commit(without(all, "stays.yaml"), "all leave");
    await world.poll("leaves");
    await world.synced("leaves", second);
    const kept: string[] = [];
    for (const [name] of ROWS) if (await exists(`leaves-${name}`)) kept.push(name);
    expect(kept).to.deep.equal(ROWS.filter((row) => row[3]).map(([name]) => name));
    const plan = (await world.changes("leaves")).at(-1)?.status?.plan ?? [];
    const reason = (name: string): string | undefined =>
      plan.find(({ object }) => object === `ConfigMap ${world.namespace}/leaves-${name}`)?.reason;
    expect(reason("argo-list")).to.contain(
      "removed from Git; kept because it is annotated argocd.argoproj.io/sync-options: Prune=false",
    );
    const marks = [
      "argocd.argoproj.io/sync-options: Prune=false",
      "kustomize.toolkit.fluxcd.io/prune: disabled",
      "kustomize.toolkit.fluxcd.io/reconcile: disabled",
      "helm.sh/resource-policy: keep",
    ];
    await world.told("leaves", ...marks.map((mark) => `kept because it is annotated ${mark}`));
  });

  it("is kept when its app is deleted, as that tool means it, and an Event names the annotation", async () => {
    await make("deleted", files("deleted"));
    await world.kube.delete(world.appRef("deleted"));
    await world.kube.untilGone(world.appRef("deleted"));
    const kept: string[] = [];
    for (const [name] of ROWS) if (await exists(`deleted-${name}`)) kept.push(name);
    expect(kept).to.deep.equal(ROWS.filter((row) => row[4]).map(([name]) => name));
    await world.told("deleted", "kept because it is annotated");
  });

  it("is kept if the annotation is on the live object or in the applied document", async () => {
    const repo = await make("where", {
      "stays.yaml": configMap("where-stays", {}),
      "live.yaml": configMap("where-live", {}),
      "git.yaml": annotated("where-git", "helm.sh/resource-policy", "keep"),
    });
    await world.operator.stop();
    await world.kube.patch(world.configMap("where-live"), { metadata: { annotations: { [ARGO]: "Prune=false" } } });
    await world.kube.patch(world.configMap("where-git"), {
      metadata: { annotations: { "helm.sh/resource-policy": null } },
    });
    const second = await repo.commit({ "live.yaml": null, "git.yaml": null }, "both leave");
    await world.operator.start();
    await world.poll("where");
    await world.synced("where", second);
    expect([await exists("where-live"), await exists("where-git")]).to.deep.equal([true, true]);
    // It stays so: no later look at it forgets what its last document said.
    await world.operator.stop();
    await world.operator.start();
    await world.poke("where");
    await world.synced("where", second);
    expect(await exists("where-git")).to.equal(true);
    await world.kube.patch(world.configMap("where-git"), {
      metadata: { annotations: { "gitops.overseer.io/prune": "confirmed" } },
    });
    await world.kube.untilGone(world.configMap("where-git"));
    expect(await exists("where-live")).to.equal(true);
  });

  it("is deleted once the annotation has left Git before the object does", async () => {
    const repo = await make("later", {
      "stays.yaml": configMap("later-stays", {}),
      "a.yaml": annotated("later-a", ARGO, "Prune=false"),
    });
    const second = await repo.commit({ "a.yaml": configMap("later-a", {}) }, "no annotation");
    await world.poll("later");
    await world.synced("later", second);
    await repo.commit({ "a.yaml": null }, "no object");
    await world.poll("later");
    await world.kube.untilGone(world.configMap("later-a"));
  });

  it("makes the Change wait, names the annotation, and is deleted after a confirmation", async () => {
    const repo = await make("asks", {
      "stays.yaml": configMap("asks-stays", { v: "1" }),
      "a.yaml": annotated("asks-a", ARGO, "Prune=confirm"),
      "b.yaml": annotated("asks-b", ARGO, "Validate=false, Prune=confirm"),
    });
    const second = await repo.commit(
      { "a.yaml": null, "b.yaml": null, "stays.yaml": configMap("asks-stays", { v: "2" }) },
      "leave",
    );
    await world.poll("asks");
    const app = await world.untilCondition("asks", "Waiting", "True", "Deletions");
    expect(condition(app, "Waiting")?.message)
      .to.contain("annotated argocd.argoproj.io/sync-options: Prune=confirm")
      .and.contain("gitops.overseer.io/prune: confirmed");
    expect([await exists("asks-a"), await exists("asks-b")]).to.deep.equal([true, true]);
    expect((await world.kube.get(world.configMap("asks-stays")))?.data).to.deep.equal({ v: "1" });
    await world.kube.patch(world.configMap("asks-a"), {
      metadata: { annotations: { "gitops.overseer.io/prune": "confirmed" } },
    });
    await world.kube.patch(world.configMap("asks-b"), {
      metadata: { annotations: { "gitops.overseer.io/prune": "disabled" } },
    });
    await world.synced("asks", second);
    await world.kube.untilGone(world.configMap("asks-a"));
    expect(await exists("asks-b")).to.equal(true);
  });

  it("makes the deletion of its app wait where it asks, with everything still there", async () => {
    await make("final", {
      "a.yaml": annotated("final-a", ARGO, "Delete=confirm"),
      "b.yaml": configMap("final-b", {}),
    });
    await world.kube.delete(world.appRef("final"));
    const app = await world.untilCondition("final", "Ready", "False", "Deleting");
    expect(condition(app, "Ready")?.message)
      .to.contain("ConfigMap final-a (annotated argocd.argoproj.io/sync-options: Delete=confirm)")
      .and.contain("gitops.overseer.io/prune: confirmed")
      .and.contain("deletionPolicy: Orphan");
    expect([await exists("final-a"), await exists("final-b")]).to.deep.equal([true, true]);
    await world.kube.patch(world.configMap("final-a"), {
      metadata: { annotations: { "gitops.overseer.io/prune": "confirmed" } },
    });
    await world.kube.untilGone(world.appRef("final"));
    expect([await exists("final-a"), await exists("final-b")]).to.deep.equal([false, false]);
  });

  it("is never confirmed by what Git says", async () => {
    const confirmed = CLAIM("by-git").replace(
      "{ name: by-git }",
      "{ name: by-git, annotations: { gitops.overseer.io/prune: confirmed } }",
    );
    const repo = await make("by-git", { "stays.yaml": configMap("by-git", {}), "c.yaml": confirmed });
    const [note] = (await world.synced("by-git")).status?.notes ?? [];
    expect(note?.message).to.contain("annotation gitops.overseer.io/prune: confirmed");
    await repo.commit({ "c.yaml": null }, "leaves");
    await world.poll("by-git");
    const app = await world.untilCondition("by-git", "Waiting", "True", "Deletions");
    expect(condition(app, "Waiting")?.message).to.contain("PersistentVolumeClaim by-git, which requires approval");
    const claim = world.object("v1", "PersistentVolumeClaim", "by-git");
    expect(await world.kube.isKept(claim)).to.equal(true);
    await world.kube.patch(claim, { metadata: { annotations: { "gitops.overseer.io/prune": "confirmed" } } });
    await world.kube.untilGone(claim);
    await world.synced("by-git", await repo.head());
  });
});
