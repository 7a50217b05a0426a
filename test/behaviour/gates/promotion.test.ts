import { expect } from "chai";
import type { Change } from "../../../src/api/change.js";
import { ANNOTATION_RECONCILE_AT, API_VERSION } from "../../../src/api/group.js";
import type { RawObject } from "../../../src/kube/object.js";
import type { GitRepo } from "../../support/git-server.js";
import { installedFlags } from "../../support/helm.js";
import type { TestRef } from "../../support/kube.js";
import { otherKustomize, renderFlags } from "../../support/render-flags.js";
import { type KubectlUser, kubectlUser, untilPrints } from "../../support/user-kubectl.js";
import { condition, configMap, type LiveApp, World } from "../../support/world.js";
import { APP_RULES, grantAccount, removeInstallation, startRestricted } from "../install/restricted-operator.js";

const STAGES = ["dev", "staging", "prod"] as const;
type Stage = (typeof STAGES)[number];

describe("Promotion", function () {
  this.timeout(180_000);
  let world: World;
  let repo: GitRepo;
  let alice: KubectlUser;

  before(async () => {
    world = await World.create("promotion", { withoutOperator: true });
    await startRestricted(world, {}, await renderFlags());
    for (const stage of STAGES) {
      const namespace = namespaceOf(stage);
      if (stage !== "dev")
        await world.kube.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
      await grantAccount({ kube: world.kube, namespace }, "deployer", APP_RULES);
    }
    await govern("dev", {});
    await govern("staging", { promotesFrom: [environmentOf("dev")] });
    await govern("prod", { promotesFrom: [environmentOf("staging")], promotion: { soak: "2s" } });
    const files = { "web/kustomization.yaml": "resources: [c.yaml]\n", "web/c.yaml": web("1") };
    repo = await world.repository("shop", files, { allowedNamespaces: ["*"] });
    alice = await kubectlUser(world, "alice", []);
    for (const stage of STAGES) await createApp(stage);
  });
  after(async () => {
    for (const stage of STAGES) {
      await world?.kube.delete({ apiVersion: API_VERSION, kind: "Environment", name: environmentOf(stage) });
      if (stage !== "dev") await world?.kube.delete({ apiVersion: "v1", kind: "Namespace", name: namespaceOf(stage) });
    }
    await world?.remove();
    await removeInstallation(world);
  });

  const web = (a: string): string => configMap("web", { a });
  const namespaceOf = (stage: Stage): string => (stage === "dev" ? world.namespace : `${world.namespace}-${stage}`);
  const environmentOf = (stage: Stage): string => `${stage}-${world.namespace}`;
  const govern = async (stage: Stage, spec: object): Promise<void> => {
    const metadata = { name: environmentOf(stage) };
    const namespaces = [{ name: namespaceOf(stage) }];
    await world.kube.apply({ apiVersion: API_VERSION, kind: "Environment", metadata, spec: { namespaces, ...spec } });
  };
  const createApp = async (stage: Stage, name = "web"): Promise<void> => {
    const repositoryRef = { name: "shop", namespace: world.namespace };
    await world.kube.apply({
      ...{ apiVersion: API_VERSION, kind: "OverseerApp", metadata: { name, namespace: namespaceOf(stage) } },
      spec: {
        source: { repositoryRef, path: name },
        destination: { kubernetes: {} },
        serviceAccountName: "deployer",
      },
    });
  };
  const refOf = (stage: Stage, name = "web"): TestRef => ({ ...world.appRef(name), namespace: namespaceOf(stage) });
  const untilApp = (stage: Stage, what: string, test: (app: LiveApp) => boolean, name = "web"): Promise<LiveApp> =>
    world.kube.until<LiveApp>(refOf(stage, name), what, test, 60_000);
  const untilApplied = (stage: Stage, commit: string, name = "web"): Promise<LiveApp> =>
    untilApp(
      stage,
      `applied ${commit}`,
      (app) => app.status?.applied?.commit === commit && condition(app, "Ready")?.status === "True",
      name,
    );
  const dataOf = async (stage: Stage): Promise<unknown> =>
    (await world.kube.get({ ...world.configMap("web"), namespace: namespaceOf(stage) }))?.data;
  const ended = (name: string, phase: string): Promise<Change & RawObject> =>
    world.kube.until<Change & RawObject>(
      { apiVersion: API_VERSION, kind: "Change", namespace: namespaceOf("prod"), name },
      phase,
      ({ status }) => status?.phase === phase,
    );
  const push = async (a: string): Promise<string> => {
    const commit = await repo.commit({ "web/c.yaml": web(a) }, a);
    await world.poll("shop");
    return commit;
  };

  it("brings commits from dev to staging, and to prod after the soak, even after a restart", async () => {
    const first = await repo.head();
    const prod = await untilApplied("prod", first);
    expect((await world.kube.get<LiveApp>(refOf("staging")))?.status?.ledger?.[0]).to.include({ commit: first });
    expect(prod.status?.promotion).to.deep.equal({ newest: `main@sha1:${first}` });
    const changes = await world.kube.list<Change & RawObject>(API_VERSION, "Change", namespaceOf("prod"));
    expect(changes.map(({ spec }) => spec.cause)).to.deep.equal(["Promotion"]);

    await govern("prod", { promotesFrom: [environmentOf("staging")], promotion: { soak: "1h" } });
    const second = await push("2");
    await untilApplied("staging", second);
    const waiting = await untilApp(
      "prod",
      "waits for the soak",
      ({ status }) => status?.promotion?.waitingFor?.includes("its soak of 3600s ends at") === true,
    );
    expect(condition(waiting, "Waiting")?.reason).to.equal("Promotion");
    expect(condition(waiting, "Ready")?.status).to.equal("True");
    await world.operator.stop();
    await world.operator.start();
    await govern("prod", { promotesFrom: [environmentOf("staging")], promotion: { soak: "2s" } });
    await untilApplied("prod", second);
    expect(await dataOf("prod")).to.deep.equal({ a: "2" });
  });

  it("waits with auto: false for a user with the verb promote, who cannot promote what was not tested", async () => {
    await govern("prod", { promotesFrom: [environmentOf("staging")], promotion: { auto: false } });
    const third = await push("3");
    await untilApp("prod", "promotable", (app) => app.status?.promotion?.promotable === third);
    expect(await dataOf("prod")).to.deep.equal({ a: "2" });
    const request = (name: string, commit: string): object => ({
      ...{ apiVersion: API_VERSION, kind: "Change", metadata: { name, namespace: namespaceOf("prod") } },
      spec: { app: { name: "web" }, cause: "Promotion", requester: "alice", promote: { commit } },
    });
    const role = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding" };
    const bind = (name: string, roleName: string): Promise<unknown> =>
      world.kube.apply({
        ...{ ...role, metadata: { name, namespace: namespaceOf("prod") } },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: roleName },
        subjects: [{ kind: "User", name: "alice", apiGroup: "rbac.authorization.k8s.io" }],
      });
    const args = ["create", "-n", namespaceOf("prod"), "-f", "-"];
    await grantAccount({ kube: world.kube, namespace: namespaceOf("prod") }, "creator", []);
    await bind("alice-view", "view");
    expect(await alice.kubectl(args, request("no", third))).to.match(/forbidden/);
    await bind("alice-sync", "overseer-gitops-sync");
    await untilPrints(alice, " created", args, request("bad", "0".repeat(40)));
    expect((await ended("bad", "Rejected")).status?.message).to.contain("is not among the last");
    expect(await alice.kubectl(args, request("good", third))).to.contain(" created");
    await ended("good", "Succeeded");
    expect(await dataOf("prod")).to.deep.equal({ a: "3" });
  });

  it("does not take a commit again that was rolled back here, also after an upgrade, until a user promotes it", async () => {
    await govern("prod", { promotesFrom: [environmentOf("staging")] });
    const third = await repo.head();
    const changes = await world.kube.list<Change & RawObject>(API_VERSION, "Change", namespaceOf("prod"));
    // The one before the last: what is between would be promoted otherwise.
    const earlier = changes.findLast(
      ({ spec, status }) => status?.phase === "Succeeded" && spec.inputs?.commit !== third,
    );
    const rollbackTo = { change: earlier?.metadata.name, uid: earlier?.metadata.uid };
    const ask = async (name: string, spec: object): Promise<void> => {
      const request = { apiVersion: API_VERSION, kind: "Change", metadata: { name, namespace: namespaceOf("prod") } };
      const whole = { app: { name: "web" }, requester: "alice", ...spec };
      expect(
        await alice.kubectl(["create", "-n", namespaceOf("prod"), "-f", "-"], { ...request, spec: whole }),
      ).to.contain(" created");
      await ended(name, "Succeeded");
    };
    await ask("back", { cause: "Rollback", rollbackTo });
    const old = await dataOf("prod");
    expect(old).not.to.deep.equal({ a: "3" });
    await ask("lift", { cause: "Sync" });
    const stays = (what: string, test: (app: LiveApp) => boolean): Promise<LiveApp> =>
      untilApp(
        "prod",
        `stays at the earlier commit ${what}`,
        (app) =>
          test(app) &&
          app.status?.pin === undefined &&
          app.status?.promotion?.waitingFor?.includes("it was rolled back here at") === true,
      );
    await stays("without a pin", () => true);
    const kubectl = await otherKustomize(world.controlPlane.dir);
    await world.operator.stop();
    await world.operator.start({ flags: [...(await installedFlags(world.kube)), "--kubectl", kubectl] });
    await world.kube.patch(refOf("prod"), { metadata: { annotations: { [ANNOTATION_RECONCILE_AT]: "upgraded" } } });
    await stays("after an upgrade", ({ status }) => status?.lastHandledReconcileAt === "upgraded");
    expect(await dataOf("prod")).to.deep.equal(old);
    await ask("again", { cause: "Promotion", promote: { commit: third } });
    expect(await dataOf("prod")).to.deep.equal({ a: "3" });
  });

  it("relies on the app of the paired namespace only, and not while that is suspended", async () => {
    const other = `${world.namespace}-team-b`;
    await world.kube.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: other } });
    const staging = { promotesFrom: [environmentOf("dev")] };
    await govern("staging", { ...staging, namespaces: [{ name: namespaceOf("staging") }, { name: other }] });
    const fourth = await push("3b");
    await untilApplied("staging", fourth);
    const waits = (text: string): Promise<LiveApp> =>
      untilApp("prod", text, ({ status }) => status?.promotion?.waitingFor?.includes(text) === true);
    await waits(`Environment ${environmentOf("staging")} has several namespaces`);
    await world.kube.patch(refOf("staging"), { spec: { suspend: true, suspendReason: "looking for a leak" } });
    const namespaces = [{ name: namespaceOf("prod"), from: namespaceOf("staging") }];
    await govern("prod", { promotesFrom: [environmentOf("staging")], namespaces });
    await waits(`OverseerApp ${namespaceOf("staging")}/web is suspended`);
    expect(await dataOf("prod")).to.deep.equal({ a: "3" });
    await world.kube.patch(refOf("staging"), { spec: { suspend: false } });
    await untilApplied("prod", fourth);
    await govern("staging", staging);
    await world.kube.delete({ apiVersion: "v1", kind: "Namespace", name: other });
  });

  it("is not starved by commits that come faster than the soak, also where few Changes are kept", async () => {
    await world.kube.patch(refOf("staging"), { spec: { historyLimit: 1 } });
    await govern("prod", { promotesFrom: [environmentOf("staging")], promotion: { soak: "3s" } });
    const pushed: string[] = [];
    let applied: string | undefined;
    for (let count = 0; count < 40 && (applied === undefined || !pushed.includes(applied)); count++) {
      pushed.push(await push(`often ${count}`));
      await untilApplied("staging", pushed[count] ?? "");
      applied = (await world.kube.get<LiveApp>(refOf("prod")))?.status?.applied?.commit;
    }
    expect(applied).to.be.oneOf(pushed.slice(0, -1));
    const kept = await world.kube.list<Change & RawObject>(API_VERSION, "Change", namespaceOf("staging"));
    expect(kept.length).to.be.lessThan(pushed.length);
    await untilApplied("prod", pushed.at(-1) ?? "");
  });

  it("holds an edit of spec.source at a promoted commit that the earlier app has not tested", async () => {
    await govern("prod", { promotesFrom: [environmentOf("staging")] });
    const commit = await repo.commit({ "web/c.yaml": web("3c"), "other/c.yaml": web("other") }, "another folder");
    await world.poll("shop");
    await untilApplied("prod", commit);
    const before = await dataOf("prod");
    await world.kube.patch(refOf("prod"), { spec: { source: { path: "other" } } });
    const untested = `the edit of spec.source.path was not tested: OverseerApp ${namespaceOf("staging")}/web has other values there`;
    await untilApp("prod", untested, (app) => condition(app, "Waiting")?.message?.includes(untested) === true);
    expect(await dataOf("prod")).to.deep.equal(before);
    await world.kube.patch(refOf("prod"), { spec: { source: { path: "web" } } });
    await untilApp("prod", "nothing waits", (app) => condition(app, "Ready")?.status === "True");
  });

  it("takes a commit for the apps of a group together, and names the one that holds it up", async () => {
    const before = await dataOf("prod");
    const groups = [{ name: "shop", apps: [{ name: "web" }, { name: "api" }] }];
    await govern("prod", { promotesFrom: [environmentOf("staging")], promotion: { groups } });
    const files = { "web/c.yaml": web("4"), "api/c.yaml": configMap("api", { "not a key": "4" }) };
    const fourth = await repo.commit(files, "4");
    for (const stage of STAGES) await createApp(stage, "api");
    await world.poll("shop");
    await untilApplied("staging", fourth);
    await untilApp(
      "prod",
      "names the app that holds the group up",
      ({ status }) =>
        status?.promotion?.waitingFor ===
        `group shop: OverseerApp ${namespaceOf("staging")}/api: it has not been applied there`,
    );
    expect(await dataOf("prod")).to.deep.equal(before);
    const fifth = await repo.commit({ "api/c.yaml": configMap("api", { a: "5" }) }, "5");
    await world.poll("shop");
    await untilApplied("prod", fifth, "api");
    await world.kube.until({ ...world.configMap("web"), namespace: namespaceOf("prod") }, "web with it", (object) =>
      JSON.stringify(object).includes('"a":"4"'),
    );
  });
});
