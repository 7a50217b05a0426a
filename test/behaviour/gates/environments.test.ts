import { expect } from "chai";
import type { Approval } from "../../../src/api/approval.js";
import type { Change } from "../../../src/api/change.js";
import type { Environment } from "../../../src/api/environment.js";
import { API_VERSION } from "../../../src/api/group.js";
import type { RawObject } from "../../../src/kube/object.js";
import { type KubectlUser, kubectlUser, untilPrints } from "../../support/user-kubectl.js";
import { condition, configMap, World } from "../../support/world.js";
import { APP_RULES, grantAccount, removeInstallation, startRestricted } from "../install/restricted-operator.js";

type LiveEnvironment = Environment & RawObject;
type LiveChange = Change & RawObject;
const RBAC = "rbac.authorization.k8s.io";
const SPEC = { serviceAccountName: "deployer" };

describe("Environments", function () {
  this.timeout(180_000);
  let world: World;
  /** May edit Environments, but not release what they govern. */
  let ed: KubectlUser;
  let admin: KubectlUser;
  let name: string;
  /** May approve: alice is of the group dev, bob of sre. */
  let alice: KubectlUser;
  let bob: KubectlUser;
  /** On call: may break the glass. */
  let carol: KubectlUser;

  before(async () => {
    world = await World.create("environments", { withoutOperator: true });
    name = `prod-${world.namespace}`;
    await startRestricted(world);
    await grantAccount(world, "deployer", APP_RULES);
    await grant("environment-editor", "ed", ["get", "create", "update", "patch", "delete"]);
    await grant("environment-admin", "admin", ["get", "create", "update", "patch", "delete", "release", "freeze"]);
    ed = await kubectlUser(world, "ed", []);
    admin = await kubectlUser(world, "admin", []);
    alice = await kubectlUser(world, "alice", ["overseer-gitops-approve"], ["dev"]);
    bob = await kubectlUser(world, "bob", ["overseer-gitops-approve"], ["sre"]);
    carol = await kubectlUser(world, "carol", ["overseer-gitops-break-glass"]);
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

  const edit = async (spec: object): Promise<void> => {
    const patch = ["patch", "environment", name, "--type=merge", "-p", JSON.stringify({ spec })];
    await untilPrints(admin, name, patch);
  };
  const changeIn = (change: string, phase: string): Promise<LiveChange> =>
    world.kube.until<LiveChange>(
      world.object(API_VERSION, "Change", change),
      phase,
      ({ status }) => status?.phase === phase && status.planHash !== undefined,
    );
  const decision = (
    decided: string,
    user: KubectlUser,
    { metadata, status }: LiveChange,
    more: object = {},
  ): object => ({
    ...{ apiVersion: API_VERSION, kind: "Approval", metadata: { name: decided } },
    spec: {
      app: { name: metadata.name.replace(/-\d+$/, "") },
      change: { name: metadata.name, uid: metadata.uid },
      planHash: status?.planHash,
      decision: "Approve",
      approver: user.name,
      ...more,
    },
  });
  /** Creates an Approval, as soon as the rights of the user are in effect. */
  const decide = async (...[decided, user, change, more]: Parameters<typeof decision>): Promise<void> => {
    await untilPrints(user, " created", ["create", "-f", "-"], decision(decided, user, change, more));
  };
  const stateOf = (decided: string, reason: string): Promise<string | undefined> =>
    world.kube
      .until<Approval & RawObject>(
        world.object(API_VERSION, "Approval", decided),
        reason,
        (object) => condition(object, "Ready")?.reason === reason,
      )
      .then((object) => condition(object, "Ready")?.message);
  const waitsFor = (change: string, text: string): Promise<LiveChange> =>
    world.kube.until<LiveChange>(
      world.object(API_VERSION, "Change", change),
      `waits for ${text}`,
      ({ status }) => status?.phase === "Waiting" && status.waitingFor?.includes(text) === true,
    );
  const data = async (config: string): Promise<unknown> => (await world.kube.get(world.configMap(config)))?.data;

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

  it("require the verb release for a deletion, and let only the operator write their status", async () => {
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

  it("are loosened only with the verb release, and tightened without it", async () => {
    const strict = {
      gates: { approval: { required: 2, groups: ["sre"], forbidAuthor: true }, review: { required: 2 } },
      identities: [{ users: ["alice"] }],
      limits: { concurrent: 2 },
      windows: [{ kind: "Deny", schedule: "0 0 1 1 *", duration: "1h" }],
      repositories: ["*"],
      pruneBudget: 2,
    };
    const patch = (spec: object): Promise<string> =>
      ed.kubectl(["patch", "environment", name, "--type=merge", "-p", JSON.stringify({ spec })]);
    expect(await patch(strict)).to.contain(" patched");
    const approval = (more: object): object => ({ gates: { approval: more } });
    const loosened: readonly object[] = [
      ...[{ gates: null }, approval({ required: 1 }), approval({ groups: [] }), approval({ forbidAuthor: false })],
      ...[approval({ causes: ["Revision"] }), approval({ onDeletion: false }), approval({ expires: "8784h" })],
      ...[approval({ serviceAccounts: ["a/b"] }), { gates: { review: null } }, { gates: { review: { required: 1 } } }],
      ...[
        { limits: null },
        { limits: { concurrent: 3 } },
        { windows: null },
        { pruneBudget: 3 },
        { repositories: null },
      ],
      ...[{ repositories: ["*", "**"] }, { identities: [{ users: ["alice"] }, { users: ["mallory"] }] }],
    ];
    const results = await Promise.all(loosened.map(patch));
    for (const [index, result] of results.entries())
      expect(result, JSON.stringify(loosened[index])).to.contain("does not have the verb release");
    for (const tighter of [approval({ required: 3, userPrefix: "x:" }), { limits: { concurrent: 1 } }])
      expect(await patch(tighter)).to.contain(" patched");
    expect(await ed.kubectl(["annotate", "environment", name, "a=b"])).to.contain(" annotated");
    const none = Object.fromEntries(Object.keys(strict).map((key) => [key, null]));
    await edit(none);
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

  it("hold a Change until a member of each group has approved it, and newer commits until it has ended", async () => {
    await edit({ gates: { approval: { groups: ["dev", "sre"] } } });
    const repo = await world.repository("pay", { "c.yaml": configMap("pay", { a: "1" }) });
    await world.app("pay", "pay", ".", SPEC);
    const waiting = await waitsFor("pay-1", "0 of 2 approvals, none of group dev, none of group sre");
    await decide("pay-alice", alice, waiting, { groups: ["dev"] });
    await waitsFor("pay-1", "1 of 2 approvals (alice), none of group sre");
    // Without groups, bob does not count as a member of sre.
    await decide("pay-bob", bob, waiting);
    await waitsFor("pay-1", `none of group sre`);
    await repo.commit({ "c.yaml": configMap("pay", { a: "2" }) }, "newer");
    await world.poll("pay");
    await waitsFor("pay-1", "follows when this Change has ended");
    expect(await data("pay")).to.equal(undefined);
    await decide("pay-bob-sre", bob, waiting, { groups: ["sre"] });
    await changeIn("pay-1", "Succeeded");
    expect(await data("pay")).to.deep.equal({ a: "1" });
    const next = await changeIn("pay-2", "Waiting");
    // A decision about another plan is worth nothing.
    await decide("pay-replay", alice, next, { planHash: waiting.status?.planHash, groups: ["dev"] });
    expect(await stateOf("pay-replay", "Stale")).to.contain("for the plan");
    await edit({ gates: null });
    await changeIn("pay-2", "Succeeded");
  });

  it("hold objects in a place that another Environment claims", async () => {
    const vault = `vault-${world.namespace}`;
    await world.kube.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: vault } });
    const account = { kind: "ServiceAccount", name: "deployer", namespace: world.namespace };
    await world.kube.apply({
      ...{ apiVersion: `${RBAC}/v1`, kind: "RoleBinding", metadata: { name: "deployer", namespace: vault } },
      roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "edit" },
      subjects: [account],
    });
    const other = { apiVersion: API_VERSION, kind: "Environment", metadata: { name: vault } };
    await untilPrints(admin, " created", ["create", "-f", "-"], {
      ...other,
      spec: { claims: [{ namespaces: [vault] }] },
    });
    const stray = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: stray, namespace: ${vault} }\n`;
    await world.repository("stray", { "c.yaml": stray });
    await world.app("stray", "stray", ".", SPEC);
    await waitsFor("stray-1", `environment: ConfigMap ${vault}/stray is in a place of Environment ${vault}`);
    const released = ["patch", "environment", vault, "--type=merge", "-p", '{"spec":{"claims":null}}'];
    expect(await ed.kubectl(released)).to.contain("ed does not have the verb release");
    await untilPrints(admin, " deleted", ["delete", "environment", vault]);
    await changeIn("stray-1", "Succeeded");
    await world.kube.delete({ apiVersion: "v1", kind: "Namespace", name: vault });
  });

  it("let a Change through by break-glass, visibly until another user acknowledges it", async () => {
    await edit({ gates: { approval: { required: 2 } } });
    await world.repository("hot", { "c.yaml": configMap("hot", { a: "1" }) });
    await world.app("hot", "hot", ".", SPEC);
    const waiting = await waitsFor("hot-1", "0 of 2 approvals");
    const broken = { decision: "BreakGlass", comment: "customers cannot pay, see incident 7" };
    expect(await alice.kubectl(["create", "-f", "-"], decision("hot-x", alice, waiting, broken))).to.contain(
      "alice does not have the verb break-glass",
    );
    expect(
      await carol.kubectl(["create", "-f", "-"], decision("hot-x", carol, waiting, { decision: "BreakGlass" })),
    ).to.contain("decision BreakGlass requires a comment");
    await decide("hot-broken", carol, waiting, broken);
    await changeIn("hot-1", "Succeeded");
    const app = await world.untilCondition("hot", "BreakGlass", "True", "BreakGlass");
    expect(condition(app, "BreakGlass")?.message).to.contain(
      "Change hot-1 was let through by carol by break-glass (customers cannot pay, see incident 7)",
    );
    await decide("hot-seen", alice, waiting, { decision: "Acknowledge" });
    expect(await stateOf("hot-seen", "Counted")).to.equal("acknowledges the break-glass of carol");
    await world.kube.until(
      world.appRef("hot"),
      "BreakGlass is over",
      (live) => condition(live as never, "BreakGlass") === undefined,
    );
    await edit({ gates: null });
  });

  it("hold Changes during a freeze, and the deletion of an app until users approve it", async () => {
    await edit({ gates: { approval: { causes: ["Renderer"] } } });
    const freeze = { freeze: { reason: "end of the fiscal year" } };
    const patch = ["patch", "environment", name, "--type=merge", "-p", JSON.stringify({ spec: freeze })];
    expect(await ed.kubectl(patch)).to.contain(`ed does not have the verb freeze for Environment ${name}`);
    await edit(freeze);
    await world.repository("iced", { "c.yaml": configMap("iced", { a: "1" }) });
    await world.app("iced", "iced", ".", SPEC);
    await waitsFor("iced-1", "frozen until spec.freeze is removed: end of the fiscal year");
    const live = await until("is closed", ({ status }) => status?.window?.open === false);
    expect(live.status?.window?.reason).to.contain("end of the fiscal year");
    await edit({ freeze: null });
    await changeIn("iced-1", "Succeeded");
    await world.kube.delete(world.appRef("iced"));
    const waiting = await waitsFor("iced-2", "0 of 1 approvals");
    expect(waiting.spec.cause).to.equal("Deletion");
    expect(await data("iced")).to.deep.equal({ a: "1" });
    expect(await alice.kubectl(["get", "change", "iced-2"])).to.match(
      /iced +Deletion +\+0 ~0 -1 +Waiting +approval: Environment/,
    );
    await decide("iced-alice", alice, waiting);
    await world.kube.untilGone(world.appRef("iced"));
    expect(await data("iced")).to.equal(undefined);
  });
});
