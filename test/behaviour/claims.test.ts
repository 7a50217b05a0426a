import { expect } from "chai";
import { waitUntil } from "../../tools/wait-until.js";
import { ApiProxy, type ProxiedRequest } from "../support/api-proxy.js";
import { condition, configMap, World } from "../support/world.js";

const isReview = ({ path }: ProxiedRequest): boolean => path.endsWith("/selfsubjectaccessreviews");

describe("An object that an app without permission for it names in Git", function () {
  this.timeout(120_000);
  let world: World;
  let proxy: ApiProxy;
  before(async () => {
    world = await World.create("claims", { withoutOperator: true });
    proxy = await ApiProxy.start(world.controlPlane);
    const metadata = { name: "tenant", namespace: world.namespace };
    await world.kube.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata });
    await world.startOperator({ kubeconfigPath: await proxy.kubeconfig() });
  });
  after(async () => {
    await world?.remove();
    await proxy?.stop();
  });

  const grant = async (): Promise<void> => {
    const metadata = { name: "tenant", namespace: world.namespace };
    const apiVersion = "rbac.authorization.k8s.io/v1";
    const rules = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "create", "patch"] }];
    await world.kube.apply({ apiVersion, kind: "Role", metadata, rules });
    await world.kube.apply({
      apiVersion,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "tenant" },
      subjects: [{ kind: "ServiceAccount", name: "tenant", namespace: world.namespace }],
    });
  };
  const tenant = async (name: string, files: Record<string, string>): Promise<void> => {
    await world.repository(name, files);
    await world.app(name, name, ".", { serviceAccountName: "tenant", sync: { retry: { base: "1h", max: "1h" } } });
    await world.untilCondition(name, "Ready", "False", "ApplyRefused");
  };
  const dataOf = async (name: string): Promise<unknown> => (await world.kube.get(world.configMap(name)))?.data;

  it("is healed and made again by the app that has it while that app's Change waits", async () => {
    const files: Record<string, string> = {};
    for (let n = 0; n < 12; n++) files[`${n}.yaml`] = configMap(`many-${n}`, { v: "1" });
    const repo = await world.repository("many", files);
    await world.app("many", "many", ".");
    await world.synced("many");
    await tenant("taker", { "0.yaml": configMap("many-0", { v: "tenant" }) });
    const gone = Object.fromEntries(Object.keys(files).map((file) => [file, null]));
    await repo.commit({ ...gone, "12.yaml": configMap("many-12", { v: "1" }) }, "all leave");
    await world.poll("many");
    await world.untilCondition("many", "Synced", "False", "Waiting");
    await world.kube.patch(world.configMap("many-0"), { data: { v: "2" } }, { manager: "somebody" });
    await waitUntil({ what: "many-0 is healed", timeoutMs: 30_000 }, async () => {
      expect(await dataOf("many-0")).to.deep.equal({ v: "1" });
      return true;
    });
    await world.kube.delete(world.configMap("many-0"));
    await waitUntil({ what: "many-0 is made again", timeoutMs: 30_000 }, async () => {
      expect(await dataOf("many-0")).to.deep.equal({ v: "1" });
      return true;
    });
  });

  it("costs no permission check when nothing changed, and is transferred once permitted", async () => {
    const repo = await world.repository("keeper", {
      "a.yaml": configMap("keeper-a", {}),
      "b.yaml": configMap("keeper-b", { v: "1" }),
    });
    await world.app("keeper", "keeper", ".", { sync: { prune: false } });
    await world.synced("keeper");
    await tenant("wants", { "b.yaml": configMap("keeper-b", { v: "tenant" }) });
    const commit = await repo.commit({ "b.yaml": null }, "b leaves");
    await world.poll("keeper");
    await world.synced("keeper", commit);
    await world.poke("keeper");
    const before = proxy.count(isReview);
    expect(before, "the API server was asked").to.be.greaterThan(0);
    for (let times = 0; times < 5; times++) await world.poke("keeper");
    expect(proxy.count(isReview) - before, "permission checks of steady reconciles").to.equal(0);
    expect(await dataOf("keeper-b")).to.deep.equal({ v: "1" });
    await grant();
    await world.synced("wants");
    expect(await dataOf("keeper-b")).to.deep.equal({ v: "tenant" });
    expect(condition(await world.synced("keeper"), "Ready")?.status).to.equal("True");
  });
});
