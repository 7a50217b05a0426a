import { expect } from "chai";
import { API_VERSION } from "../../../src/api/group.js";
import { isStatus } from "../../../src/kube/errors.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { INSTALL_NAMESPACE, installChart, OPERATOR } from "../../support/helm.js";
import { TestKube, type TestObject } from "../../support/kube.js";
import { configMap, World } from "../../support/world.js";
import { APP_RULES, grantAccount, removeInstallation, startInstalled } from "./restricted-operator.js";

const RBAC = "rbac.authorization.k8s.io";

describe("With policies.serviceAccountUse", function () {
  this.timeout(180_000);
  let world: World;
  let alice: TestKube;

  before(async () => {
    world = await World.create("policy", { withoutOperator: true });
    await installChart(world.controlPlane, {
      "policies.serviceAccountUse": true,
      trustedNamespaces: [world.namespace],
      "rbac.trustedClusterRole": "edit",
    });
    await startInstalled(world);
    await grantAccount(world, "deployer", APP_RULES);
    await bind("alice", { kind: "ClusterRole", name: "overseer-gitops-edit" });
    await world.repository("shop", { "x.yaml": configMap("shop", {}) });
    alice = await TestKube.connect(await world.controlPlane.writeKubeconfigFor("alice"));
    await waitUntil({ what: "the policy is in force", timeoutMs: 30_000, intervalMs: 100 }, async () =>
      (await outcome(app("probe", "deployer"), { dryRun: "All" })).includes("neither the verb use nor impersonate"),
    );
  });
  after(async () => {
    await alice?.client.close();
    const metadata = { namespace: INSTALL_NAMESPACE, name: "alice-impersonate" };
    for (const kind of ["RoleBinding", "Role"])
      await world?.kube.delete({ apiVersion: `${RBAC}/v1`, kind, ...metadata });
    await world?.remove();
    await removeInstallation(world);
  });

  const bind = async (
    name: string,
    role: { kind: string; name: string },
    namespace = world.namespace,
  ): Promise<void> => {
    await world.kube.apply({
      apiVersion: `${RBAC}/v1`,
      kind: "RoleBinding",
      metadata: { name, namespace },
      roleRef: { apiGroup: RBAC, ...role },
      subjects: [{ kind: "User", name: "alice", apiGroup: RBAC }],
    });
  };
  const mayUse = async (account: string, verb: string, namespace = world.namespace): Promise<void> => {
    const metadata = { name: `alice-${verb}`, namespace };
    const rules = [{ apiGroups: [""], resources: ["serviceaccounts"], resourceNames: [account], verbs: [verb] }];
    await world.kube.apply({ apiVersion: `${RBAC}/v1`, kind: "Role", metadata, rules });
    await bind(`alice-${verb}`, { kind: "Role", name: `alice-${verb}` }, namespace);
  };
  const app = (name: string, serviceAccountName?: string, path = "."): TestObject => ({
    apiVersion: API_VERSION,
    kind: "OverseerApp",
    metadata: { name, namespace: world.namespace },
    spec: {
      source: { repositoryRef: { name: "shop" }, path },
      destination: { kubernetes: {} },
      ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
    },
  });
  const outcome = async (object: TestObject, query: Record<string, string> = {}): Promise<string> =>
    alice.apply(object, "alice", query).then(
      () => "taken",
      (error: unknown) => {
        if (isStatus(error, 403)) return error.message;
        throw error;
      },
    );
  const taken = async (object: TestObject): Promise<void> => {
    await waitUntil(
      { what: "the right is seen", timeoutMs: 20_000, intervalMs: 100 },
      async () => (await outcome(object)) === "taken",
    );
  };

  it("names the ServiceAccount and the verbs that its author lacks", async () => {
    expect(await outcome(app("shop", "deployer")))
      .to.contain(`would write as the ServiceAccount ${world.namespace}/deployer`)
      .and.contain("alice has neither the verb use nor impersonate");
  });

  it("lets him name it once he may use it, and no other one", async () => {
    await mayUse("deployer", "use");
    await taken(app("shop", "deployer"));
    await world.synced("shop");
    expect(await outcome(app("shop", "default"))).to.contain(`${world.namespace}/default`);
  });

  it("asks again for every new content, also of an app that somebody else has made", async () => {
    await world.kube.apply(app("admins", "default"));
    expect(await outcome(app("admins", "default", "elsewhere"))).to.contain(`${world.namespace}/default`);
    await alice.patch(world.appRef("admins"), { metadata: { labels: { "example.com/seen": "yes" } } });
    await world.kube.delete(world.appRef("admins"));
    await world.kube.untilGone(world.appRef("admins"));
  });

  it("guards the operator's own rights in a trusted namespace like an account", async () => {
    expect(await outcome(app("trusted"))).to.contain(`${INSTALL_NAMESPACE}/${OPERATOR}`);
    await mayUse(OPERATOR, "impersonate", INSTALL_NAMESPACE);
    await world.kube.delete(world.appRef("shop"));
    await world.kube.untilGone(world.appRef("shop"));
    await taken(app("trusted"));
    await world.synced("trusted");
  });

  it("asks for nothing where a kubeconfig is the right, unless an account is named", async () => {
    const kubernetes = { kubeConfigSecretRef: { name: "there" } };
    const remote = (object: TestObject): TestObject => ({
      ...object,
      spec: { ...(object.spec as object), destination: { kubernetes } },
    });
    await world.kube.delete({
      apiVersion: `${RBAC}/v1`,
      kind: "RoleBinding",
      namespace: INSTALL_NAMESPACE,
      name: "alice-impersonate",
    });
    await waitUntil({ what: "the right is gone", timeoutMs: 20_000, intervalMs: 100 }, async () =>
      (await outcome(app("denied"), { dryRun: "All" })).includes(`${INSTALL_NAMESPACE}/${OPERATOR}`),
    );
    expect(await outcome(remote(app("remote")), { dryRun: "All" })).to.equal("taken");
    expect(await outcome(remote(app("remote", "default")), { dryRun: "All" })).to.contain(`${world.namespace}/default`);
  });

  it("is in nobody's way when an app is deleted", async () => {
    await alice.delete(world.appRef("trusted"));
    await world.kube.untilGone(world.appRef("trusted"));
    expect(await world.kube.get(world.configMap("shop"))).to.equal(undefined);
  });
});
