import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect } from "chai";
import { load } from "js-yaml";
import { API_VERSION } from "../../../src/api/group.js";
import type { RawObject } from "../../../src/kube/object.js";
import { ensureControlPlaneBinaries } from "../../../tools/binaries.js";
import type { GitRepo } from "../../../tools/git-repository.js";
import { runCommand } from "../../../tools/run-command.js";
import { FluxController } from "../../support/flux-controller.js";
import type { TestObject, TestRef } from "../../support/kube.js";
import { installOtherTools, kubectl, removeOtherTools } from "../../support/other-tools.js";
import { OverseerUser, RunningCommand } from "../../support/overseer-cli.js";
import { renderFlags } from "../../support/render-flags.js";
import { kubectlUser, untilPrints } from "../../support/user-kubectl.js";
import { configMap, deployment, World } from "../../support/world.js";
import { APP_RULES, grantAccount, removeInstallation, startRestricted } from "../install/restricted-operator.js";

const ARGO = "argoproj.io/v1alpha1";
const FINALIZER = "resources-finalizer.argocd.argoproj.io";
const RBAC = "rbac.authorization.k8s.io/v1";

type Metadata = RawObject["metadata"];

describe("overseer take-over", function () {
  this.timeout(240_000);
  this.bail(true);
  let world: World;
  let admin: OverseerUser;
  let folder: string;

  before(async () => {
    world = await World.create("take-over", { withoutOperator: true });
    await startRestricted(world, {}, await renderFlags());
    const all = ["get", "create", "patch", "delete"];
    await grantAccount(world, "deployer", [
      ...APP_RULES,
      { apiGroups: ["rbac.authorization.k8s.io"], resources: ["roles"], verbs: all },
      { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
    ]);
    const request = { apiVersion: API_VERSION, kind: "Change", metadata: { generateName: "probe-" } };
    const probe = { ...request, spec: { app: { name: "probe" }, cause: "Sync", requester: "nobody" } };
    const user = await kubectlUser(world, "nobody", ["overseer-gitops-sync"]);
    await untilPrints(user, "created (server dry run)", ["create", "--dry-run=server", "-f", "-"], probe);
    admin = new OverseerUser(world);
    folder = await mkdtemp(join(tmpdir(), "overseer-take-over-"));
    await installOtherTools(world.kube);
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
    admin?.expectNoCanary(world.canaries);
    if (world !== undefined) await removeOtherTools(world.kube);
    await world?.remove();
    await removeInstallation(world);
  });

  const urls = new Map<string, string>();
  const repository = async (name: string, content: Record<string, string>): Promise<GitRepo> => {
    const repo = await world.git.createRepository(name);
    await repo.commit(content, "first");
    urls.set(name, repo.url);
    return repo;
  };
  const files = (name: string): Record<string, string> => ({
    "deployment.yaml": deployment(name, 3),
    "config.yaml": JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { v: "1" } }),
    "role.yaml": JSON.stringify({
      ...{ apiVersion: RBAC, kind: "Role", metadata: { name } },
      rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
    }),
  });
  /** The objects of Git as a tool writes them: with its marks, and a field that Git no longer has. */
  const written = (name: string, mark: (object: TestObject) => Partial<Metadata>): object[] =>
    Object.values(files(name)).map((text) => {
      const object = JSON.parse(text.startsWith("{") ? text : JSON.stringify(yaml(text))) as TestObject;
      const extra = object.kind === "ConfigMap" ? { data: { v: "1", old: "gone" } } : {};
      return { ...object, ...extra, metadata: { ...object.metadata, namespace: world.namespace, ...mark(object) } };
    });
  const yaml = (text: string): TestObject => load(text) as TestObject;
  const application = (name: string, spec: object = {}, metadata: object = {}): TestObject => ({
    apiVersion: ARGO,
    kind: "Application",
    metadata: { name, namespace: world.namespace, finalizers: [FINALIZER], ...metadata },
    spec: {
      project: "default",
      source: {
        repoURL: urls.get(name) ?? "https://git.example.com/none",
        path: ".",
        targetRevision: "main",
        directory: { recurse: true },
      },
      destination: { server: "https://kubernetes.default.svc", namespace: world.namespace },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
      ...spec,
    },
  });
  const ref = (kind: string, name: string, apiVersion = ARGO): TestRef => ({
    ...{ apiVersion, kind, namespace: world.namespace, name },
  });
  /** Objects of Argo CD: client-side applied, and RBAC objects with the entry of its second manager. */
  const byArgo = async (name: string, args: readonly string[]): Promise<void> => {
    const marked = written(name, ({ kind }) => {
      const group = kind === "Deployment" ? "apps" : kind === "Role" ? "rbac.authorization.k8s.io" : "";
      return {
        annotations: { "argocd.argoproj.io/tracking-id": `${name}:${group}/${kind}:${world.namespace}/${name}` },
      };
    });
    // The API server composes the schemas of all definitions for a validation by kubectl, which takes long on a busy machine.
    const apply = ["apply", "--validate=false", "--field-manager=argocd-controller"];
    await kubectl(world, [...apply, ...args, "-f", "-"], list(marked));
    const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }];
    await world.kube.patch(ref("Role", name, RBAC), { rules }, { manager: "argocd-application-controller" });
  };
  const list = (items: object[]): object => ({ apiVersion: "v1", kind: "List", items });
  /** UIDs of the objects and pods of an app. */
  const uids = async (name: string): Promise<string[]> => {
    const live = await Promise.all([
      world.kube.get(ref("Deployment", name, "apps/v1")),
      world.kube.get(world.configMap(name)),
      world.kube.get(ref("Role", name, RBAC)),
    ]);
    const pods = await world.kube.list("v1", "Pod", world.namespace, `app=${name}`);
    return [
      ...live.map((object) => object?.metadata.uid ?? "missing"),
      ...pods.map(({ metadata }) => metadata.uid).sort(),
    ];
  };
  const ready = async (name: string): Promise<void> => {
    await world.kube.until(
      ref("Deployment", name, "apps/v1"),
      "has 3 pods",
      ({ status }) => (status as { availableReplicas?: number } | undefined)?.availableReplicas === 3,
    );
  };
  /** Imports from the cluster and applies what is printed. */
  const importApps = async (tool: string): Promise<void> => {
    const printed = await admin.prints(["import", tool, "-n", world.namespace, "--service-account", "deployer"]);
    const file = join(folder, "import.yaml");
    await writeFile(file, printed);
    await kubectl(world, ["apply", "--server-side", "-f", file]);
  };
  const takeOver = (name: string, args: readonly string[] = []) =>
    admin.run(["take-over", name, "--yes", "--timeout", "60s", ...args]);
  /** Acts as if the process had been killed before it could record its last step. */
  const forgetStep = async (name: string, step: string): Promise<void> => {
    const secret = world.object("v1", "Secret", `${name}-take-over`);
    const { data } = (await world.kube.get(secret)) as RawObject & { data: { state: string } };
    const state = JSON.parse(gunzipSync(Buffer.from(data.state, "base64")).toString("utf8")) as { step: string };
    await world.kube.patch(secret, {
      data: { state: gzipSync(JSON.stringify({ ...state, step })).toString("base64") },
    });
  };

  it("of an Application keeps every object and pod, whatever step it is killed after", async () => {
    const repo = await repository("web", files("web"));
    await byArgo("web", []);
    await ready("web");
    await world.kube.create(application("web", { project: "team" }));
    await world.kube.create({
      apiVersion: ARGO,
      kind: "AppProject",
      metadata: { name: "team", namespace: world.namespace },
      spec: {
        sourceRepos: [urls.get("web")],
        destinations: [{ server: "https://kubernetes.default.svc", namespace: world.namespace }],
        namespaceResourceWhitelist: [{ group: "networking.k8s.io", kind: "Ingress" }],
        roles: [{ name: "dev", policies: ["p, proj:team:dev, applications, get, team/*, allow"], groups: ["devs"] }],
      },
    });
    await world.kube.create({
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: "repo-web",
        namespace: world.namespace,
        labels: { "argocd.argoproj.io/secret-type": "repository" },
      },
      stringData: { url: urls.get("web"), username: "git", password: world.canary() },
    });
    const before = await uids("web");
    const directory = join(folder, "web");
    await admin.prints(["import", "argocd", "-n", world.namespace, "--service-account", "deployer", "-d", directory]);
    const rights = join(directory, world.namespace, "rights_team.yaml");
    await kubectl(world, ["apply", "--server-side", "--force-conflicts", "-f", rights]);
    await importApps("argocd");
    const imported = await world.kube.get(world.repositoryRef("web"));
    expect(imported?.spec).to.deep.include({ secretRef: { name: "repo-web" } });
    const dry = await takeOver("web", ["--dry-run"]);
    expect(dry.code, dry.stderr).to.equal(0);
    expect(dry.stdout).to.match(/web: .*1 with other fields/);
    expect((await world.kube.get(world.configMap("web")))?.metadata.labels).to.equal(undefined);
    const [args, options] = admin.command(["take-over", "web", "--yes"]);
    const killed = new RunningCommand(args, options);
    await killed.prints("web: ");
    killed.interrupt();
    await killed.ended();
    // Each run is one that was killed after some step, and begins again at an earlier one.
    for (const [from, until] of [
      [undefined, "paused"],
      ["planned", "adopted"],
      ["planned", "detached"],
      ["paused", "done"],
      ["detached", "done"],
    ] as const) {
      if (from !== undefined) await forgetStep("web", from);
      const ended = await takeOver("web", ["--until", until]);
      expect(ended.code, ended.stderr).to.equal(0);
      expect(ended.stdout).to.match(new RegExp(`^${world.namespace}/web: ${until}$`, "m"));
      expect(await uids("web"), `${from} to ${until}`).to.deep.equal(before);
      const isGone = (await world.kube.get(ref("Application", "web"))) === undefined;
      expect(isGone, until).to.equal(until === "detached" || until === "done");
    }
    const config = await world.kube.get(world.configMap("web"));
    expect(config?.data).to.deep.equal({ v: "1" });
    for (const object of [config, await world.kube.get(ref("Role", "web", RBAC))]) {
      const { managedFields = [], annotations = {} } = object?.metadata ?? {};
      expect(managedFields.map(({ manager }) => manager)).to.deep.equal([`overseer:${world.namespace}/web`]);
      expect(Object.keys(annotations).filter((key) => !key.startsWith("gitops.overseer.io/"))).to.deep.equal([]);
    }
    const app = await world.synced("web");
    expect(app.spec.sync).to.deep.include({ mode: "Automatic", prune: true, selfHeal: true, adopt: "Unowned" });
    expect(app.spec.deletionPolicy).to.equal("Delete");
    expect((await world.kube.get(ref("RoleBinding", "team-dev", RBAC)))?.roleRef).to.deep.include({ name: "team-dev" });
    const environment = join(directory, world.namespace, "environment_team.yaml");
    await kubectl(world, ["apply", "--server-side", "-f", environment]);
    const next = await repo.commit({ "config.yaml": configMap("web", { v: "2" }) }, "second");
    await world.poll("web");
    await world.synced("web", next);
    await kubectl(world, ["delete", "-f", environment]);
  });

  it("goes back until the Application is deleted, and forward again", async () => {
    await repository("back", files("back"));
    await byArgo("back", ["--server-side"]);
    await ready("back");
    const before = await uids("back");
    await world.kube.create(application("back"));
    await importApps("argocd");
    expect((await takeOver("back", ["--until", "adopted"])).code).to.equal(0);
    expect((await world.kube.get(ref("Application", "back")))?.spec).to.deep.include({ syncPolicy: {} });
    expect((await takeOver("back", ["--undo"])).stdout).to.include("has its settings again");
    const restored = await world.kube.get(ref("Application", "back"));
    expect(restored?.spec).to.deep.include({ syncPolicy: { automated: { prune: true, selfHeal: true } } });
    expect(restored?.metadata.annotations?.["argocd.argoproj.io/skip-reconcile"]).to.equal(undefined);
    expect((await world.kube.get(world.appRef("back")))?.spec).to.deep.include({ suspend: true });
    expect((await takeOver("back")).stderr).to.include('resume it with "overseer resume"');
    await admin.prints(["resume", "back"]);
    await byArgo("back", ["--server-side", "--force-conflicts"]);
    expect((await takeOver("back", ["--until", "paused"])).code).to.equal(0);
    await world.kube.patch(ref("Application", "back"), { spec: { syncPolicy: { automated: {} } } });
    expect((await takeOver("back")).stderr).to.include("is no longer paused: something has set it back");
    await forgetStep("back", "planned");
    expect(await takeOver("back")).to.deep.include({ code: 0, stdout: `${world.namespace}/back: done\n` });
    expect(await uids("back")).to.deep.equal(before);
    expect((await takeOver("back", ["--undo"])).stderr).to.include("is deleted already, so there is no way back");
  });

  it("stops before anything is changed if pods would be replaced, or a parent would make the Application again", async () => {
    const changed = {
      ...files("other"),
      "deployment.yaml": deployment("other", 3).replace(/image: \S+/, "image: registry.example/new:2"),
    };
    await repository("other", changed);
    await byArgo("other", []);
    await world.kube.create(application("other"));
    await importApps("argocd");
    const stopped = await takeOver("other");
    expect(stopped.code).to.equal(1);
    expect(stopped.stderr)
      .to.match(
        /Deployment \S+\/other .*its pod template differs, so that its pods would be replaced: .*spec\.template/,
      )
      .and.include("nothing was changed");
    const parent = {
      annotations: { "argocd.argoproj.io/tracking-id": `root:argoproj.io/Application:${world.namespace}/other` },
    };
    await world.kube.create(application("root"));
    await world.kube.patch(ref("Application", "other"), { metadata: parent });
    expect((await takeOver("other")).stderr).to.include(
      `remove spec.syncPolicy.automated of Application ${world.namespace}/root`,
    );
    const live = await world.kube.get(ref("Application", "other"));
    expect(live?.spec).to.deep.include({ syncPolicy: { automated: { prune: true, selfHeal: true } } });
    expect(await world.kube.get(world.object("v1", "Secret", "other-take-over"))).to.equal(undefined);
  });

  it("of a Kustomization and a HelmRelease keeps objects and pods, and Helm no longer knows the release", async () => {
    const { helm } = await ensureControlPlaneBinaries();
    const chart = {
      "chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
      "chart/templates/deployment.yaml": deployment("rel", 3).replaceAll("name: rel", "name: {{ .Release.Name }}"),
    };
    const plain = Object.fromEntries(Object.entries(files("flux")).map(([file, text]) => [`plain/${file}`, text]));
    const repo = await world.git.createRepository("fleet");
    await repo.commit({ ...plain, ...chart }, "first");
    const clone = join(folder, "fleet");
    await runCommand("git", ["clone", "-q", repo.url, clone]);
    const labels = (kind: string, name: string) => ({
      [`${kind}.toolkit.fluxcd.io/name`]: name,
      [`${kind}.toolkit.fluxcd.io/namespace`]: world.namespace,
    });
    const marked = written("flux", () => ({ labels: labels("kustomize", "flux") }));
    await kubectl(world, ["apply", "--server-side", "--field-manager=kustomize-controller", "-f", "-"], list(marked));
    // The field manager of Helm is the name of its program.
    const controller = join(folder, "helm-controller");
    await symlink(helm, controller);
    const env = { ...process.env, KUBECONFIG: world.controlPlane.kubeconfigPath };
    const run = (args: string[]) => runCommand(controller, [...args, "-n", world.namespace], { env });
    await run(["install", "rel", join(clone, "chart")]);
    await world.kube.patch(
      ref("Deployment", "rel", "apps/v1"),
      { metadata: { labels: labels("helm", "rel") } },
      { manager: "helm-controller" },
    );
    await ready("flux");
    await ready("rel");
    const flux = (kind: string, name: string, group: string, spec: object, more: object = {}): Promise<RawObject> =>
      world.kube.create({
        apiVersion: `${group}.toolkit.fluxcd.io/${kind === "HelmRelease" ? "v2" : "v1"}`,
        kind,
        metadata: { name, namespace: world.namespace, ...more },
        spec: { interval: "10m", ...spec },
      });
    const sourceRef = { kind: "GitRepository", name: "fleet" };
    const finalizers = ["finalizers.fluxcd.io"];
    await flux("GitRepository", "fleet", "source", { url: repo.url, ref: { branch: "main" } });
    await flux(
      "Kustomization",
      "flux",
      "kustomize",
      { path: "./plain", prune: true, wait: true, sourceRef },
      { finalizers },
    );
    await flux("HelmRelease", "rel", "helm", { chart: { spec: { chart: "./chart", sourceRef } } }, { finalizers });
    const before = [...(await uids("flux")), ...(await uids("rel"))];
    await importApps("flux");
    const half = await takeOver("flux", ["--until", "adopted"]);
    expect(half.code, half.stderr).to.equal(0);
    await takeOver("flux");
    const done = await takeOver("rel");
    expect(done.code, done.stderr).to.equal(0);
    expect(done.stdout).to.match(/rel: done$/m);
    expect([...(await uids("flux")), ...(await uids("rel"))]).to.deep.equal(before);
    for (const [kind, name, group] of [
      ["Kustomization", "flux", "kustomize.toolkit.fluxcd.io/v1"],
      ["HelmRelease", "rel", "helm.toolkit.fluxcd.io/v2"],
    ] as const)
      expect(await world.kube.get(ref(kind, name, group)), kind).to.equal(undefined);
    expect(await run(["list", "-q"])).to.equal("");
    expect(await run(["uninstall", "rel"]).catch((error: Error) => error.message)).to.include("not found");
    expect((await uids("rel"))[0]).to.equal(before[6]);
    await world.synced("flux");
    await world.synced("rel");
  });

  it("beside Flux's own controller keeps objects and pods, goes back, and nothing is written twice afterwards", async () => {
    const first = files("live");
    const repo = await world.git.createRepository("live");
    const { namespace } = world;
    const kustomization = ref("Kustomization", "live", "kustomize.toolkit.fluxcd.io/v1");
    const made = (apiVersion: string, kind: string, spec: object): Promise<RawObject> =>
      world.kube.create({ apiVersion, kind, metadata: { name: "live", namespace }, spec });
    await made("source.toolkit.fluxcd.io/v1", "GitRepository", {
      ...{ url: repo.url, interval: "10m" },
      ref: { branch: "main" },
    });
    const flux = await FluxController.start(world);
    try {
      await flux.publish("live", await repo.commit(first, "first"), first);
      await made(kustomization.apiVersion, "Kustomization", {
        ...{ interval: "10m", path: "./", prune: true, wait: true, force: false },
        ...{ sourceRef: { kind: "GitRepository", name: "live" }, targetNamespace: namespace },
      });
      const applied = async (commit: string): Promise<RawObject> =>
        world.kube.until(kustomization, `applied ${commit} by Flux`, ({ status }) => {
          const { lastAppliedRevision = "" } = (status ?? {}) as { lastAppliedRevision?: string };
          return lastAppliedRevision.endsWith(commit);
        });
      const { metadata, status } = await applied(await repo.head());
      expect(metadata.finalizers).to.deep.equal(["finalizers.fluxcd.io"]);
      const { entries } = (status as { inventory: { entries: object[] } }).inventory;
      expect(entries).to.have.lengthOf(3);
      await ready("live");
      const before = await uids("live");
      const managers = async (): Promise<string[]> => {
        const { managedFields = [] } = (await world.kube.get(world.configMap("live")))?.metadata ?? {};
        return managedFields.map(({ manager }) => manager ?? "");
      };
      expect(await managers()).to.deep.equal(["kustomize-controller"]);

      await importApps("flux");
      const adopted = await takeOver("live", ["--until", "adopted"]);
      expect(adopted.code, adopted.stderr).to.equal(0);
      expect(await uids("live")).to.deep.equal(before);
      expect((await takeOver("live", ["--undo"])).stdout).to.include("has its settings again");
      const second = { ...first, "config.yaml": configMap("live", { v: "2" }) };
      await flux.publish("live", await repo.commit(second, "second"), second);
      await applied(await repo.head());
      expect((await world.kube.get(world.configMap("live")))?.data, "Flux applies again").to.deep.equal({ v: "2" });
      expect(await uids("live")).to.deep.equal(before);

      await admin.prints(["resume", "live"]);
      await world.poll("live");
      const done = await takeOver("live");
      expect(done.code, done.stderr).to.equal(0);
      await world.kube.untilGone(kustomization);
      expect(await uids("live")).to.deep.equal(before);
      expect(await managers()).to.deep.equal([`overseer:${namespace}/live`]);

      const third = { ...first, "config.yaml": configMap("live", { v: "3" }) };
      const commit = await repo.commit(third, "third");
      await flux.publish("live", commit, third);
      await world.poll("live");
      await world.synced("live", commit);
      const live = await world.kube.get(world.configMap("live"));
      expect(live?.data).to.deep.equal({ v: "3" });
      expect(await managers()).to.deep.equal([`overseer:${namespace}/live`]);
      expect(Object.keys(live?.metadata.labels ?? {}).filter((key) => key.includes("fluxcd"))).to.deep.equal([]);
      expect(await uids("live")).to.deep.equal(before);
    } catch (error) {
      console.error(flux.tail(20), JSON.stringify(await world.kube.get(world.configMap("live")), null, 1));
      throw error;
    } finally {
      await flux.stop();
    }
  });
});
