import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { API_VERSION } from "../../../src/api/group.js";
import type { RawObject } from "../../../src/kube/object.js";
import { ensureControlPlaneBinaries } from "../../../tools/binaries.js";
import { runCommand } from "../../../tools/run-command.js";
import { FluxController } from "../../support/flux-controller.js";
import { installOtherTools, kubectl, removeOtherTools } from "../../support/other-tools.js";
import { OverseerUser, RunningCommand } from "../../support/overseer-cli.js";
import { renderFlags } from "../../support/render-flags.js";
import { ARGO, RBAC, takeOverSteps } from "../../support/take-over-steps.js";
import { kubectlUser, untilPrints } from "../../support/user-kubectl.js";
import { configMap, deployment, World } from "../../support/world.js";
import { APP_RULES, grantAccount, removeInstallation, startRestricted } from "../install/restricted-operator.js";
import { describeBesideControllers } from "./take-over-beside.js";

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

  const steps = takeOverSteps(() => ({ world, admin, folder }));

  const { urls, repository, files, written, application, ref, list } = steps;
  const { byArgo, uids, ready, importApps, takeOver, forgetStep } = steps;

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
    const again = await takeOver("back");
    expect(again.code, again.stderr).to.equal(0);
    expect(again.stdout, "planned again").to.match(/back: 1 with other fields.*\n.*back: done\n$/);
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
    for (const name of ["other", "root"]) {
      await world.kube.patch(ref("Application", name), { metadata: { finalizers: null } });
      await world.kube.delete(ref("Application", name));
    }
  });

  it("waits for a sync that began before the pause, and does not adopt by a plan that is outdated by it", async () => {
    await repository("late", { ...files("late"), "new.yaml": configMap("late-new", {}) });
    await byArgo("late", []);
    await ready("late");
    const before = await uids("late");
    await world.kube.create(
      application("late", { syncPolicy: { automated: {}, syncOptions: ["Prune=false", "Delete=false"] } }),
    );
    await importApps("argocd");
    expect((await takeOver("late")).stderr)
      .to.include(`would create objects that Application ${world.namespace}/late does not have: ConfigMap`)
      .and.include("--allow-create");
    const late = (...args: string[]) => takeOver("late", ["--allow-create", ...args]);
    expect((await late("--until", "planned")).code).to.equal(0);
    expect((await late("--until", "paused")).code).to.equal(0);
    const startedAt = "2026-01-01T00:00:00Z";
    const operation = { sync: { revision: "main" } };
    const operationState = { operation, phase: "Running", startedAt };
    await world.kube.patch(ref("Application", "late"), { operation, status: { operationState } });
    const stuck = await late("--timeout", "2s");
    expect(stuck.code).to.not.equal(0);
    expect(stuck.stderr)
      .to.include(`Application ${world.namespace}/late still writes, although it is paused: a sync has run since`)
      .and.include(`argocd app terminate-op ${world.namespace}/late`);
    const [args, options] = admin.command(["take-over", "late", "--yes", "--allow-create", "--timeout", "60s"]);
    const waiting = new RunningCommand(args, options);
    await waiting.says("waiting for its end");
    const template = { metadata: { annotations: { late: "sync" } } };
    await world.kube.patch(
      ref("Deployment", "late", "apps/v1"),
      { spec: { template } },
      { manager: "argocd-controller" },
    );
    const ended = { operation: null, status: { operationState: { ...operationState, phase: "Succeeded" } } };
    await world.kube.patch(ref("Application", "late"), ended);
    expect((await waiting.ended()).stderr).to.include("nothing was adopted, because pods would be replaced");
    expect((await world.kube.get(world.configMap("late")))?.metadata.labels).to.equal(undefined);
    await byArgo("late", ["--force-conflicts", "--server-side"]);
    await world.kube.patch(ref("Deployment", "late", "apps/v1"), {
      spec: { template: { metadata: { annotations: { late: null } } } },
    });
    expect((await late()).code).to.equal(0);
    expect((await uids("late")).slice(0, 3)).to.deep.equal(before.slice(0, 3));
    const { spec } = await world.synced("late");
    expect([spec.sync.prune, spec.deletionPolicy]).to.deep.equal([false, "Orphan"]);
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
    const made = (apiVersion: string, kind: string, spec: object, name = "live"): Promise<RawObject> =>
      world.kube.create({ apiVersion, kind, metadata: { name, namespace }, spec });
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

      // A reconcile that waits for the health of an object goes on after the pause.
      const slow = await world.git.createRepository("slow");
      const content = { "config.yaml": configMap("slow", { v: "1" }) };
      await made(
        "source.toolkit.fluxcd.io/v1",
        "GitRepository",
        { url: slow.url, interval: "10m", ref: { branch: "main" }, ignore: "/ignored.yaml\n" },
        "slow",
      );
      const ignored = { "ignored.yaml": configMap("slow-ignored", {}) };
      await flux.publish("slow", await slow.commit({ ...content, ...ignored }, "first"), content);
      const never = { apiVersion: "v1", kind: "ConfigMap", name: "never", namespace };
      await made(
        kustomization.apiVersion,
        "Kustomization",
        {
          ...{ interval: "10m", timeout: "12s", path: "./", prune: true, targetNamespace: namespace },
          ...{ sourceRef: { kind: "GitRepository", name: "slow" }, healthChecks: [never] },
        },
        "slow",
      );
      await world.kube.until(world.configMap("slow"), "is applied by Flux", ({ data }) => data !== undefined);
      await importApps("flux");
      const [args, options] = admin.command(["take-over", "slow", "--yes", "--timeout", "60s"]);
      const waiting = new RunningCommand(args, options);
      await waiting.says("a reconcile is under way");
      const { code, stderr } = await waiting.ended();
      expect(code, stderr).to.equal(0);
      await world.synced("slow");
      expect(await world.kube.get(world.configMap("slow-ignored")), "what Flux ignores").to.equal(undefined);
    } catch (error) {
      console.error(flux.tail(20), JSON.stringify(await world.kube.get(world.configMap("live")), null, 1));
      throw error;
    } finally {
      await flux.stop();
    }
  });

  describeBesideControllers(steps, () => ({ world, admin, folder }));
});
