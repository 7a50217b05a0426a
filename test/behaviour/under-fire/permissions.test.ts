import { expect } from "chai";
import { ApiProxy, type ProxiedRequest } from "../../support/api-proxy.js";
import type { GitRepo } from "../../support/git-server.js";
import { expectCalmLog } from "../../support/operator-log.js";
import { condition, configMap, type LiveApp, World } from "../../support/world.js";

const ROLES = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole" };
const EVERYTHING = [
  { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
  { nonResourceURLs: ["*"], verbs: ["*"] },
];
/** As before, but ConfigMaps may not be listed and watched. */
const NO_LISTS = [
  { apiGroups: ["gitops.overseer.io", "events.k8s.io", "apiextensions.k8s.io"], resources: ["*"], verbs: ["*"] },
  { apiGroups: ["admissionregistration.k8s.io"], resources: ["*"], verbs: ["*"] },
  { apiGroups: [""], resources: ["secrets", "namespaces", "events"], verbs: ["*"] },
  { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "create", "patch", "delete"] },
  { nonResourceURLs: ["*"], verbs: ["*"] },
];

describe("A permission that is withdrawn", function () {
  this.timeout(120_000);
  let world: World;
  let proxy: ApiProxy;
  let repo: GitRepo;
  before(async () => {
    world = await World.create("rbac", { withoutOperator: true });
    proxy = await ApiProxy.start(world.controlPlane);
    await permit(EVERYTHING);
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: world.namespace };
    await world.kube.apply({
      ...ROLES,
      kind: "ClusterRoleBinding",
      metadata: { name: world.namespace },
      roleRef,
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "alice" }],
    });
    await world.startOperator({ kubeconfigPath: await proxy.kubeconfig(world.controlPlane.tokens.alice) });
    repo = await world.repository("web", {
      "a.yaml": configMap("a", { v: "1" }),
      "b.yaml": configMap("b", { v: "1" }),
    });
    await world.app("web", "web", ".");
    await world.synced("web");
  });
  after(async () => {
    for (const kind of ["ClusterRoleBinding", "ClusterRole"])
      await world?.kube.delete({ ...ROLES, kind, name: world.namespace });
    await world?.remove();
    await proxy?.stop();
  });

  async function permit(rules: readonly object[]): Promise<void> {
    await world.kube.apply({ ...ROLES, metadata: { name: world.namespace }, rules });
  }

  const ofMaps = ({ path }: ProxiedRequest): boolean => path === "/api/v1/configmaps";

  /** Has the watch of ConfigMaps begin anew. */
  function endWatches(): void {
    for (const watch of proxy.watches) if (watch.path === "/api/v1/configmaps") watch.end();
  }

  it("is not said when a watch is opened again", async () => {
    await world.synced("web", await repo.head());
    const before = await world.kube.get<LiveApp>(world.appRef("web"));
    proxy.faults(1, (request) => request.watch && ofMaps(request), {
      kind: "answer",
      status: 403,
      reason: "Forbidden",
    });
    endWatches();
    await world.kube.patch(world.configMap("a"), { data: { v: "drifted" } }, { manager: "somebody-else" });
    await world.kube.until(world.configMap("a"), "is healed", ({ data }) => (data as { v?: string }).v === "1");
    const after = await world.poke("web");
    expect(after.status?.conditions).to.deep.equal(before?.status?.conditions);
    await expectCalmLog(world.operator);
  });

  it("is reported and retried with backoff, and the app syncs when it is granted again", async () => {
    await permit(NO_LISTS);
    proxy.requests.length = 0;
    endWatches();
    const app = await world.untilCondition("web", "Ready", "Unknown", "Observing");
    expect(condition(app, "Ready")?.message).to.contain("the operator needs list and watch on configmaps");
    expect(condition(app, "Reconciling")?.status).to.equal("True");
    await world.expectContracts();
    await world.kube.patch(world.configMap("a"), { data: { v: "drifted" } }, { manager: "somebody" });
    await repo.commit({ "b.yaml": null }, "second");
    await world.poll("web");
    await world.kube.until<LiveApp>(world.appRef("web"), "has looked", ({ status }) =>
      JSON.stringify(status).includes("PruneRefused"),
    );
    expect(await world.kube.get(world.configMap("b")), "it is not deleted").to.not.equal(undefined);
    expect(proxy.count(ofMaps), "it is not asked in a loop").to.be.below(6);
    await permit(EVERYTHING);
    await world.kube.until(world.configMap("a"), "is healed", ({ data }) => (data as { v?: string }).v === "1");
    await world.synced("web", await repo.head());
    await world.kube.untilGone(world.configMap("b"));
    await expectCalmLog(world.operator);
  });
});
