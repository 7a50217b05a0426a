import { expect } from "chai";
import { waitUntil } from "../../../tools/wait-until.js";
import { condition, configMap, deployment, World } from "../../support/world.js";
import { APP_RULES, grantAccount, removeInstallation, startRestricted } from "./restricted-operator.js";

describe("An app whose ServiceAccount lacks rights", function () {
  this.timeout(180_000);
  let world: World;
  before(async () => {
    world = await World.create("lacking", { withoutOperator: true });
    await startRestricted(world);
  });
  after(async () => {
    await world?.remove();
    await removeInstallation(world);
  });

  const account = (name: string) => world.object("v1", "ServiceAccount", name);
  const binding = (name: string) => world.object("rbac.authorization.k8s.io/v1", "RoleBinding", name);
  const make = async (name: string, files: Record<string, string>): Promise<void> => {
    await world.repository(name, files);
    await world.app(name, name, ".", { serviceAccountName: name, sync: { retry: { base: "500ms", max: "1s" } } });
  };

  it("says which verb, resource and namespace, writes nothing, and goes on by itself once it may", async () => {
    await grantAccount(world, "late", [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "patch"] }]);
    await make("late", { "x.yaml": configMap("late", {}), "d.yaml": deployment("late") });
    const app = await world.untilCondition("late", "Ready", "False", "ApplyRefused");
    const message = condition(app, "Ready")?.message ?? "";
    expect(message)
      .to.contain(`User "system:serviceaccount:${world.namespace}:late" cannot patch resource "deployments"`)
      .and.contain(`in API group "apps" in the namespace "${world.namespace}"`)
      .and.contain("grant the app's ServiceAccount this permission");
    expect(message, "making needs another right than changing").to.contain('cannot create resource "configmaps"');
    expect(condition(app, "Reconciling")?.status, "it is tried again").to.equal("True");
    expect(app.status?.nextRetryTime).to.be.a("string");
    expect(await world.kube.get(world.configMap("late"))).to.equal(undefined);
    const { pid } = world.operator;
    await grantAccount(world, "late", APP_RULES);
    await world.synced("late");
    expect(world.operator.pid, "no restart").to.equal(pid);
  });

  it("is told when its ServiceAccount does not exist", async () => {
    await make("nobody", { "x.yaml": configMap("nobody", {}) });
    const app = await world.untilCondition("nobody", "Ready", "False", "ApplyRefused");
    expect(condition(app, "Ready")?.message).to.contain(
      `ServiceAccount ${world.namespace}/nobody does not exist: create it, or correct spec.serviceAccountName`,
    );
    await world.kube.delete(world.appRef("nobody"));
    await world.kube.untilGone(world.appRef("nobody"));
  });

  it("goes when it is deleted and its ServiceAccount is gone, and says what stays", async () => {
    await grantAccount(world, "orphan", APP_RULES);
    await make("orphan", { "x.yaml": configMap("orphan", {}), "d.yaml": deployment("orphan") });
    await world.synced("orphan");
    await world.kube.delete(binding("orphan"));
    await world.kube.delete(account("orphan"));
    await world.kube.delete(world.appRef("orphan"));
    await world.kube.untilGone(world.appRef("orphan"));
    for (const ref of [world.configMap("orphan"), world.object("apps/v1", "Deployment", "orphan")])
      expect(await world.kube.isKept(ref), ref.kind).to.equal(true);
    const stay = `were not deleted: the app's ServiceAccount ${world.namespace}/orphan no longer exists`;
    let events = "";
    await waitUntil({ what: "an Event that says what stays", timeoutMs: 60_000 }, async () => {
      events = (await world.events("orphan")).join("\n");
      return events.includes(stay);
    });
    expect(events)
      .to.contain(`Deployment ${world.namespace}/orphan`)
      .and.contain(`ConfigMap ${world.namespace}/orphan`);
  });

  it("still deletes what it may when its ServiceAccount is gone but not its rights", async () => {
    await grantAccount(world, "bound", APP_RULES);
    await make("bound", { "x.yaml": configMap("bound", {}) });
    await world.synced("bound");
    await world.kube.delete(account("bound"));
    await world.kube.delete(world.appRef("bound"));
    await world.kube.untilGone(world.appRef("bound"));
    expect(await world.kube.get(world.configMap("bound"))).to.equal(undefined);
  });

  it("waits with its deletion while its ServiceAccount is there and may be given the right", async () => {
    await grantAccount(world, "weak", APP_RULES);
    await make("weak", { "x.yaml": configMap("weak", {}) });
    await world.synced("weak");
    await world.kube.delete(binding("weak"));
    await world.kube.delete(world.appRef("weak"));
    const app = await world.untilCondition("weak", "Ready", "False", "Deleting");
    await world.kube.until(world.appRef("weak"), "says why it waits", (live) =>
      JSON.stringify(live.status).includes("cannot delete resource"),
    );
    expect(app.metadata.deletionTimestamp).to.be.a("string");
    expect(await world.kube.get(world.configMap("weak"))).to.not.equal(undefined);
    await grantAccount(world, "weak", APP_RULES);
    await world.kube.untilGone(world.appRef("weak"));
    expect(await world.kube.get(world.configMap("weak"))).to.equal(undefined);
  });

  it("does not hold up the deletion of its namespace", async () => {
    const namespace = `${world.namespace}-whole`;
    await world.kube.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    const inside = { namespace, kube: world.kube };
    await grantAccount(inside, "deployer", APP_RULES);
    const repo = await world.git.createRepository("whole");
    await repo.commit({ "x.yaml": configMap("whole", {}), "d.yaml": deployment("whole") }, "first");
    const metadata = { name: "whole", namespace };
    const apiVersion = "gitops.overseer.io/v1alpha1";
    await world.kube.apply({ apiVersion, kind: "GitRepository", metadata, spec: { url: repo.url } });
    const spec = {
      source: { repositoryRef: { name: "whole" }, path: "." },
      destination: { kubernetes: {} },
      serviceAccountName: "deployer",
    };
    await world.kube.apply({ apiVersion, kind: "OverseerApp", metadata, spec });
    await world.kube.until({ apiVersion, kind: "OverseerApp", ...metadata }, "is Ready", (app) =>
      JSON.stringify(app.status).includes("is applied and healthy"),
    );
    await world.kube.delete({ apiVersion: "v1", kind: "Namespace", name: namespace });
    await world.kube.untilGone({ apiVersion: "v1", kind: "Namespace", name: namespace }, 60_000);
  });
});
