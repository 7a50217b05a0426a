import { expect } from "chai";
import { API_VERSION } from "../../../src/api/group.js";
import { isStatus } from "../../../src/kube/errors.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { INSTALL_NAMESPACE, installChart } from "../../support/helm.js";
import { TestKube, type TestObject } from "../../support/kube.js";
import { condition, configMap, type LiveApp, World } from "../../support/world.js";
import { APP_RULES, grantAccount, removeInstallation, startInstalled } from "./restricted-operator.js";

const RBAC = "rbac.authorization.k8s.io";
/** What apps of trusted namespaces write as. */
const TRUSTED = "overseer-gitops-trusted";

describe("Whoever writes an app needs a right to the credentials that it uses", function () {
  this.timeout(180_000);
  let world: World;
  let alice: TestKube;

  before(async () => {
    world = await World.create("policy", { withoutOperator: true });
    await installChart(world.controlPlane, {
      trustedNamespaces: [world.namespace],
      "rbac.trustedClusterRole": "edit",
    });
    await startInstalled(world);
    await grantAccount(world, "deployer", APP_RULES);
    await grantAccount(world, "mighty", [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }]);
    for (const name of ["there", "core"])
      await world.kube.apply({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace: world.namespace } });
    await mayDo(
      "write",
      ["gitops.overseer.io"],
      ["overseerapps", "overseerappsets", "gitrepositories"],
      [...["create", "patch", "delete"]],
    );
    await world.repository("shop", { "x.yaml": configMap("shop", {}) });
    alice = await TestKube.connect(await world.controlPlane.writeKubeconfigFor("alice"));
    for (const probe of [app("probe", "deployer"), set("probe", "deployer", "deployer")])
      await waitUntil({ what: "the policy is in force", timeoutMs: 30_000, intervalMs: 100 }, async () =>
        (await outcome(probe, { dryRun: "All" })).includes("neither the verb use nor impersonate"),
      );
  });
  after(async () => {
    await alice?.client.close();
    await world?.kube.delete(binding("impersonate", INSTALL_NAMESPACE));
    await world?.kube.delete({ ...binding("impersonate", INSTALL_NAMESPACE), kind: "Role" });
    await world?.remove();
    await removeInstallation(world);
  });

  const binding = (name: string, namespace: string) => ({
    apiVersion: `${RBAC}/v1`,
    kind: "RoleBinding",
    namespace,
    name: `alice-${name}`,
  });
  /** Gives Alice a right, with a Role of its own. */
  const mayDo = async (
    name: string,
    apiGroups: readonly string[],
    resources: readonly string[],
    verbs: readonly string[],
    { resourceNames, namespace = world.namespace }: { resourceNames?: readonly string[]; namespace?: string } = {},
  ): Promise<void> => {
    const metadata = { name: `alice-${name}`, namespace };
    const rule = { apiGroups, resources, verbs, ...(resourceNames ? { resourceNames } : {}) };
    await world.kube.apply({ apiVersion: `${RBAC}/v1`, kind: "Role", metadata, rules: [rule] });
    await world.kube.apply({
      apiVersion: `${RBAC}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: RBAC, kind: "Role", name: metadata.name },
      subjects: [{ kind: "User", name: "alice", apiGroup: RBAC }],
    });
  };
  const mayUse = (account: string, verb: string, namespace = world.namespace): Promise<void> =>
    mayDo(verb, [""], ["serviceaccounts"], [verb], { resourceNames: [account], namespace });
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
  /** A set, written as one ServiceAccount, of an app with another one. */
  const set = (name: string, serviceAccountName: string | undefined, ofApp: string): TestObject => ({
    apiVersion: API_VERSION,
    kind: "OverseerAppSet",
    metadata: { name, namespace: world.namespace },
    spec: {
      ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
      generators: [{ list: { elements: [{ account: ofApp }] } }],
      template: {
        metadata: { name: `${name}-app` },
        spec: { ...(app("x").spec as object), serviceAccountName: "{{ .account }}" },
      },
    },
  });
  const goingTo = (destination: object, object = app("remote")): TestObject => ({
    ...object,
    spec: { ...(object.spec as object), destination },
  });
  const repository = (name: string, more: object = {}): TestObject => ({
    apiVersion: API_VERSION,
    kind: "GitRepository",
    metadata: { name, namespace: world.namespace },
    spec: { url: "https://git.example.com/x.git", ...more },
  });
  const outcome = async (object: TestObject, query: Record<string, string> = {}): Promise<string> =>
    alice.apply(object, "alice", query).then(
      () => "taken",
      (error: unknown) => {
        if (isStatus(error, 403)) return error.message;
        throw error;
      },
    );
  const taken = async (object: TestObject, query: Record<string, string> = {}): Promise<void> => {
    await waitUntil(
      { what: "the right is seen", timeoutMs: 60_000, intervalMs: 100 },
      async () => (await outcome(object, query)) === "taken",
    );
  };
  const DRY = { dryRun: "All" };

  it("so that a user who may write apps and nothing else gets no right by one", async () => {
    const { namespace } = world;
    const core = { url: "https://core.example.com", secretRef: { name: "core" } };
    const cases: readonly [string, TestObject][] = [
      [`the ServiceAccount ${namespace}/mighty`, app("a", "mighty")],
      [`the ServiceAccount ${INSTALL_NAMESPACE}/${TRUSTED}`, app("a")],
      [`write apps as the ServiceAccount ${namespace}/mighty`, set("a", "mighty", "deployer")],
      [`write apps as the ServiceAccount ${INSTALL_NAMESPACE}/${TRUSTED}`, set("a", undefined, "deployer")],
      [`the Secret ${namespace}/there`, goingTo({ kubernetes: { kubeConfigSecretRef: { name: "there" } } })],
      [`the Secret ${namespace}/core`, goingTo({ overseer: core })],
      [`the Secret ${namespace}/there`, goingTo({ overseer: { ...core, caSecretRef: { name: "there" } } })],
      [`ServiceAccounts of ${namespace}`, repository("mine")],
      [`ServiceAccounts of ${namespace}`, repository("mine", { secretRef: { name: "core" } })],
      [`ServiceAccounts of ${namespace}`, { ...repository("shop"), metadata: { name: "shop", namespace } }],
    ];
    for (const [what, object] of cases)
      expect(await outcome(object, { force: "true" }), JSON.stringify(object.spec))
        .to.contain(what)
        .and.contain("alice has neither the verb use nor");
  });

  it("names the ServiceAccount and the verbs that its author lacks", async () => {
    expect(await outcome(app("shop", "deployer")))
      .to.contain(`would act as the ServiceAccount ${world.namespace}/deployer`)
      .and.contain("alice has neither the verb use nor impersonate");
  });

  it("lets him name it once he may use it, and no other one", async () => {
    await mayUse("deployer", "use");
    await taken(app("shop", "deployer"));
    await world.synced("shop");
    expect(await outcome(app("shop", "default"))).to.contain(`${world.namespace}/default`);
  });

  it("lets a set make apps only with what its own ServiceAccount may use", async () => {
    await grantAccount(world, "setter", [
      { apiGroups: ["gitops.overseer.io"], resources: ["overseerapps"], verbs: ["create", "patch", "delete"] },
      { apiGroups: [""], resources: ["serviceaccounts"], verbs: ["use"], resourceNames: ["deployer"] },
    ]);
    await mayDo("use-setter", [""], ["serviceaccounts"], ["use"], { resourceNames: ["setter"] });
    const reasonOf = (name: string, reason: string) =>
      world.kube.until<LiveApp>(
        { ...world.appRef(name), kind: "OverseerAppSet" },
        reason,
        (live) => condition(live, "Ready")?.reason === reason,
        60_000,
      );
    await taken(set("mighty", "setter", "mighty"));
    expect(condition(await reasonOf("mighty", "AppForbidden"), "Ready")?.message).to.contain(
      `would act as the ServiceAccount ${world.namespace}/mighty`,
    );
    await taken(set("modest", "setter", "deployer"));
    await reasonOf("modest", "AppsUpToDate");
    expect(await world.kube.isKept(world.appRef("modest-app"))).to.equal(true);
    expect(await world.kube.isKept(world.appRef("mighty-app"))).to.equal(false);
    for (const name of ["mighty", "modest"]) await world.kube.delete({ ...world.appRef(name), kind: "OverseerAppSet" });
    // The set leaves its apps behind.
    await world.kube.delete(world.appRef("modest-app"));
    await world.kube.untilGone(world.appRef("modest-app"));
  });

  it("asks again for every new content, also of an app that somebody else has made", async () => {
    await world.kube.apply(app("admins", "default"));
    expect(await outcome(app("admins", "default", "elsewhere"))).to.contain(`${world.namespace}/default`);
    await alice.patch(world.appRef("admins"), { metadata: { labels: { "example.com/seen": "yes" } } });
    await world.kube.delete(world.appRef("admins"));
    await world.kube.untilGone(world.appRef("admins"));
  });

  it("guards the account of trusted namespaces like any other one", async () => {
    expect(await outcome(app("trusted"))).to.contain(`${INSTALL_NAMESPACE}/${TRUSTED}`);
    await mayUse(TRUSTED, "impersonate", INSTALL_NAMESPACE);
    await world.kube.delete(world.appRef("shop"));
    await world.kube.untilGone(world.appRef("shop"));
    await taken(app("trusted"));
    await world.synced("trusted");
  });

  it("does not let an app of a trusted namespace change apps of others", async () => {
    const { kube, namespace } = world;
    const metadata = { name: "prey", namespace: `${namespace}-other` };
    await kube.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: metadata.namespace } });
    const prey = { ...app("prey", "deployer"), metadata };
    await kube.apply(prey);
    const text = (object: TestObject): string => JSON.stringify(object);
    await world.repository("hunter", { "x.yaml": text({ ...prey, spec: app("prey", "mighty").spec as object }) });
    await kube.apply({
      ...app("hunter"),
      spec: {
        ...(app("hunter").spec as object),
        source: { repositoryRef: { name: "hunter" }, path: "." },
        sync: { adopt: "Always" },
      },
    });
    const live = await world.untilCondition("hunter", "Ready", "False", "ApplyRefused");
    expect(condition(live, "Ready")?.message)
      .to.contain(`"system:serviceaccount:${INSTALL_NAMESPACE}:${TRUSTED}"`)
      .and.contain(metadata.namespace);
    const ref = { apiVersion: API_VERSION, kind: "OverseerApp", ...metadata };
    expect((await kube.get(ref))?.spec).to.have.property("serviceAccountName", "deployer");
    await kube.delete(world.appRef("hunter"));
    await kube.delete({ apiVersion: "v1", kind: "Namespace", name: metadata.namespace });
  });

  it("requires the right to the Secret of a kubeconfig or token, and to the account beside it", async () => {
    await world.kube.delete(binding("impersonate", INSTALL_NAMESPACE));
    await waitUntil({ what: "the right is gone", timeoutMs: 60_000, intervalMs: 100 }, async () =>
      (await outcome(app("denied"), DRY)).includes(`${INSTALL_NAMESPACE}/${TRUSTED}`),
    );
    const there = { kubernetes: { kubeConfigSecretRef: { name: "there" } } };
    await mayDo("use-secret", [""], ["secrets"], ["use"], { resourceNames: ["there"] });
    await taken(goingTo(there), DRY);
    expect(await outcome(goingTo(there, app("remote", "default")), DRY)).to.contain(`${world.namespace}/default`);
    const core = { url: "https://core.example.com", secretRef: { name: "core" } };
    await mayDo("get-secret", [""], ["secrets"], ["get"], { resourceNames: ["core"] });
    await taken(goingTo({ overseer: core }), DRY);
    await taken(goingTo({ overseer: { ...core, caSecretRef: { name: "there" } } }), DRY);
    const vault = { url: "https://vault.example.com", auth: { tokenSecretRef: { name: "db", key: "password" } } };
    for (const reads of [
      { decryption: { provider: "sops", secretRef: { name: "keys" } } },
      { secretStores: [{ name: "v", vault }] },
    ]) {
      const reader = goingTo({ overseer: core });
      const spec = reader.spec as { source: object };
      const reading = { ...reader, spec: { ...spec, source: { ...spec.source, ...reads } } };
      expect(await outcome(reading, DRY), JSON.stringify(reads)).to.contain(
        `act as the ServiceAccount ${INSTALL_NAMESPACE}/${TRUSTED}`,
      );
    }
  });

  it("lets users of every account of a namespace write repositories, with permitted Secrets", async () => {
    await mayDo("use-all", [""], ["serviceaccounts"], ["use"]);
    await taken(repository("mine", { secretRef: { name: "core" } }), DRY);
    for (const field of ["secretRef", "proxySecretRef"])
      expect(await outcome(repository("mine", { [field]: { name: "other" } }), DRY)).to.contain(
        `the Secret ${world.namespace}/other`,
      );
    const provider = { type: "Gitea", secretRef: { name: "other" } };
    expect(await outcome(repository("mine", { provider }), DRY)).to.contain(`the Secret ${world.namespace}/other`);
  });

  it("is in nobody's way when an app is deleted", async () => {
    await alice.delete(world.appRef("trusted"));
    await world.kube.untilGone(world.appRef("trusted"));
    expect(await world.kube.get(world.configMap("shop"))).to.equal(undefined);
  });
});
