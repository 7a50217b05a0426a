import { expect } from "chai";
import { renderFlags } from "../../support/render-flags.js";
import { condition, configMap, deployment, World } from "../../support/world.js";

/** The layout of the documentation. */
const LAYOUT = {
  "k8s/base/kustomization.yaml": "resources: [web.yaml]\nconfigMapGenerator:\n- name: settings\n  files: [app.conf]\n",
  "k8s/base/web.yaml": deployment("web").replace(
    "          resources:",
    "          envFrom: [{ configMapRef: { name: settings } }]\n          resources:",
  ),
  "k8s/base/app.conf": "mode = base\n",
  "k8s/overlays/dev/kustomization.yaml": "resources: [../../base]\nnamePrefix: dev-\n",
  "k8s/overlays/prod/kustomization.yaml":
    "resources: [../../base]\nnamePrefix: prod-\nreplicas: [{ name: web, count: 3 }]\n",
  "docs/readme.md": "hello\n",
};

interface Deployment {
  readonly spec: {
    readonly replicas: number;
    readonly template: {
      readonly spec: {
        readonly containers: readonly [
          { readonly image: string; readonly envFrom: readonly [{ readonly configMapRef: { readonly name: string } }] },
        ];
      };
    };
  };
}

describe("Kustomize sources", function () {
  this.timeout(180_000);
  let world: World;
  before(async () => {
    world = await World.create("kustomize", { operator: { flags: await renderFlags() } });
  });
  after(() => world?.remove());

  const renders = (result: string): Promise<number> =>
    world.operator.freshMetric(`overseer_renders_total{renderer="kustomize",result="${result}"}`);
  const live = async (name: string): Promise<Deployment> =>
    (await world.kube.get(world.object("apps/v1", "Deployment", name))) as unknown as Deployment;
  /** The ConfigMap that a Deployment reads, which has the hash of its content in its name. */
  const settingsOf = async (name: string): Promise<string> =>
    (await live(name)).spec.template.spec.containers[0].envFrom[0].configMapRef.name;

  it("are rendered again only for commits that affect them, and never by a restart", async () => {
    const repo = await world.repository("shop", LAYOUT);
    const kustomize = { images: [{ name: "registry.example/web", newTag: "2" }], labels: { tier: "web" } };
    await world.app("dev", "shop", "k8s/overlays/dev");
    await world.app("prod", "shop", "k8s/overlays/prod", {
      source: { repositoryRef: { name: "shop" }, path: "k8s/overlays/prod", kustomize },
    });
    await world.synced("dev");
    await world.synced("prod");
    expect((await live("prod-web")).spec.replicas).to.equal(3);
    expect((await live("prod-web")).spec.template.spec.containers[0].image).to.equal("registry.example/web:2");
    expect((await live("dev-web")).spec.replicas).to.equal(1);
    const first = await settingsOf("dev-web");
    expect(await renders("miss")).to.equal(2);

    // Elsewhere: no child.
    await repo.commit({ "docs/readme.md": "other\n", "k8s/overlays/new/x.txt": "x" }, "elsewhere");
    await world.poll("shop");
    await world.poke("prod");
    await world.poke("dev");
    expect(await renders("miss")).to.equal(2);

    // The overlay of one app.
    const overlay = await repo.commit(
      {
        "k8s/overlays/dev/kustomization.yaml":
          "resources: [../../base]\nnamePrefix: dev-\nreplicas: [{ name: web, count: 2 }]\n",
      },
      "overlay",
    );
    await world.poll("shop");
    await world.synced("dev", overlay);
    expect((await live("dev-web")).spec.replicas).to.equal(2);
    expect(await renders("miss")).to.equal(3);

    // The base of both: the generated name changes, and the old ConfigMap is pruned.
    const base = await repo.commit({ "k8s/base/app.conf": "mode = next\n" }, "base");
    await world.poll("shop");
    await Promise.all(["dev", "prod"].map((name) => world.synced(name, base)));
    expect(await renders("miss")).to.equal(5);
    expect(await settingsOf("dev-web")).not.to.equal(first);
    expect((await world.kube.get(world.configMap(await settingsOf("dev-web"))))?.data).to.deep.equal({
      "app.conf": "mode = next\n",
    });
    expect(await world.kube.get(world.configMap(first))).to.equal(undefined);

    // A restart takes what was kept, and starts no child.
    await world.operator.stop();
    await world.operator.start();
    await world.poke("dev");
    await world.poke("prod");
    await Promise.all(["dev", "prod"].map((name) => world.synced(name, base)));
    expect(await renders("disk")).to.equal(2);
    expect(await renders("miss")).to.equal(0);

    // What was kept is what drift is reverted to.
    await world.kube.patch(world.object("apps/v1", "Deployment", "dev-web"), { spec: { replicas: 9 } });
    await world.kube.until(
      world.object("apps/v1", "Deployment", "dev-web"),
      "is restored",
      (object) => (object as unknown as Deployment).spec.replicas === 2,
    );
    expect(await renders("miss")).to.equal(0);
  });

  it("keep their objects, and harm no other app, while a commit cannot be rendered", async () => {
    const repo = await world.repository("hostile", {
      "app/kustomization.yaml": "resources: [cm.yaml]\n",
      "app/cm.yaml": configMap("kept", { v: "1" }),
      "other/cm.yaml": configMap("other", { v: "1" }),
    });
    await world.app("hostile", "hostile", "app");
    await world.app("neighbor", "hostile", "other");
    await world.synced("hostile");
    const says: readonly (readonly [Record<string, string | { content: string; mode: "120000" } | null>, RegExp])[] = [
      [
        { "app/kustomization.yaml": "resources: [cm.yaml, ../../../../etc/passwd]\n" },
        /app\/kustomization\.yaml:1: .*leads out of the repository/,
      ],
      [
        {
          "app/kustomization.yaml": "resources: [link.yaml]\n",
          "app/link.yaml": { content: "/etc/passwd", mode: "120000" },
        },
        /"app\/link\.yaml" leads out/,
      ],
      [
        { "app/kustomization.yaml": "resources: [https://example.com/x.yaml]\n" },
        /remote files are not fetched, except .*: commit a copy/,
      ],
      [
        { "app/kustomization.yaml": "resources: [cm.yaml]\npatches: [{path: gone.yaml}]\n" },
        /app\/kustomization\.yaml:2: "gone\.yaml" does not exist/,
      ],
    ];
    let commit = "";
    for (const [index, [files, message]] of says.entries()) {
      commit = await repo.commit({ ...files, "other/cm.yaml": configMap("other", { v: String(index + 2) }) }, "bad");
      await world.poll("hostile");
      await world.synced("neighbor", commit);
      const app = await world.kube.until(world.appRef("hostile"), `says ${message}`, (object) =>
        message.test(condition(object as never, "Ready")?.message ?? ""),
      );
      expect(condition(app as never, "Ready")).to.include({ status: "False", reason: "RenderFailed" });
      expect((await world.kube.get(world.configMap("kept")))?.data).to.deep.equal({ v: "1" });
    }
    await repo.commit({ "app/kustomization.yaml": "resources: [cm.yaml]\n" }, "good");
    await world.poll("hostile");
    await world.synced("hostile");
  });

  it("are named by the app that lacks kubectl, while plain sources go on", async () => {
    const other = await World.create("no-kubectl", { operator: { flags: ["--kubectl", "/nowhere/kubectl"] } });
    try {
      await other.repository("r", {
        "app/kustomization.yaml": "resources: []\n",
        "plain/cm.yaml": configMap("plain", {}),
      });
      await other.app("lacks", "r", "app");
      await other.app("plain", "r", "plain");
      await other.synced("plain");
      const app = await other.untilCondition("lacks", "Ready", "False", "UnsupportedSource");
      expect(condition(app, "Ready")?.message)
        .to.contain('Kustomize sources need the program kubectl, and "/nowhere/kubectl" is not found')
        .and.contain("--kubectl");
    } finally {
      await other.remove();
    }
  });
});
