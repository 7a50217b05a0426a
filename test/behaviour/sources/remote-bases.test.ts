import { expect } from "chai";
import { API_VERSION } from "../../../src/api/group.js";
import type { GitRepo } from "../../support/git-server.js";
import { renderFlags } from "../../support/render-flags.js";
import { Signers } from "../../support/signing.js";
import { condition, configMap, World } from "../../support/world.js";

describe("Remote bases of Kustomize", function () {
  this.timeout(180_000);
  let world: World;
  let base: GitRepo;
  let repo: GitRepo;

  before(async () => {
    const auth = { username: "robot", password: `pass-${Date.now()}` };
    const flags = [...(await renderFlags()), "--allowed-remote-base-hosts=127.0.0.1"];
    world = await World.create("remote-bases", { gitAuth: auth, operator: { flags } });
    world.canaries.push(auth.password);
    await world.kube.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "git", namespace: world.namespace },
      stringData: auth,
    });
    base = await world.git.createRepository("team/base");
    await base.commit(
      { "base/kustomization.yaml": "resources: [cm.yaml]\n", "base/cm.yaml": configMap("settings", { v: "1" }) },
      "first",
    );
    await base.tag("v1", { message: "release" });
    const at = (host: string, ref: string): string =>
      `namePrefix: ${host === "127.0.0.1" ? ref.slice(0, 2) : "other"}-\nresources:\n- ${base.url.replace("127.0.0.1", host)}//base?ref=${ref}\n`;
    repo = await world.repository(
      "shop",
      {
        "tag/kustomization.yaml": at("127.0.0.1", "v1"),
        "branch/kustomization.yaml": at("127.0.0.1", base.defaultBranch),
        "host/kustomization.yaml": at("localhost", "v1"),
        "late/kustomization.yaml": at("127.0.0.1", "v2"),
      },
      { secretRef: { name: "git" }, interval: "1h" },
    );
  });
  after(() => world?.remove());

  const app = (name: string, kustomize: object = { allowRemoteBases: true }) =>
    world.app(name, "shop", name, { source: { repositoryRef: { name: "shop" }, path: name, kustomize } });
  const failed = async (name: string, reason: string): Promise<string> =>
    condition(await world.untilCondition(name, "Ready", "False", reason), "Ready")?.message ?? "";

  const toBase = (): number => world.git.requests.filter(({ url }) => url.includes("team/base")).length;

  it("are refused unless the app allows them, before any request", async () => {
    await world.app("plain", "shop", "tag");
    expect(await failed("plain", "RenderFailed"))
      .to.contain("tag/kustomization.yaml:3: ")
      .and.contain("source.kustomize.allowRemoteBases is not set");
  });

  it("are refused on hosts that the operator does not list, before any request", async () => {
    await app("host");
    const before = world.git.count();
    expect(await failed("host", "RenderFailed"))
      .to.match(/host\/kustomization\.yaml:3: .*localhost:\d+ is not in --allowed-remote-base-hosts of the operator/)
      .and.contain("commit a copy");
    expect(world.git.count()).to.equal(before);
  });

  it("are applied at their tag, with the credential of the same server", async () => {
    await app("tag");
    await world.synced("tag");
    expect((await world.kube.get(world.configMap("v1-settings")))?.data).to.deep.equal({ v: "1" });
  });

  it("cost no request afterwards, and do not follow a tag that is moved, also after a restart", async () => {
    await base.commit({ "base/cm.yaml": configMap("settings", { v: "2" }) }, "second");
    await base.git("tag", "--force", "v1", await base.head());
    await repo.commit({ "readme.md": "elsewhere\n" }, "elsewhere");
    const before = toBase();
    await world.poll("shop");
    await world.poke("tag");
    await world.operator.stop();
    await world.operator.start();
    await world.poke("tag");
    await world.synced("tag");
    expect(await world.operator.freshMetric(`overseer_renders_total{renderer="kustomize",result="miss"}`)).to.equal(0);
    expect(toBase()).to.equal(before);
    expect((await world.kube.get(world.configMap("v1-settings")))?.data).to.deep.equal({ v: "1" });
  });

  it("are named with what to do when they name a branch, or a tag that does not exist yet", async () => {
    await app("branch");
    expect(await failed("branch", "ReferenceNotFound"))
      .to.contain("is a branch, which would change apps without a commit")
      .and.contain(`?ref=${await base.head()}`)
      .and.contain("branch/kustomization.yaml:3");
    await app("late");
    expect(await failed("late", "ReferenceNotFound")).to.contain('"v2" is neither a tag nor a full commit ID there');
    await base.tag("v2");
    await world.poke("late");
    await world.synced("late");
    expect((await world.kube.get(world.configMap("v2-settings")))?.data).to.deep.equal({ v: "2" });
  });

  it("must name a full commit ID if the repository requires signatures", async () => {
    const signers = await Signers.create();
    try {
      const ada = await signers.ssh("ada@example.com");
      const [signed, commit] = [await world.git.createRepository("signed"), await base.head()];
      const at = (ref: string): string => `namePrefix: signed-\nresources:\n- ${base.url}//base?ref=${ref}\n`;
      const files = { "loose/kustomization.yaml": at("v1"), "pinned/kustomization.yaml": at(commit) };
      await signers.commit(signed, ada, files, "signed");
      const metadata = { namespace: world.namespace };
      const stringData = { "ada.pub": ada.publicKey };
      await world.kube.apply({ apiVersion: "v1", kind: "Secret", metadata: { ...metadata, name: "keys" }, stringData });
      await world.kube.apply({
        ...{ apiVersion: API_VERSION, kind: "GitRepository", metadata: { ...metadata, name: "signed" } },
        spec: {
          ...{ url: signed.url, ref: { branch: "main" }, interval: "1h", secretRef: { name: "git" } },
          verify: { mode: "HEAD", secretRef: { name: "keys" } },
        },
      });
      const kustomize = { allowRemoteBases: true };
      for (const path of ["loose", "pinned"])
        await world.app(path, "signed", path, { source: { repositoryRef: { name: "signed" }, path, kustomize } });
      await world.synced("pinned");
      expect((await world.kube.get(world.configMap("signed-settings")))?.data).to.deep.equal({ v: "2" });
      expect(await failed("loose", "RenderFailed"))
        .to.contain("loose/kustomization.yaml:3: ")
        .and.contain('has spec.verify, and the ref "v1" is no full commit ID')
        .and.contain("add ?ref= with the 40 digits of a commit ID");
    } finally {
      await signers.remove();
    }
  });

  it("are held by an Environment that does not list their repository, until it does", async () => {
    const environment = { apiVersion: API_VERSION, kind: "Environment", name: `prod-${world.namespace}` };
    const permit = (...repositories: string[]) =>
      world.kube.apply({
        ...{ apiVersion: API_VERSION, kind: "Environment", metadata: { name: environment.name } },
        spec: { namespaces: [{ name: world.namespace }], repositories },
      });
    await permit(repo.url);
    try {
      await repo.commit(
        { "gated/kustomization.yaml": `namePrefix: gated-\nresources:\n- ${base.url}//base?ref=v1\n` },
        "gated",
      );
      await world.poll("shop");
      await app("gated");
      const waiting = await world.untilCondition("gated", "Waiting", "True", "Repositories");
      expect(condition(waiting, "Waiting")?.message)
        .to.contain(`the remote base ${base.url}, named at gated/kustomization.yaml:3, is not in spec.repositories`)
        .and.contain(`Environment ${environment.name}`);
      expect(await world.kube.get(world.configMap("gated-settings"))).to.equal(undefined);
      await permit(repo.url, base.url);
      await world.synced("gated");
      expect((await world.kube.get(world.configMap("gated-settings")))?.data).to.deep.equal({ v: "1" });
    } finally {
      await world.kube.delete(environment);
    }
  });
});
