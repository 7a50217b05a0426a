import { expect } from "chai";
import { condition, configMap, World } from "../support/world.js";

describe("An object that exists already", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("adopt");
  });
  after(() => world?.remove());

  const existing = (name: string, data: Record<string, string>, metadata: Record<string, unknown> = {}) =>
    world.kube.apply(
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: world.namespace, ...metadata }, data },
      "somebody",
    );

  it("is taken over when nobody manages it", async () => {
    await existing("free", { v: "0", extra: "theirs" });
    await world.repository("free", { "x.yaml": configMap("free", { v: "1" }) });
    await world.app("free", "free", ".");
    await world.synced("free");
    expect((await world.kube.get(world.configMap("free")))?.data).to.deep.equal({ v: "1", extra: "theirs" });
    const [change] = await world.changes("free");
    expect(change?.status?.plan?.[0]).to.include({
      verb: "Adopt",
      reason: "existed without an owner; takes ownership of .data.v from somebody",
    });
  });

  it("made by kubectl apply loses the fields that Git does not have", async () => {
    const object = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "kubectl", namespace: world.namespace },
      data: { v: "0", old: "gone" },
    };
    const { runCommand } = await import("../../tools/run-command.js");
    const { kubectlPath, kubeconfigPath } = world.controlPlane;
    const apply = (data: Record<string, string>) =>
      runCommand(kubectlPath, ["--kubeconfig", kubeconfigPath, "apply", "-f", "-"], {
        input: JSON.stringify({ ...object, data }),
      });
    await apply(object.data);
    await world.repository("kubectl", { "x.yaml": configMap("kubectl", { v: "1" }) });
    await world.app("kubectl", "kubectl", ".");
    await world.synced("kubectl");
    expect((await world.kube.get(world.configMap("kubectl")))?.data).to.deep.equal({ v: "1" });
    await apply({ v: "2", added: "by hand" });
    const healed = await world.kube.until(
      world.configMap("kubectl"),
      "is as Git says",
      (live) => (live.data as Record<string, string>).v === "1",
    );
    expect(healed.data).to.deep.equal({ v: "1" });
  });

  const tracked = (name: string): Record<string, unknown> => ({
    annotations: { "argocd.argoproj.io/tracking-id": `shop:/ConfigMap:${world.namespace}/${name}` },
  });
  const TOOLS: [string, Record<string, unknown> | ((name: string) => Record<string, unknown>), string][] = [
    ["argo", tracked, "Argo CD"],
    [
      "flux",
      {
        labels: { "kustomize.toolkit.fluxcd.io/name": "shop", "kustomize.toolkit.fluxcd.io/namespace": "flux-system" },
      },
      "Flux Kustomization flux-system/shop",
    ],
    ["helm", { annotations: { "meta.helm.sh/release-name": "shop" } }, "Helm release shop"],
  ];
  for (const [name, metadata, manager] of TOOLS) {
    it(`is refused while ${manager} manages it, and taken with adopt: Always`, async () => {
      await existing(name, { v: "0" }, typeof metadata === "function" ? metadata(name) : metadata);
      await world.repository(name, { "x.yaml": configMap(name, { v: "1" }) });
      await world.app(name, name, ".");
      const app = await world.untilCondition(name, "Ready", "False", "ApplyRefused");
      expect(condition(app, "Ready")?.message).to.contain(`managed by ${manager}`).and.contain("sync.adopt: Always");
      expect((await world.kube.get(world.configMap(name)))?.data).to.deep.equal({ v: "0" });
      await world.kube.patch(world.appRef(name), { spec: { sync: { adopt: "Always" } } });
      await world.synced(name);
      expect((await world.kube.get(world.configMap(name)))?.data).to.deep.equal({ v: "1" });
    });
  }

  it("is refused while Argo CD or Flux manages fields of it, unless adopt is Always", async () => {
    const managers = [
      "argocd-application-controller",
      "argocd-server",
      "argocd-controller",
      "flux",
      "flux-client-side-apply",
    ];
    // As Argo CD leaves it where it tracks by label: no annotation, and a label that any chart sets, too.
    const labels = { "app.kubernetes.io/instance": "shop" };
    for (const manager of managers)
      await world.kube.apply(
        {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: `by-${manager}`, namespace: world.namespace, labels },
          data: { v: "0", old: "gone" },
        },
        manager,
      );
    const files = managers.map((manager) => [`${manager}.yaml`, configMap(`by-${manager}`, { v: "1" })] as const);
    await world.repository("by-manager", Object.fromEntries(files));
    await world.app("by-manager", "by-manager", ".");
    await world.untilCondition("by-manager", "Ready", "False", "ApplyRefused");
    expect((await world.changes("by-manager"))[0]?.status?.message)
      .to.contain("5 of 5 changed objects are refused")
      .and.contain("managed by Argo CD (field manager argocd-application-controller)");
    await world.kube.patch(world.appRef("by-manager"), { spec: { sync: { adopt: "Always" } } });
    await world.synced("by-manager");
    for (const manager of managers)
      expect((await world.kube.get(world.configMap(`by-${manager}`)))?.data, manager).to.deep.equal({ v: "1" });
  });

  it("that is a copy and bears the tracking id of its original is managed by nobody", async () => {
    const ids = ["shop:/ConfigMap:elsewhere/copy-a", `shop:/ConfigMap:${world.namespace}/original`, "shop:/Secret:x/y"];
    const files: Record<string, string> = {};
    for (const [at, id] of ids.entries()) {
      await existing(`copy-${at}`, { v: "0" }, { annotations: { "argocd.argoproj.io/tracking-id": id } });
      files[`${at}.yaml`] = configMap(`copy-${at}`, { v: "1" });
    }
    await world.repository("copies", files);
    await world.app("copies", "copies", ".");
    await world.synced("copies");
    expect((await world.kube.get(world.configMap("copy-1")))?.data).to.deep.equal({ v: "1" });
  });

  it("is never taken with adopt: Never", async () => {
    await existing("never", { v: "0" });
    await world.repository("never", { "x.yaml": configMap("never", { v: "1" }) });
    await world.app("never", "never", ".", { sync: { adopt: "Never" } });
    const app = await world.untilCondition("never", "Ready", "False", "ApplyRefused");
    expect(condition(app, "Ready")?.message).to.contain("sync.adopt is Never");
  });
});

