import { expect } from "chai";
import type { Approval } from "../../../src/api/approval.js";
import type { Change } from "../../../src/api/change.js";
import { API_VERSION } from "../../../src/api/group.js";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { INSTALL_NAMESPACE, OPERATOR, SERVER } from "../../support/helm.js";
import { type KubectlUser, kubectlUser, untilPrints } from "../../support/user-kubectl.js";
import { condition, configMap, deployment, type LiveApp, World } from "../../support/world.js";
import { APP_RULES, grantAccount, removeInstallation, startRestricted } from "../install/restricted-operator.js";

type LiveChange = Change & RawObject;
const RBAC = "rbac.authorization.k8s.io";
const ADMISSION = "admissionregistration.k8s.io/v1";
const SPEC = { serviceAccountName: "deployer" };
const OURS = ["gitops.overseer.io"];

/** Docs/attacks.md has a row for each of these tests. */
describe("Attacks on gates", function () {
  this.timeout(180_000);
  let world: World;
  let environment: string;
  /** Approvers, of the verb approve. */
  let alice: KubectlUser;
  let bob: KubectlUser;
  /** On call: may break the glass. */
  let carol: KubectlUser;
  /** Author of apps: may write all our kinds in the namespace, and their status, without a verb of decisions. */
  let dave: KubectlUser;
  /** May change and release Environments. */
  let admin: KubectlUser;

  before(async () => {
    world = await World.create("attacks", { withoutOperator: true });
    environment = `guarded-${world.namespace}`;
    await startRestricted(world);
    await grantAccount(world, "deployer", APP_RULES);
    const verbs = ["get", "list", "create", "update", "patch", "delete"];
    await grantAccount(world, "author", [{ apiGroups: OURS, resources: ["*"], verbs }]);
    await bindUser("author", "dave");
    const all = [{ apiGroups: OURS, resources: ["environments"], verbs: ["*"] }];
    await clusterRole("environments", all, { kind: "User", name: "admin", apiGroup: RBAC });
    alice = await kubectlUser(world, "alice", ["overseer-gitops-approve"], ["dev"]);
    bob = await kubectlUser(world, "bob", ["overseer-gitops-approve", "overseer-gitops-sync"]);
    carol = await kubectlUser(world, "carol", ["overseer-gitops-break-glass"]);
    dave = await kubectlUser(world, "dave", ["edit"]);
    admin = await kubectlUser(world, "admin", []);
    await untilPrints(admin, " created", ["create", "-f", "-"], environmentOf(environment, {}));
  });
  after(async () => {
    for (const one of [environment, `${environment}-a`, `${environment}-b`])
      await world?.kube.delete({ apiVersion: API_VERSION, kind: "Environment", name: one });
    for (const name of ["environments", "everything"])
      for (const kind of ["ClusterRoleBinding", "ClusterRole"])
        await world?.kube.delete({ apiVersion: `${RBAC}/v1`, kind, name: `${name}-${world.namespace}` });
    for (const kind of ["ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy"])
      await world?.kube.delete({ apiVersion: ADMISSION, kind, name: `renamed-${world.namespace}` });
    await world?.remove();
    await removeInstallation(world);
  });

  const bindUser = (role: string, user: string): Promise<unknown> =>
    world.kube.apply({
      ...{ apiVersion: `${RBAC}/v1`, kind: "RoleBinding" },
      metadata: { name: `${role}-of-${user}`, namespace: world.namespace },
      roleRef: { apiGroup: RBAC, kind: "Role", name: role },
      subjects: [{ kind: "User", name: user, apiGroup: RBAC }],
    });
  const clusterRole = async (role: string, rules: readonly object[], subject: object): Promise<void> => {
    const metadata = { name: `${role}-${world.namespace}` };
    await world.kube.apply({ apiVersion: `${RBAC}/v1`, kind: "ClusterRole", metadata, rules });
    await world.kube.apply({
      ...{ apiVersion: `${RBAC}/v1`, kind: "ClusterRoleBinding", metadata },
      roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: metadata.name },
      subjects: [subject],
    });
  };
  const environmentOf = (name: string, spec: object): object => ({
    ...{ apiVersion: API_VERSION, kind: "Environment", metadata: { name } },
    spec: { namespaces: [{ name: world.namespace }], ...spec },
  });
  /** Replaces everything but the namespaces of the Environment. */
  const govern = async (spec: object): Promise<void> => {
    const value = { namespaces: [{ name: world.namespace }], ...spec };
    const patch = JSON.stringify([{ op: "replace", path: "/spec", value }]);
    await untilPrints(admin, "patched", ["patch", "environment", environment, "--type=json", "-p", patch]);
  };
  const changeIn = (name: string, phase: string): Promise<LiveChange> =>
    world.kube.until<LiveChange>(
      world.object(API_VERSION, "Change", name),
      phase,
      ({ status }) => status?.phase === phase && status.planHash !== undefined,
    );
  const waitsFor = (name: string, text: string): Promise<LiveChange> =>
    world.kube.until<LiveChange>(
      world.object(API_VERSION, "Change", name),
      `waits for ${text}`,
      ({ status }) => status?.phase === "Waiting" && status.waitingFor?.includes(text) === true,
    );
  const decide = async (name: string, user: KubectlUser, change: LiveChange, more: object = {}): Promise<void> => {
    const { metadata, spec, status } = change;
    await untilPrints(user, " created", ["create", "-f", "-"], {
      ...{ apiVersion: API_VERSION, kind: "Approval", metadata: { name } },
      spec: {
        ...{ app: spec.app, change: { name: metadata.name, uid: metadata.uid }, planHash: status?.planHash },
        ...{ decision: "Approve", approver: user.name, ...more },
      },
    });
  };
  const stateOf = (name: string, reason: string): Promise<Approval & RawObject> =>
    world.kube.until<Approval & RawObject>(
      world.object(API_VERSION, "Approval", name),
      reason,
      (object) => condition(object, "Ready")?.reason === reason,
    );
  const dataOf = async (name: string): Promise<unknown> => (await world.kube.get(world.configMap(name)))?.data;
  const make = async (name: string, spec: object = SPEC) => {
    const repo = await world.repository(name, { "c.yaml": configMap(name, { a: "1" }) });
    await world.app(name, name, ".", spec as Record<string, unknown>);
    return repo;
  };
  const push = async (repo: Awaited<ReturnType<typeof make>>, name: string, a: string): Promise<void> => {
    await repo.commit({ "c.yaml": configMap(name, { a }) }, a);
    await world.poll(name);
  };

  it("refuse an Approval in a commit, and hold Environments, roles and policies under any name, whatever the app may do", async () => {
    const { namespace } = world;
    await world.kube.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "root", namespace } });
    const everything = [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }];
    await clusterRole("everything", everything, { kind: "ServiceAccount", name: "root", namespace });
    const renamed = `renamed-${namespace}`;
    const policy = await world.kube.get({
      ...{ apiVersion: ADMISSION, kind: "ValidatingAdmissionPolicy", name: "overseer-gitops-approvals" },
    });
    const kind = "ValidatingAdmissionPolicyBinding";
    const metadata = { name: renamed };
    const binding = {
      apiVersion: ADMISSION,
      kind,
      metadata,
      spec: { policyName: renamed, validationActions: ["Audit"] },
    };
    await world.kube.apply({ ...policy, kind: "ValidatingAdmissionPolicy", metadata } as never);
    await world.kube.apply({ ...binding, spec: { ...binding.spec, validationActions: ["Deny"] } });
    const rules = [{ apiGroups: OURS, resources: ["overseerapps"], verbs: ["get", "approve"] }];
    const grant = { apiVersion: `${RBAC}/v1`, kind: "ClusterRole", metadata: { name: `approver-${namespace}` }, rules };
    const weak = { apiVersion: API_VERSION, kind: "Environment", metadata: { name: `${environment}-a` }, spec: {} };
    const approval = {
      ...{ apiVersion: API_VERSION, kind: "Approval", metadata: { name: "mine" } },
      spec: { app: { name: "power" }, change: { name: "power-1", uid: "u" }, planHash: "h", approver: "alice" },
    };
    const files = { "a.json": JSON.stringify(approval), "c.yaml": configMap("power", {}) };
    const repo = await world.repository("power", files);
    await world.app("power", "power", ".", { serviceAccountName: "root" });
    const refused = await world.untilCondition("power", "Ready", "False", "ApplyRefused");
    expect(condition(refused, "Ready")?.message).to.contain("a.json").and.contain("Approval");
    await repo.commit(
      {
        "a.json": null,
        "b.json": JSON.stringify(binding),
        "e.json": JSON.stringify(weak),
        "r.json": JSON.stringify(grant),
      },
      "power",
    );
    await world.poll("power");
    const waiting = await waitsFor("power-2", "policyChanges: the plan changes who may change what");
    expect(waiting.status?.waitingFor)
      .to.contain(`ClusterRole approver-${namespace} (grants approve of gitops.overseer.io)`)
      .and.contain(`Environment ${environment}-a`)
      .and.contain(`ValidatingAdmissionPolicyBinding ${renamed}`);
    expect(await dataOf("power")).to.equal(undefined);
    await world.kube.delete(world.appRef("power"));
    await world.kube.untilGone(world.appRef("power"));
  });

  it("count one person once, whatever user names that person has, and no user of another prefix", async () => {
    await govern({
      gates: { approval: { required: 2, userPrefix: "al" } },
      identities: [{ users: ["alice", "al-admin"] }],
    });
    const second = await kubectlUser(world, "al-admin", ["overseer-gitops-approve"]);
    await make("names");
    const waiting = await waitsFor("names-1", "0 of 2 approvals");
    await decide("names-alice", alice, waiting);
    await decide("names-second", second, waiting);
    await decide("names-bob", bob, waiting);
    expect(condition(await stateOf("names-bob", "NotEligible"), "Ready")?.message).to.contain("userPrefix");
    await stateOf("names-second", "Counted");
    await waitsFor("names-1", "1 of 2 approvals (alice)");
    await govern({});
    await changeIn("names-1", "Succeeded");
  });

  it("give the operator no right to act as a user, and the roles edit and admin none to decide", async () => {
    const answer = (user: string, verb: string, what: string): Promise<string> =>
      admin.kubectl(["auth", "can-i", verb, what, "-n", world.namespace, "--as", user]);
    const mayNot = async (user: string, verb: string, what: string): Promise<void> => {
      expect(await answer(user, verb, what), `${user} ${verb} ${what}`).not.to.match(/^yes/m);
    };
    for (const [user, verb] of [
      ["alice", "approve"],
      ["carol", "break-glass"],
    ] as const)
      expect(await answer(user, verb, "overseerapps.gitops.overseer.io")).to.match(/^yes$/m);
    const accounts = [OPERATOR, SERVER].map((name) => `system:serviceaccount:${INSTALL_NAMESPACE}:${name}`);
    for (const account of accounts) for (const what of ["users", "groups"]) await mayNot(account, "impersonate", what);
    await mayNot(accounts[1] ?? "", "impersonate", "serviceaccounts");
    for (const verb of ["approve", "break-glass", "sync", "rollback", "promote"])
      await mayNot("dave", verb, "overseerapps.gitops.overseer.io");
  });

  it("refuse a status that a user writes, and do not believe one that was written while the policy was gone", async () => {
    await govern({ gates: { approval: { causes: ["Renderer"] } } });
    const repo = await make("forged");
    const { status } = await world.synced("forged");
    const evil = await repo.commit({ "c.yaml": configMap("forged", { a: "evil" }) }, "evil", { branch: "evil" });
    const applied = { ...status?.applied, commit: evil, revision: `main@sha1:${evil}`, key: "0".repeat(32) };
    const forge = ["patch", "overseerapp", "forged", "--subresource=status", "--type=merge", "-p"];
    const ledger = [{ commit: evil, key: "0".repeat(32), firstHealthy: "2026-01-01T00:00:00Z", observed: 999_999 }];
    const patch = [...forge, JSON.stringify({ status: { applied, ledger } })];
    expect(await dave.kubectl(patch)).to.contain("only the operator may write the status");
    const phase = ["patch", "change", "forged-1", "--subresource=status", "--type=merge", "-p"];
    expect(await dave.kubectl([...phase, '{"status":{"phase":"Waiting"}}'])).to.contain("only the operator may write");
    const channel = { apiVersion: API_VERSION, kind: "NotificationChannel", metadata: { name: "silenced" } };
    const chat = { slack: { secretRef: { name: "chat" } } };
    await world.kube.apply({
      ...channel,
      metadata: { name: "silenced", namespace: world.namespace },
      spec: { ...chat, suspend: true },
    });
    const silence = ["patch", "notificationchannel", "silenced", "--subresource=status", "--type=merge", "-p"];
    expect(await dave.kubectl([...silence, '{"status":{"handledThrough":"2099-01-01T00:00:00Z"}}'])).to.contain(
      "only the operator may write the status",
    );
    const policy = { apiVersion: ADMISSION, kind: "ValidatingAdmissionPolicyBinding", name: "overseer-gitops-status" };
    await world.kube.patch(policy, { spec: { validationActions: ["Audit"] } });
    await untilPrints(dave, " patched", patch);
    await world.kube.patch(policy, { spec: { validationActions: ["Deny"] } });
    await world.poke("forged");
    const restored = await world.kube.until<LiveApp>(
      world.appRef("forged"),
      "has its own commit again, signed",
      (app) => app.status?.applied?.commit === status?.applied?.commit,
      60_000,
    );
    expect(restored.status?.ledger?.map(({ commit }) => commit)).to.deep.equal([status?.applied?.commit]);
    expect(await dataOf("forged")).to.deep.equal({ a: "1" });
    await waitUntil({ what: "Events of both", timeoutMs: 60_000 }, async () => {
      const events = (await world.events("forged")).join();
      return events.includes("StatusNotSigned") && events.includes("LedgerNotSigned") ? true : undefined;
    });
  });

  it("hold an app whose Environment goes away, until that is restored", async () => {
    const repo = await make("left");
    await world.synced("left");
    await untilPrints(admin, " deleted", ["delete", "environment", environment]);
    await push(repo, "left", "2");
    await waitsFor("left-2", `environment: Environment ${environment} has governed this app and does not any more`);
    expect(await dataOf("left")).to.deep.equal({ a: "1" });
    await untilPrints(admin, " created", ["create", "-f", "-"], environmentOf(environment, {}));
    await changeIn("left-2", "Succeeded");
  });

  it("hold a Change that waits in manual mode also after the author of the app has left that mode", async () => {
    const repo = await make("softer", { ...SPEC, sync: { mode: "Manual" } });
    await decide("softer-alice", alice, await waitsFor("softer-1", "manual:"));
    await changeIn("softer-1", "Succeeded");
    await push(repo, "softer", "2");
    await waitsFor("softer-2", "manual:");
    const patch = ["patch", "overseerapp", "softer", "--type=merge", "-p", '{"spec":{"sync":{"mode":"Automatic"}}}'];
    expect(await dave.kubectl(patch)).to.contain(" patched");
    await waitsFor("softer-2", "sync.mode was Manual when the last Change passed its gates");
    expect(await dataOf("softer")).to.deep.equal({ a: "1" });
  });

  it("hold an app that its author deletes without its objects and creates again", async () => {
    await govern({ gates: { approval: { causes: ["Renderer"], onDeletion: false } } });
    const repo = await make("again");
    await world.synced("again");
    const orphan = ["patch", "overseerapp", "again", "--type=merge", "-p", '{"spec":{"deletionPolicy":"Orphan"}}'];
    expect(await dave.kubectl(orphan)).to.contain(" patched");
    expect(await dave.kubectl(["delete", "overseerapp", "again"])).to.contain(" deleted");
    await world.kube.untilGone(world.appRef("again"));
    await push(repo, "again", "2");
    await world.app("again", "again", ".", SPEC);
    // Its number depends on whether the Changes of the deleted app have been collected yet.
    const what = "the new app waits, because its plan takes over objects that exist";
    const waiting = await waitUntil({ what, timeoutMs: 60_000 }, async () => {
      const changes = await world.kube.list<LiveChange>(API_VERSION, "Change", world.namespace);
      const text = "its plan takes over objects that exist: ConfigMap ";
      return changes.find(({ spec, status }) => spec.app.name === "again" && status?.waitingFor?.includes(text));
    });
    expect(await dataOf("again")).to.deep.equal({ a: "1" });
    await decide("again-alice", alice, waiting);
    await changeIn(waiting.metadata.name, "Succeeded");
  });

  it("keep an approval when a live object is edited, and drop it when another object takes its name", async () => {
    await govern({ gates: { approval: { required: 2 } } });
    const taken = {
      ...{ apiVersion: "v1", kind: "ConfigMap" },
      metadata: { name: "taken", namespace: world.namespace },
    };
    await world.kube.create({ ...taken, data: { a: "theirs" } });
    await make("taken");
    const waiting = await waitsFor("taken-1", "0 of 2 approvals");
    await decide("taken-alice", alice, waiting);
    await stateOf("taken-alice", "Counted");
    const shows = (text: string): Promise<LiveChange> =>
      world.kube.until<LiveChange>(world.object(API_VERSION, "Change", "taken-1"), `shows ${text}`, ({ status }) =>
        JSON.stringify(status?.plan).includes(text),
      );
    await world.kube.patch(world.configMap("taken"), { data: { a: "edited" } });
    await world.poke("taken");
    expect((await shows("edited")).status?.planHash).to.equal(waiting.status?.planHash);
    await stateOf("taken-alice", "Counted");
    await world.kube.delete(world.configMap("taken"));
    await world.kube.create({ ...taken, data: { a: "another" } });
    await world.poke("taken");
    expect((await shows("another")).status?.planHash).not.to.equal(waiting.status?.planHash);
    await stateOf("taken-alice", "Stale");
  });

  it("ask for the causes that the Environment names, and judge by it as it is at the apply", async () => {
    await govern({});
    const repo = await make("causes");
    await world.synced("causes");
    await govern({ gates: { approval: { required: 2, causes: ["Revision"] } } });
    const labels = { commonMetadata: { labels: { team: "shop" } } };
    await world.kube.patch(world.appRef("causes"), { spec: { source: labels } });
    expect((await changeIn("causes-2", "Succeeded")).spec.cause).to.equal("Spec");
    await push(repo, "causes", "2");
    await decide("causes-alice", alice, await waitsFor("causes-3", "0 of 2 approvals"));
    await waitsFor("causes-3", "1 of 2 approvals (alice)");
    await govern({ gates: { approval: { causes: ["Revision"] } } });
    const done = await changeIn("causes-3", "Succeeded");
    expect(done.status?.gates?.find(({ name }) => name === "approval")?.message).to.match(
      new RegExp(`^approved by alice, as Environment ${environment} in generation \\d+ requires$`),
    );
  });

  it("lift a rejection by break-glass only, which asks again and is not enough for the new Change", async () => {
    await govern({ gates: { approval: {} } });
    await make("stopped");
    const waiting = await waitsFor("stopped-1", "0 of 1 approvals");
    await decide("stopped-no", alice, waiting, { decision: "Reject" });
    const rejected = await changeIn("stopped-1", "Rejected");
    const glass = { decision: "BreakGlass", comment: "the approver is on leave, see incident 8" };
    await decide("stopped-bob", bob, rejected);
    await decide("stopped-carol", carol, rejected, glass);
    const again = await waitsFor("stopped-2", "0 of 1 approvals");
    expect(await dataOf("stopped")).to.equal(undefined);
    await decide("stopped-yes", bob, again);
    await changeIn("stopped-2", "Succeeded");
  });

  it("let a rollback through a freeze, for users with the verb rollback", async () => {
    await govern({});
    const repo = await make("back");
    await world.synced("back");
    await push(repo, "back", "2");
    await changeIn("back-2", "Succeeded");
    await govern({ freeze: { reason: "end of the year" } });
    await push(repo, "back", "3");
    await waitsFor("back-3", "end of the year");
    const { metadata } = await changeIn("back-1", "Succeeded");
    const request = (user: string): object => ({
      ...{ apiVersion: API_VERSION, kind: "Change", metadata: { name: "back-now" } },
      spec: {
        ...{ app: { name: "back" }, cause: "Rollback", requester: user },
        rollbackTo: { change: "back-1", uid: metadata.uid },
      },
    });
    expect(await dave.kubectl(["create", "-f", "-"], request("dave"))).to.contain("does not have the verb rollback");
    await untilPrints(bob, " created", ["create", "-f", "-"], request("bob"));
    await changeIn("back-now", "Succeeded");
    expect(await dataOf("back")).to.deep.equal({ a: "1" });
    await govern({});
  });

  it("reject a sync of single objects past the gates", async () => {
    await govern({});
    const repo = await make("parts", { ...SPEC, sync: { selfHeal: false } });
    await world.synced("parts");
    await govern({ gates: { approval: {} } });
    await push(repo, "parts", "2");
    await waitsFor("parts-2", "0 of 1 approvals");
    await untilPrints(bob, " created", ["create", "-f", "-"], {
      ...{ apiVersion: API_VERSION, kind: "Change", metadata: { name: "parts-only" } },
      spec: {
        ...{ app: { name: "parts" }, cause: "Sync", requester: "bob" },
        objects: [{ kind: "ConfigMap", name: "parts" }],
      },
    });
    const { status } = await world.kube.until<LiveChange>(
      world.object(API_VERSION, "Change", "parts-only"),
      "is rejected",
      (change) => change.status?.phase === "Rejected",
    );
    expect(status?.message).to.match(/^gate approval: .*: request a sync of the whole app instead/);
    expect(await dataOf("parts")).to.deep.equal({ a: "1" });
  });

  it("hold deletions above the prune budget also after the author of the app has widened it", async () => {
    await govern({ gates: { approval: { causes: ["Renderer"] } } });
    const files = ["wide", "wide-b", "wide-c"].map((name) => [`${name}.yaml`, configMap(name, { a: "1" })] as const);
    const repo = await world.repository("wide", Object.fromEntries(files));
    await world.app("wide", "wide", ".", { ...SPEC, sync: { pruneBudget: 1 } });
    await world.synced("wide");
    await repo.commit({ "wide-b.yaml": null, "wide-c.yaml": null }, "leave");
    await world.poll("wide");
    await waitsFor("wide-2", "exceeds the prune budget of 1");
    const patch = ["patch", "overseerapp", "wide", "--type=merge", "-p", '{"spec":{"sync":{"pruneBudget":100}}}'];
    expect(await dave.kubectl(patch)).to.contain(" patched");
    const generation = (await world.kube.get(world.appRef("wide")))?.metadata.generation;
    await world.kube.until<LiveApp>(
      world.appRef("wide"),
      "has seen the edit",
      ({ status }) => status?.observedGeneration === generation,
    );
    const held = await waitsFor("wide-2", "exceeds the prune budget of 1");
    expect(await dataOf("wide-c")).not.to.equal(undefined);
    await decide("wide-alice", alice, held);
    await changeIn("wide-2", "Succeeded");
    expect(await dataOf("wide-c")).to.equal(undefined);
  });

  it("hold an app whose status was lost, as after a restore, or is of an older version, until a user approves what it would change", async () => {
    await govern({ gates: { approval: { causes: ["Renderer"] } } });
    const lost = [
      { name: "lost", path: "/status", reason: "its plan takes over objects that exist: ConfigMap " },
      { name: "older", path: "/status/signature", reason: "are not signed by the operator, and do not count" },
    ];
    const repos = new Map<string, Awaited<ReturnType<typeof make>>>();
    for (const { name } of lost) repos.set(name, await make(name));
    for (const { name } of lost) await world.synced(name);
    await world.operator.stop();
    const policy = { apiVersion: ADMISSION, kind: "ValidatingAdmissionPolicyBinding", name: "overseer-gitops-status" };
    await world.kube.patch(policy, { spec: { validationActions: ["Audit"] } });
    for (const { name, path } of lost) {
      const wipe = JSON.stringify([{ op: "remove", path }]);
      await untilPrints(dave, " patched", [
        "patch",
        "overseerapp",
        name,
        "--subresource=status",
        "--type=json",
        "-p",
        wipe,
      ]);
    }
    await world.kube.patch(policy, { spec: { validationActions: ["Deny"] } });
    for (const [name, repo] of repos) await repo.commit({ "c.yaml": configMap(name, { a: "2" }) }, "2");
    await world.operator.start();
    for (const { name, reason } of lost) {
      const waiting = await waitUntil({ what: `the Change of ${name}`, timeoutMs: 60_000 }, async () => {
        const changes = await world.kube.list<LiveChange>(API_VERSION, "Change", world.namespace);
        return changes.find(({ spec, status }) => spec.app.name === name && status?.phase === "Waiting");
      });
      expect(waiting.status?.waitingFor, name).to.contain(reason);
      expect(await dataOf(name)).to.deep.equal({ a: "1" });
      await decide(`${name}-alice`, alice, waiting);
      await changeIn(waiting.metadata.name, "Succeeded");
      expect(await dataOf(name)).to.deep.equal({ a: "2" });
    }
  });

  it("hold the other apps of a commit beyond the rollout limit, and after it has failed for one", async () => {
    await govern({ limits: { concurrent: 1 } });
    const repo = await world.repository("fleet", {
      "slow/d.yaml": deployment("slow").replace("\nspec:", "\nspec:\n  minReadySeconds: 300"),
      "next/c.yaml": configMap("next", {}),
    });
    await world.app("slow", "fleet", "slow", { ...SPEC, health: { timeout: "1h" } });
    await changeIn("slow-1", "Verifying");
    await world.app("next", "fleet", "next", SPEC);
    await waitsFor("next-1", `at most 1 app applies a Change at a time (limits.concurrent): ${world.namespace}/slow`);
    await world.kube.patch(world.appRef("slow"), { spec: { health: { timeout: "1s" } } });
    await changeIn("slow-1", "Failed");
    await waitsFor("next-1", `has failed for OverseerApp ${world.namespace}/slow`);
    await repo.commit({ "slow/d.yaml": configMap("slow", {}), "next/c.yaml": configMap("next", { a: "2" }) }, "fixed");
    await world.poll("fleet");
    await changeIn("next-2", "Succeeded");
    await govern({});
  });

  it("name a circle of promotions in the Environments, and move nothing", async () => {
    const [a, b] = [`${environment}-a`, `${environment}-b`];
    const circle = (name: string, from: string): object => ({
      ...{ apiVersion: API_VERSION, kind: "Environment", metadata: { name } },
      spec: { promotesFrom: [from] },
    });
    await untilPrints(admin, " created", ["create", "-f", "-"], circle(a, b));
    await untilPrints(admin, " created", ["create", "-f", "-"], circle(b, a));
    await untilPrints(admin, `spec.promotesFrom leads in a circle: ${a} → ${b} → ${a}`, ["get", "environment", a]);
  });
});
