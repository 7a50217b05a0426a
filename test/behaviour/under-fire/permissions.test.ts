import { expect } from "chai";
import { waitUntil } from "../../../tools/wait-until.js";
import { ApiProxy, type ProxiedRequest } from "../../support/api-proxy.js";
import { expectCalmLog } from "../../support/operator-log.js";
import { configMap, World } from "../../support/world.js";

const ROLES = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole" };
const EVERYTHING = [
  { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
  { nonResourceURLs: ["*"], verbs: ["*"] },
];
/** As before, but ConfigMaps may not be listed and watched. */
const NO_LISTS = [
  { apiGroups: ["gitops.overseer.io", "events.k8s.io", "apiextensions.k8s.io"], resources: ["*"], verbs: ["*"] },
  { apiGroups: ["admissionregistration.k8s.io"], resources: ["*"], verbs: ["*"] },
  { apiGroups: [""], resources: ["secrets", "namespaces"], verbs: ["*"] },
  { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "create", "patch", "delete"] },
  { nonResourceURLs: ["*"], verbs: ["*"] },
];

describe("A permission that is withdrawn", function () {
  this.timeout(60_000);
  let world: World;
  let proxy: ApiProxy;
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
    await world.repository("web", { "a.yaml": configMap("a", { v: "1" }) });
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

  it("is asked for ever more rarely, and when it is given back, what drifted meanwhile is healed", async () => {
    await permit(NO_LISTS);
    proxy.requests.length = 0;
    for (const watch of proxy.watches) if (watch.path === "/api/v1/configmaps") watch.end();
    await waitUntil({ what: "it is refused", timeoutMs: 20_000 }, async () =>
      (await world.operator.log()).includes("cannot watch resource"),
    );
    await world.kube.patch(world.configMap("a"), { data: { v: "drifted" } }, { manager: "somebody" });
    expect(proxy.count(ofMaps), "it is not asked in a loop").to.be.below(6);
    await permit(EVERYTHING);
    await world.kube.until(world.configMap("a"), "is healed", ({ data }) => (data as { v?: string }).v === "1");
    await world.synced("web");
    await expectCalmLog(world.operator);
  });
});
