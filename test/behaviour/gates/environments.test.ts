import { expect } from "chai";
import type { Environment } from "../../../src/api/environment.js";
import { API_VERSION } from "../../../src/api/group.js";
import type { RawObject } from "../../../src/kube/object.js";
import { type KubectlUser, kubectlUser, untilPrints } from "../../support/user-kubectl.js";
import { condition, configMap, World } from "../../support/world.js";
import { APP_RULES, grantAccount, removeInstallation, startRestricted } from "../install/restricted-operator.js";

type LiveEnvironment = Environment & RawObject;
const RBAC = "rbac.authorization.k8s.io";
const SPEC = { serviceAccountName: "deployer" };

describe("Environments", function () {
  this.timeout(180_000);
  let world: World;
  /** May edit Environments, but not release what they govern. */
  let ed: KubectlUser;
  let admin: KubectlUser;
  let name: string;

  before(async () => {
    world = await World.create("environments", { withoutOperator: true });
    name = `prod-${world.namespace}`;
    await startRestricted(world);
    await grantAccount(world, "deployer", APP_RULES);
    await grant("environment-editor", "ed", ["get", "create", "update", "patch", "delete"]);
    await grant("environment-admin", "admin", ["get", "create", "update", "patch", "delete", "release"]);
    ed = await kubectlUser(world, "ed", []);
    admin = await kubectlUser(world, "admin", []);
  });
  after(async () => {
    await world?.kube.delete({ apiVersion: API_VERSION, kind: "Environment", name });
    for (const role of ["environment-editor", "environment-admin"])
      for (const kind of ["ClusterRoleBinding", "ClusterRole"])
        await world?.kube.delete({ apiVersion: `${RBAC}/v1`, kind, name: `${role}-${world.namespace}` });
    await world?.remove();
    await removeInstallation(world);
  });

  const grant = async (role: string, user: string, verbs: readonly string[]): Promise<void> => {
    const metadata = { name: `${role}-${world.namespace}` };
    const rules = [{ apiGroups: ["gitops.overseer.io"], resources: ["environments", "environments/status"], verbs }];
    await world.kube.apply({ apiVersion: `${RBAC}/v1`, kind: "ClusterRole", metadata, rules });
    await world.kube.apply({
      ...{ apiVersion: `${RBAC}/v1`, kind: "ClusterRoleBinding", metadata },
      roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: metadata.name },
      subjects: [{ kind: "User", name: user, apiGroup: RBAC }],
    });
  };
  const environment = (spec: object): object => ({
    ...{ apiVersion: API_VERSION, kind: "Environment", metadata: { name }, spec },
  });
  const until = (what: string, test: (live: LiveEnvironment) => boolean): Promise<LiveEnvironment> =>
    world.kube.until<LiveEnvironment>({ apiVersion: API_VERSION, kind: "Environment", name }, what, test);

  it("show what they govern, in kubectl get", async () => {
    const spec = { namespaces: [{ name: world.namespace }, { name: `${world.namespace}-2` }] };
    await untilPrints(admin, " created", ["create", "-f", "-"], environment(spec));
    await world.repository("web", { "c.yaml": configMap("web", { a: "1" }) });
    await world.app("web", "web", ".", SPEC);
    await world.synced("web");
    const live = await until("governs the app", ({ status }) => status?.governs?.apps === 1);
    expect(condition(live, "Ready")?.message).to.equal("governs 1 app in 2 namespaces");
    expect(condition(live, "PoliciesInForce")?.status).to.equal("True");
    expect(await admin.kubectl(["get", "environment", name])).to.match(/True +1 +governs 1 app in 2 namespaces/);
  });

  it("cannot be deleted, nor lose a namespace, without the verb release, and only the operator writes their status", async () => {
    const refusal = `ed does not have the verb release for Environment ${name}`;
    expect(await ed.kubectl(["delete", "environment", name])).to.contain(refusal);
    const patch = (spec: object): string[] => [
      "patch",
      "environment",
      name,
      "--type=merge",
      "-p",
      JSON.stringify(spec),
    ];
    const fewer = patch({ spec: { namespaces: [{ name: world.namespace }] } });
    expect(await ed.kubectl(fewer)).to.contain(refusal);
    const forged = patch({ status: { governs: { apps: 0, namespaces: 0 } } });
    expect(await ed.kubectl([...forged, "--subresource=status"])).to.contain("only the operator may write the status");
    const more = [world.namespace, `${world.namespace}-2`, `${world.namespace}-3`].map((one) => ({ name: one }));
    expect(await ed.kubectl(patch({ spec: { namespaces: more } }))).to.contain(" patched");
    await until("governs 3 namespaces", ({ status }) => status?.governs?.namespaces === 3);
    expect(await admin.kubectl(fewer)).to.contain(" patched");
    await until("governs 1 namespace", ({ status }) => status?.governs?.namespaces === 1);
  });

  it("say so while the policies that prove decisions are not in force", async () => {
    const binding = {
      ...{ apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingAdmissionPolicyBinding" },
      name: "overseer-gitops-approvals",
    };
    await world.kube.patch(binding, { spec: { validationActions: ["Audit"] } });
    const weak = await until("Ready is False", (live) => condition(live, "Ready")?.status === "False");
    expect(condition(weak, "Ready")?.message).to.contain("no decision of a user counts");
    await world.kube.patch(binding, { spec: { validationActions: ["Deny"] } });
    await until("Ready is True", (live) => condition(live, "Ready")?.status === "True");
  });
});
