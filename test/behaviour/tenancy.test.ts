import { expect } from "chai";
import { API_VERSION } from "../../src/api/group.js";
import { condition, configMap, type LiveApp, World } from "../support/world.js";

describe("The rights of an app", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("tenant", { operator: { trustedNamespaces: [] } });
  });
  after(() => world?.remove());

  const rbac = async (verbs: string[]): Promise<void> => {
    const { namespace } = world;
    await world.kube.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "deployer", namespace } });
    await world.kube.apply({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "deployer", namespace },
      rules: [{ apiGroups: [""], resources: ["configmaps"], verbs }],
    });
    await world.kube.apply({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "deployer", namespace },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "deployer" },
      subjects: [{ kind: "ServiceAccount", name: "deployer", namespace }],
    });
  };

  it("are none by itself: outside the trusted namespaces it has to name a ServiceAccount", async () => {
    await world.repository("plain", { "x.yaml": configMap("plain", { v: "1" }) });
    await world.app("plain", "plain", ".");
    const app = await world.untilCondition("plain", "Stalled", "True", "ServiceAccountRequired");
    expect(condition(app, "Ready")?.message)
      .to.contain("spec.serviceAccountName")
      .and.contain(world.namespace)
      .and.contain("--trusted-namespaces");
    expect(await world.kube.get(world.configMap("plain"))).to.equal(undefined);
    expect(app.metadata.finalizers ?? [], "nothing was begun").to.deep.equal([]);
  });

  it("are those of its ServiceAccount: what that may not do is refused with the reason, and works as soon as it may", async () => {
    await rbac(["get"]);
    await world.kube.patch(world.appRef("plain"), {
      spec: { serviceAccountName: "deployer", sync: { retry: { base: "1h", max: "1h" } } },
    });
    const app = await world.untilCondition("plain", "Ready", "False", "ApplyRefused");
    expect(condition(app, "Ready")?.message)
      .to.contain(`system:serviceaccount:${world.namespace}:deployer`)
      .and.contain("cannot patch")
      .and.contain("grant the app's ServiceAccount this permission");
    await rbac(["get", "create", "patch", "delete"]);
    await world.synced("plain");
    const live = await world.kube.get(world.configMap("plain"));
    expect(
      live?.metadata.managedFields?.some(
        (entry) => entry.manager === `overseer:${world.namespace}/plain` && entry.operation === "Apply",
      ),
    ).to.equal(true);
  });

  it("hold for healing and pruning, too", async () => {
    const repo = await world.repository("full", {
      "x.yaml": configMap("full", { v: "1" }),
      "y.yaml": configMap("full-y", {}),
    });
    await world.app("full", "full", ".", { serviceAccountName: "deployer" });
    await world.synced("full");
    await rbac(["get", "create", "patch"]);
    await world.kube.patch(world.configMap("full"), { data: { v: "2" } });
    await world.kube.until(
      world.configMap("full"),
      "is healed",
      (object) => (object.data as Record<string, string>).v === "1",
    );
    await repo.commit({ "y.yaml": null }, "remove y");
    await world.poll("full");
    const app = await world.untilCondition("full", "Ready", "False", "ApplyFailed");
    expect(condition(app, "Ready")?.message).to.contain("cannot delete").and.contain("full-y");
    await rbac(["get", "create", "patch", "delete"]);
    await world.poke("full");
    await world.kube.untilGone(world.configMap("full-y"));
    await world.synced("full");
  });

  it("do not reach a repository of another namespace that does not allow it", async () => {
    const other = `${world.namespace}-other`;
    await world.kube.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: other } });
    const repo = await world.git.createRepository("theirs");
    await repo.commit({ "x.yaml": configMap("theirs", {}) }, "first");
    const ref = { apiVersion: API_VERSION, kind: "GitRepository", namespace: other, name: "theirs" };
    await world.kube.apply({
      apiVersion: API_VERSION,
      kind: "GitRepository",
      metadata: { name: "theirs", namespace: other },
      spec: { url: repo.url },
    });
    await world.kube.apply({
      apiVersion: API_VERSION,
      kind: "OverseerApp",
      metadata: { name: "theirs", namespace: world.namespace },
      spec: {
        source: { repositoryRef: { name: "theirs", namespace: other } },
        destination: { kubernetes: {} },
        serviceAccountName: "deployer",
      },
    });
    const app = await world.untilCondition("theirs", "Ready", "False", "RepositoryNotAllowed");
    expect(condition(app, "Ready")?.message).to.contain("spec.allowedNamespaces");
    await world.kube.patch(ref, { spec: { allowedNamespaces: [world.namespace] } });
    await world.synced("theirs");
    await world.kube.delete({ apiVersion: "v1", kind: "Namespace", name: other });
  });

  it("do not make a repository that does not allow it be asked for anything", async () => {
    const guest = `${world.namespace}-guest`;
    await world.kube.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: guest } });
    await world.repository("guarded", { "x.yaml": configMap("guarded", {}) });
    await world.poll("guarded");
    world.git.clearRequests();
    await world.poll("guarded");
    const own = world.git.count();
    world.git.clearRequests();
    const ref = { apiVersion: API_VERSION, kind: "OverseerApp", namespace: guest, name: "asks" };
    const repositoryRef = { name: "guarded", namespace: world.namespace };
    const source = { repositoryRef, path: ".", ref: { branch: "invented" } };
    const spec = { source, destination: { kubernetes: {} }, serviceAccountName: "deployer" };
    const metadata = { name: "asks", namespace: guest };
    await world.kube.apply({ apiVersion: API_VERSION, kind: "OverseerApp", metadata, spec });
    const fails = (reason: string): Promise<LiveApp> =>
      world.kube.until<LiveApp>(ref, reason, (app) => condition(app, "Ready")?.reason === reason);
    await fails("RepositoryNotAllowed");
    expect(world.git.requests).to.deep.equal([]);
    await world.poll("guarded");
    expect(world.git.count(), "a poll asks for the repository's own ref alone").to.equal(own).and.above(0);
    await world.kube.patch(world.repositoryRef("guarded"), { spec: { allowedNamespaces: [guest] } });
    expect(condition(await fails("ReferenceNotFound"), "Ready")?.message).to.contain("invented");
    await world.kube.delete({ apiVersion: "v1", kind: "Namespace", name: guest });
  });
});
