import { expect } from "chai";
import { API_VERSION } from "../../../src/api/group.js";
import { isStatus } from "../../../src/kube/errors.js";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { TestKube, type TestRef } from "../../support/kube.js";
import { condition, configMap, type LiveApp, World } from "../../support/world.js";
import { APP_RULES, grantAccount, removeInstallation, startRestricted } from "./restricted-operator.js";

const RBAC = "rbac.authorization.k8s.io";

describe("A tenant with the ClusterRole edit in his namespace", function () {
  this.timeout(180_000);
  let world: World;
  let alice: TestKube;
  let victim: string;
  let canary: string;
  const theirs = (kind: string, name: string): TestRef => ({ apiVersion: "v1", kind, namespace: victim, name });

  before(async () => {
    world = await World.create("tenant", { withoutOperator: true });
    await startRestricted(world);
    victim = `${world.namespace}-victim`;
    await world.kube.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: victim } });
    await grantAccount(world, "deployer", APP_RULES);
    await grantAccount({ kube: world.kube, namespace: victim }, "mighty", [
      { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
    ]);
    canary = world.canary();
    const metadata = { name: "theirs", namespace: victim };
    await world.kube.apply({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { v: canary } });
    await world.kube.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata,
      stringData: { username: "git", password: canary },
    });
    await world.kube.apply({
      apiVersion: `${RBAC}/v1`,
      kind: "RoleBinding",
      metadata: { name: "alice", namespace: world.namespace },
      roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "edit" },
      subjects: [{ kind: "User", name: "alice", apiGroup: RBAC }],
    });
    alice = await TestKube.connect(await world.controlPlane.writeKubeconfigFor("alice"));
    await waitUntil({ what: "our kinds are part of edit", timeoutMs: 30_000 }, async () =>
      alice.list(API_VERSION, "OverseerApp", world.namespace),
    );
  });
  after(async () => {
    await alice?.client.close();
    // Nothing may be left for an operator of another test to look at.
    const robbed = {
      apiVersion: "gitops.overseer.io/v1alpha1",
      kind: "GitRepository",
      namespace: victim,
      name: "robbed",
    };
    if (victim) await world.kube.delete(robbed).catch(() => {});
    if (victim) await world.kube.delete({ apiVersion: "v1", kind: "Namespace", name: victim }).catch(() => {});
    await world?.remove();
    await removeInstallation(world);
  });

  /** What Alice does: a repository with these files, and an app of it. */
  const attack = async (
    name: string,
    files: Record<string, string>,
    spec: Record<string, unknown> = {},
  ): Promise<void> => {
    const { namespace } = world;
    const repo = await world.git.createRepository(name);
    await repo.commit(files, "first");
    await alice.apply({
      apiVersion: API_VERSION,
      kind: "GitRepository",
      metadata: { name, namespace },
      spec: { url: repo.url },
    });
    await alice.apply({
      apiVersion: API_VERSION,
      kind: "OverseerApp",
      metadata: { name, namespace },
      spec: {
        source: { repositoryRef: { name }, path: "." },
        destination: { kubernetes: {} },
        serviceAccountName: "deployer",
        ...spec,
      },
    });
  };
  const refusal = async (name: string): Promise<string> => {
    const app = await world.untilCondition(name, "Ready", "False", "ApplyRefused");
    return condition(app, "Ready")?.message ?? "";
  };
  const untouched = async <T>(ref: TestRef, work: () => Promise<T>): Promise<T> => {
    const before = await world.kube.get<RawObject>(ref);
    const result = await work();
    const after = await world.kube.get<RawObject>(ref);
    expect(after?.metadata.resourceVersion).to.equal(before?.metadata.resourceVersion);
    return result;
  };

  it("can use what was meant for him", async () => {
    await attack("honest", { "x.yaml": configMap("honest", {}) });
    await world.synced("honest");
  });

  it("has values read as the ServiceAccount: those that it may read, and no others", async () => {
    const { namespace } = world;
    await world.kube.apply({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "ours", namespace },
      data: { V: "1" },
    });
    const stringData = { W: canary };
    await world.kube.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "operators", namespace },
      stringData,
    });
    await grantAccount(world, "limited", [
      { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "create", "patch", "delete"] },
    ]);
    const source = (name: string, ...from: object[]) => ({
      serviceAccountName: "limited",
      source: { repositoryRef: { name }, path: ".", substitute: { from } },
    });
    const ours = { kind: "ConfigMap", name: "ours" };
    await attack("valued", { "x.yaml": configMap("valued", { v: "${V}" }) }, source("valued", ours));
    await world.synced("valued");
    expect((await world.kube.get(world.configMap("valued")))?.data).to.deep.equal({ v: "1" });
    const hidden = { kind: "Secret", name: "operators" };
    await attack("curious", { "x.yaml": configMap("curious", { v: "${W}" }) }, source("curious", ours, hidden));
    const app = await world.untilCondition("curious", "Ready", "False", "ValuesForbidden");
    expect(condition(app, "Ready")?.message).to.contain(`ServiceAccount ${namespace}/limited may not read Secret`);
    expect(await world.kube.get(world.configMap("curious"))).to.equal(undefined);
  });

  it("cannot write elsewhere by the default namespace of an app", async () => {
    await attack(
      "default",
      { "x.yaml": configMap("default", {}) },
      { destination: { kubernetes: { namespace: victim } } },
    );
    expect(await refusal("default"))
      .to.contain(`"system:serviceaccount:${world.namespace}:deployer"`)
      .and.contain(victim);
    expect(await world.kube.get(theirs("ConfigMap", "default"))).to.equal(undefined);
  });

  it("cannot write elsewhere by the namespace of a document", async () => {
    await attack("document", {
      "x.yaml": configMap("document", {}, `  namespace: ${victim}\n`),
      "y.yaml": configMap("mine", {}),
    });
    expect(await refusal("document"))
      .to.contain("cannot patch")
      .and.contain(victim);
    expect(await world.kube.get(theirs("ConfigMap", "document"))).to.equal(undefined);
    expect(await world.kube.get(world.configMap("mine")), "one refused document stops all").to.equal(undefined);
  });

  it("gets no object of the cluster made", async () => {
    const role = `apiVersion: ${RBAC}/v1\nkind: ClusterRoleBinding\nmetadata: { name: ${victim} }\nroleRef: { apiGroup: ${RBAC}, kind: ClusterRole, name: cluster-admin }\nsubjects: [{ kind: User, name: alice, apiGroup: ${RBAC} }]\n`;
    const namespace = `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${victim}-new }\n`;
    await attack("cluster", { "r.yaml": role, "n.yaml": namespace });
    expect(await refusal("cluster"))
      .to.contain("clusterrolebindings")
      .and.contain("namespaces")
      .and.contain("at the cluster scope");
    expect(await world.kube.get({ apiVersion: `${RBAC}/v1`, kind: "ClusterRoleBinding", name: victim })).to.equal(
      undefined,
    );
  });

  it("cannot use the ServiceAccount of another namespace, by whatever name", async () => {
    for (const serviceAccountName of [
      `${victim}/mighty`,
      `${victim}:mighty`,
      `system:serviceaccount:${victim}:mighty`,
      "../mighty",
    ]) {
      const outcome = await attack("borrowed", { "x.yaml": configMap("borrowed", {}) }, { serviceAccountName }).then(
        () => "taken",
        (error: unknown) => (isStatus(error, 422) ? "refused" : String(error)),
      );
      expect(outcome, serviceAccountName).to.equal("refused");
    }
    await attack(
      "namesake",
      { "x.yaml": configMap("namesake", {}, `  namespace: ${victim}\n`) },
      { serviceAccountName: "mighty" },
    );
    expect(await refusal("namesake")).to.contain(`ServiceAccount ${world.namespace}/mighty does not exist`);
  });

  it("signs in nowhere with a Secret of another namespace", async () => {
    const { namespace } = world;
    const git = await world.git.createRepository("secretive");
    const metadata = { name: "secretive", namespace };
    const spec = { url: git.url, secretRef: { name: `${victim}/theirs` } };
    const outcome = await alice
      .apply({ apiVersion: API_VERSION, kind: "GitRepository", metadata, spec })
      .catch((error) => error);
    expect(isStatus(outcome, 422), String(outcome)).to.equal(true);
    await alice.apply({
      apiVersion: API_VERSION,
      kind: "GitRepository",
      metadata,
      spec: { ...spec, secretRef: { name: "theirs" } },
    });
    const repository = await world.kube.until(world.repositoryRef("secretive"), "has no credential", (object) =>
      JSON.stringify(object.status).includes("SecretNotFound"),
    );
    expect(JSON.stringify(repository.status)).to.contain(`${namespace}/theirs`);
  });

  it("takes over nothing that he could not write, and learns nothing of it", async () => {
    await untouched(theirs("ConfigMap", "theirs"), async () => {
      const document = configMap("theirs", { v: "mine" }, `  namespace: ${victim}\n`);
      await attack("thief", { "x.yaml": document }, { sync: { adopt: "Always" } });
      expect(await refusal("thief")).to.not.contain(canary);
      expect(JSON.stringify(await world.changes("thief"))).to.not.contain(canary);
    });
  });

  it("cannot keep alive, or make his own, what another app deletes", async () => {
    const { kube } = world;
    const repo = await world.git.createRepository("robbed");
    await repo.commit({ "x.yaml": configMap("prey", {}), "y.yaml": configMap("rest", {}) }, "first");
    const metadata = { name: "robbed", namespace: victim };
    await kube.apply({
      apiVersion: API_VERSION,
      kind: "GitRepository",
      metadata,
      spec: { url: repo.url, interval: "1s" },
    });
    const spec = {
      source: { repositoryRef: { name: "robbed" }, path: "." },
      destination: { kubernetes: {} },
      serviceAccountName: "mighty",
    };
    const robbed: TestRef = { apiVersion: API_VERSION, kind: "OverseerApp", ...metadata };
    await kube.apply({ apiVersion: API_VERSION, kind: "OverseerApp", metadata, spec });
    await kube.until<LiveApp>(robbed, "is Ready", (app) => condition(app, "Ready")?.status === "True");
    await attack("robber", { "x.yaml": configMap("prey", {}, `  namespace: ${victim}\n`) });
    await refusal("robber");
    await repo.commit({ "x.yaml": null }, "remove");
    await kube.untilGone(theirs("ConfigMap", "prey")).catch(async (error: unknown) => {
      const prey = await kube.get<RawObject>(theirs("ConfigMap", "prey"));
      throw new Error(`${String(error)}; its labels: ${JSON.stringify(prey?.metadata.labels)}`);
    });
    await kube.delete(robbed);
    await kube.untilGone(robbed);
  });

  it("cannot use the rights of the operator", async () => {
    const { namespace } = world;
    await attack("own", { "x.yaml": configMap("own", {}) }, { serviceAccountName: undefined });
    const app = await world.untilCondition("own", "Stalled", "True", "ServiceAccountRequired");
    expect(condition(app, "Stalled")?.message).to.contain("spec.serviceAccountName").and.contain(namespace);
    expect(await world.kube.get(world.configMap("own"))).to.equal(undefined);
  });

  it("with view instead of edit may look at our kinds, and change nothing", async () => {
    const { namespace } = world;
    await world.kube.apply({
      apiVersion: `${RBAC}/v1`,
      kind: "RoleBinding",
      metadata: { name: "carol", namespace },
      roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "view" },
      subjects: [{ kind: "User", name: "carol", apiGroup: RBAC }],
    });
    const carol = await TestKube.connect(await world.controlPlane.writeKubeconfigFor("carol"));
    try {
      for (const kind of ["GitRepository", "OverseerApp", "Change"])
        await waitUntil({ what: `${kind} is part of view`, timeoutMs: 30_000 }, async () =>
          carol.list(API_VERSION, kind, namespace),
        );
      const made = { apiVersion: API_VERSION, kind: "GitRepository", metadata: { name: "seen", namespace }, spec: {} };
      const refused = await carol.apply(made).catch((error: unknown) => error);
      expect(isStatus(refused, 403), String(refused)).to.equal(true);
    } finally {
      await carol.client.close();
    }
  });

  it("writes no status, no Change and no app of another namespace", async () => {
    const { namespace } = world;
    const metadata = { name: "honest", namespace };
    const forbidden = async (work: Promise<unknown>): Promise<boolean> =>
      work.then(
        () => false,
        (error: unknown) => isStatus(error, 403),
      );
    const ref: TestRef = { apiVersion: API_VERSION, kind: "OverseerApp", ...metadata };
    expect(await forbidden(alice.patch(ref, { status: { failures: 1 } }, { subresource: "status" }))).to.equal(true);
    const change = (await world.changes("honest"))[0];
    const changeRef: TestRef = {
      apiVersion: API_VERSION,
      kind: "Change",
      namespace,
      name: change?.metadata.name ?? "",
    };
    expect(await forbidden(alice.delete(changeRef))).to.equal(true);
    const spec = {
      source: { repositoryRef: { name: "honest" } },
      destination: { kubernetes: {} },
      serviceAccountName: "mighty",
    };
    const elsewhere = {
      apiVersion: API_VERSION,
      kind: "OverseerApp",
      metadata: { name: "foreign", namespace: victim },
      spec,
    };
    expect(await forbidden(alice.apply(elsewhere))).to.equal(true);
  });
});
