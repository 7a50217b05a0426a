import { expect } from "chai";
import { condition, configMap, deployment, World } from "../../support/world.js";
import {
  APP_RULES,
  forbiddenRequests,
  grantAccount,
  removeInstallation,
  startRestricted,
} from "./restricted-operator.js";

describe("The operator with rights to some namespaces and kinds", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("narrow", { withoutOperator: true });
    await grantAccount(world, "deployer", APP_RULES);
    await startRestricted(world, {
      "rbac.readAll": false,
      "rbac.readKinds": [{ apiGroups: [""], resources: ["configmaps"] }],
      "rbac.secretNamespaces": [world.namespace],
      "rbac.impersonateNamespaces": [world.namespace],
    });
  });
  after(async () => {
    await world?.remove();
    await removeInstallation(world);
  });

  it("works for apps of these", async () => {
    const { namespace } = world;
    const password = world.canary();
    await world.kube.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "git", namespace },
      stringData: { username: "git", password },
    });
    await world.repository("fits", { "x.yaml": configMap("fits", { v: "1" }) }, { secretRef: { name: "git" } });
    await world.app("fits", "fits", ".", { serviceAccountName: "deployer" });
    await world.synced("fits");
    await world.kube.patch(world.configMap("fits"), { data: { v: "2" } });
    await world.kube.until(world.configMap("fits"), "is healed", (live) => JSON.stringify(live.data) === '{"v":"1"}');
    await world.kube.delete(world.appRef("fits"));
    await world.kube.untilGone(world.appRef("fits"));
    expect(await forbiddenRequests(world.operator), await world.operator.log()).to.equal(0);
  });

  it("says of another kind that it cannot be listed", async () => {
    await world.repository("wide", { "x.yaml": configMap("wide", {}), "d.yaml": deployment("wide") });
    await world.app("wide", "wide", ".", { serviceAccountName: "deployer" });
    const said = await world.kube.until(world.appRef("wide"), "names the kind", (app) =>
      JSON.stringify(app.status).includes("list and watch on deployments.apps"),
    );
    expect(condition(said as Parameters<typeof condition>[0], "Ready")?.status).to.not.equal("True");
  });

  it("has no right in another namespace", async () => {
    const namespace = `${world.namespace}-other`;
    await world.kube.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    await grantAccount({ kube: world.kube, namespace }, "deployer", APP_RULES);
    const repo = await world.git.createRepository("other");
    await repo.commit({ "x.yaml": configMap("other", {}) }, "first");
    const metadata = { name: "other", namespace };
    const apiVersion = "gitops.overseer.io/v1alpha1";
    await world.kube.apply({ apiVersion, kind: "GitRepository", metadata, spec: { url: repo.url } });
    const spec = {
      source: { repositoryRef: { name: "other" } },
      destination: { kubernetes: {} },
      serviceAccountName: "deployer",
    };
    await world.kube.apply({ apiVersion, kind: "OverseerApp", metadata, spec });
    const ref = { apiVersion, kind: "OverseerApp", ...metadata };
    await world.kube.until(ref, "says that it may not impersonate", (app) =>
      JSON.stringify(app.status).includes(`cannot impersonate resource \\"serviceaccounts\\"`),
    );
    await world.kube.delete(ref);
    await world.kube.untilGone(ref);
    // Nothing may be left for an operator of another test to look at.
    await world.kube.delete({ apiVersion, kind: "GitRepository", ...metadata });
    await world.kube.untilGone({ apiVersion, kind: "GitRepository", ...metadata });
    await world.kube.delete({ apiVersion: "v1", kind: "Namespace", name: namespace });
  });
});