describe("Two apps", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("two");
  });
  after(() => world?.remove());

  it("with the same object: the second one is refused, and its deletion keeps the object", async () => {
    await world.repository("share", {
      "a/x.yaml": configMap("shared", { v: "a" }),
      "b/x.yaml": configMap("shared", { v: "a" }),
      "b/y.yaml": configMap("only-b", {}),
    });
    await world.app("share-a", "share", "a");
    await world.synced("share-a");
    const before = await world.kube.get(world.configMap("shared"));
    expect(before?.metadata.labels?.["gitops.overseer.io/app"]).to.equal("share-a");
    await world.app("share-b", "share", "b");
    const refused = await world.untilCondition("share-b", "Ready", "False", "ApplyRefused");
    expect(condition(refused, "Ready")?.message).to.contain(`belongs to OverseerApp ${world.namespace}/share-a`);
    expect(await world.kube.get(world.configMap("only-b")), "nothing is written").to.equal(undefined);
    await world.kube.delete(world.appRef("share-b"));
    await world.kube.untilGone(world.appRef("share-b"));
    expect(await world.kube.get(world.configMap("shared"))).to.deep.equal(before);
  });

  it("between which an object moves: it is handed over and never gone", async () => {
    const repo = await world.repository("move", {
      "a/x.yaml": configMap("moving", { v: "1" }),
      "a/stay.yaml": configMap("stay-a", {}),
      "b/stay.yaml": configMap("stay-b", {}),
    });
    await world.app("move-a", "move", "a");
    await world.app("move-b", "move", "b");
    await Promise.all([world.synced("move-a"), world.synced("move-b")]);
    const before = await world.kube.get(world.configMap("moving"));
    const second = await repo.commit({ "a/x.yaml": null, "b/x.yaml": configMap("moving", { v: "2" }) }, "moved");
    await world.poll("move");
    await Promise.all([world.synced("move-a", second), world.synced("move-b", second)]);
    const after = await world.kube.get(world.configMap("moving"));
    expect(after?.metadata.uid, "the same object").to.equal(before?.metadata.uid);
    expect(after?.metadata.labels?.["gitops.overseer.io/app"]).to.equal("move-b");
    expect(after?.data).to.deep.equal({ v: "2" });
    await world.kube.patch(world.configMap("moving"), { data: { v: "hacked" } });
    await world.kube.until(
      world.configMap("moving"),
      "is healed by its new app",
      (object) => (object.data as Record<string, string>).v === "2",
    );
  });

  it("between which an object moves unchanged: nobody is said to have changed it", async () => {
    const repo = await world.repository("same", {
      "a/x.yaml": configMap("unchanged", { v: "1" }),
      "a/stay.yaml": configMap("same-a", {}),
      "b/stay.yaml": configMap("same-b", {}),
      "c/x.yaml": configMap("given", { v: "1" }),
      "d/x.yaml": configMap("given", { v: "1" }),
    });
    for (const app of ["a", "b", "c"]) await world.app(`same-${app}`, "same", app);
    await Promise.all(["a", "b", "c"].map((app) => world.synced(`same-${app}`)));
    await world.app("same-d", "same", "d");
    await world.untilCondition("same-d", "Ready", "False", "ApplyRefused");
    const second = await repo.commit({ "a/x.yaml": null, "b/x.yaml": configMap("unchanged", { v: "1" }) }, "moved");
    await world.poll("same");
    await Promise.all([world.synced("same-a", second), world.synced("same-b", second)]);
    await world.kube.delete(world.appRef("same-c"));
    await world.kube.untilGone(world.appRef("same-c"));
    await world.synced("same-d");
    for (const app of ["same-b", "same-d"])
      expect((await world.events(app)).join("\n"), app).to.not.contain("DriftHealed");
  });
});
