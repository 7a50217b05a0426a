import { expect } from "chai";
import type { Approval } from "../../../src/api/approval.js";
import type { Change } from "../../../src/api/change.js";
import { API_VERSION } from "../../../src/api/group.js";
import type { RawObject } from "../../../src/kube/object.js";
import { yamlExamples } from "../../support/doc-examples.js";
import { type KubectlUser, kubectlUser, untilPrints } from "../../support/user-kubectl.js";
import { condition, configMap, type LiveApp, World } from "../../support/world.js";
import { APP_RULES, grantAccount, removeInstallation, startRestricted } from "../install/restricted-operator.js";

type LiveChange = Change & RawObject;
type LiveApproval = Approval & RawObject;
const SPEC = { serviceAccountName: "deployer" };
const MANUAL = { ...SPEC, sync: { mode: "Manual" } };
const RBAC = "rbac.authorization.k8s.io";

describe("Approvals", function () {
  this.timeout(180_000);
  let world: World;
  let bob: KubectlUser;
  let eve: KubectlUser;

  before(async () => {
    world = await World.create("approvals", { withoutOperator: true });
    await startRestricted(world);
    await grantAccount(world, "deployer", APP_RULES);
    bob = await kubectlUser(world, "bob", ["overseer-gitops-approve", "view"], ["approvers"]);
    eve = await kubectlUser(world, "eve", ["view"], ["interns"]);
    // Eve may write Approvals, but has the verb approve for no app.
    const rules = [{ apiGroups: ["gitops.overseer.io"], resources: ["approvals"], verbs: ["*"] }];
    await world.kube.apply({
      ...{ apiVersion: `${RBAC}/v1`, kind: "Role", metadata: { name: "approvals", namespace: world.namespace } },
      rules,
    });
    for (const user of ["eve", "bob"])
      await world.kube.apply({
        ...{ apiVersion: `${RBAC}/v1`, kind: "RoleBinding" },
        metadata: { name: `approvals-${user}`, namespace: world.namespace },
        roleRef: { apiGroup: RBAC, kind: "Role", name: "approvals" },
        subjects: [{ kind: "User", name: user, apiGroup: RBAC }],
      });
    const probe = (user: string): object =>
      approval("probe", user, { metadata: { name: "x", uid: "u" } }, { planHash: "h" });
    const create = ["create", "--dry-run=server", "-f", "-"];
    await untilPrints(eve, "does not have the verb approve", create, probe("eve"));
    await untilPrints(bob, "created (server dry run)", create, probe("bob"));
  });
  after(async () => {
    await world?.remove();
    await removeInstallation(world);
  });

  /** An Approval of a Change, as a user writes it. */
  const approval = (
    name: string,
    approver: string,
    change: {
      readonly metadata: { readonly name: string; readonly uid: string };
      readonly status?: { readonly planHash?: string | undefined } | undefined;
    },
    more: object = {},
  ): object => {
    const { name: changeName, uid } = change.metadata;
    const app = { name: changeName.replace(/-\d+$/, "") };
    return {
      ...{ apiVersion: API_VERSION, kind: "Approval", metadata: { name } },
      spec: {
        app,
        change: { name: changeName, uid },
        planHash: change.status?.planHash,
        decision: "Approve",
        approver,
        ...more,
      },
    };
  };
  const decide = async (user: KubectlUser, object: object): Promise<void> => {
    expect(await user.kubectl(["create", "-f", "-"], object)).to.contain(" created");
  };
  const changeIn = (name: string, phase: string): Promise<LiveChange> =>
    world.kube.until<LiveChange>(
      world.object(API_VERSION, "Change", name),
      phase,
      ({ status }) => status?.phase === phase && status.planHash !== undefined,
    );
  const stateOf = async (name: string, reason: string): Promise<string | undefined> => {
    const live = await world.kube.until<LiveApproval>(
      world.object(API_VERSION, "Approval", name),
      reason,
      (object) => condition(object, "Ready")?.reason === reason,
    );
    return condition(live, "Ready")?.message;
  };
  const data = async (name: string): Promise<unknown> => (await world.kube.get(world.configMap(name)))?.data;
  const make = async (name: string, spec: object = MANUAL) => {
    const repo = await world.repository(name, { "c.yaml": configMap(name, { a: "1" }) });
    await world.app(name, name, ".", spec as Record<string, unknown>);
    return repo;
  };

  it("permit the plan that the approver has seen, and are shown in the Change and in the Approval", async () => {
    await make("web");
    const waiting = await changeIn("web-1", "Waiting");
    await decide(bob, approval("web-bob", "bob", waiting, { comment: "reviewed" }));
    await world.synced("web");
    expect(await data("web")).to.deep.equal({ a: "1" });
    const done = await changeIn("web-1", "Succeeded");
    expect(done.status?.approvals?.[0]).to.deep.include({
      ...{ name: "web-bob", approver: "bob", decision: "Approve", state: "Counted" },
      ...{ message: "permits this plan", comment: "reviewed" },
    });
    expect(await stateOf("web-bob", "Counted")).to.equal("permits this plan");
    expect(await bob.kubectl(["get", "approvals"])).to.match(/^web-bob +web +web-1 +Approve +bob +Counted /m);
  });

  it("permit deletions above the budget and of objects annotated prune: confirm", async () => {
    const asks = `  annotations: { gitops.overseer.io/prune: confirm }\n`;
    const repo = await world.repository("old", {
      "a.yaml": configMap("old-a", {}),
      "b.yaml": configMap("old-b", {}, asks),
    });
    await world.app("old", "old", ".", { ...SPEC, sync: { pruneBudget: 1 } });
    await world.synced("old");
    await repo.commit({ "b.yaml": null }, "without b");
    await world.poll("old");
    const app = await world.untilCondition("old", "Waiting", "True", "Deletions");
    expect(condition(app, "Waiting")?.message)
      .to.contain("would delete ConfigMap old-b (annotated gitops.overseer.io/prune: confirm), which requires approval")
      .and.contain("or a user with the verb approve for OverseerApp old approves the plan");
    await decide(bob, approval("old-bob", "bob", await changeIn("old-2", "Waiting")));
    await changeIn("old-2", "Succeeded");
    expect(await world.kube.get(world.configMap("old-b"))).to.equal(undefined);
  });

  it("permit the revert of drift that is only reported, of the state that the approver has seen", async () => {
    await make("differs", { ...SPEC, sync: { selfHeal: false } });
    await world.synced("differs");
    await world.kube.patch(world.configMap("differs"), { data: { a: "2" } }, { manager: "kubectl-edit" });
    const first = await changeIn("differs-2", "Waiting");
    const change = { path: ".data.a", from: '"2"', to: '"1"' };
    expect(first.spec.cause).to.equal("Drift");
    expect(first.status?.plan?.[0]).to.deep.include({
      verb: "Update",
      reason: "kubectl-edit: .data.a",
      diff: [change],
    });
    await world.kube.patch(world.configMap("differs"), { data: { a: "3" } }, { manager: "kubectl-edit" });
    await world.poke("differs");
    expect((await changeIn("differs-2", "Waiting")).status?.planHash, "same client, same field").to.equal(
      first.status?.planHash,
    );
    await decide(bob, approval("differs-bob", "bob", first));
    await changeIn("differs-2", "Succeeded");
    expect(await data("differs")).to.deep.equal({ a: "1" });
    await world.kube.until<LiveApp>(
      world.appRef("differs"),
      "has no drift",
      (app) => condition(app, "Synced")?.status === "True",
    );
    expect((await world.changes("differs")).map(({ spec }) => spec.cause)).to.deep.equal(["Revision", "Drift"]);
  });

  it("are refused from a user who is not the approver, not in the groups, or without the verb for this app", async () => {
    const waiting = await make("guarded").then(() => changeIn("guarded-1", "Waiting"));
    const refused: readonly [KubectlUser, object, string][] = [
      [eve, approval("x", "bob", waiting), "spec.approver must be your user name: eve"],
      [
        eve,
        approval("x", "eve", waiting),
        `eve does not have the verb approve for OverseerApp ${world.namespace}/guarded`,
      ],
      [bob, approval("x", "bob", waiting, { groups: ["directors"] }), "spec.groups must only have groups of bob"],
    ];
    for (const [user, object, message] of refused)
      expect(await user.kubectl(["create", "-f", "-"], object)).to.contain(message);
    const robot = await kubectlUser(world, `system:serviceaccount:${world.namespace}:deployer`, [
      "overseer-gitops-approve",
    ]);
    await untilPrints(
      robot,
      "a ServiceAccount must not approve",
      ["create", "-f", "-"],
      approval("x", robot.name, waiting),
    );
    expect(await eve.kubectl(["delete", "approval", "web-bob"])).to.contain("only the operator deletes Approvals");
    const patch = ["patch", "approval", "web-bob", "--type=merge", "-p", '{"spec":{"decision":"Reject"}}'];
    expect(await eve.kubectl(patch)).to.contain("an Approval is immutable");
    expect((await changeIn("guarded-1", "Waiting")).status?.approvals).to.equal(undefined);
  });

  it("do not count for another plan, nor for a Change of another app", async () => {
    const repo = await make("moving");
    const first = await changeIn("moving-1", "Waiting");
    await repo.commit({ "d.yaml": configMap("extra", {}) }, "more");
    await world.poll("moving");
    const second = await changeIn("moving-2", "Waiting");
    await decide(bob, approval("moving-old", "bob", second, { planHash: first.status?.planHash }));
    expect(await stateOf("moving-old", "Stale")).to.match(/^for the plan \w+, but the plan of the Change is \w+/);
    const waiting = await world.kube.until<LiveChange>(
      world.object(API_VERSION, "Change", "moving-2"),
      "says so",
      ({ status }) => status?.waitingFor?.includes("Approval moving-old does not count") === true,
    );
    // Named as of an app that bob may approve for, but about the Change of another one.
    await decide(bob, approval("moving-other", "bob", waiting, { app: { name: "web" } }));
    await world.poke("moving");
    expect((await changeIn("moving-2", "Waiting")).status?.approvals?.map(({ name }) => name)).to.deep.equal([
      "moving-old",
    ]);
    expect(await data("moving")).to.equal(undefined);
  });

  it("do not count of a user who has lost the verb since", async () => {
    await make("lost", {
      ...MANUAL,
      sync: { mode: "Manual", windows: [{ kind: "Deny", schedule: "* * * * *", duration: "1h" }] },
    });
    const carol = await kubectlUser(world, "carol", ["overseer-gitops-approve"]);
    const waiting = await changeIn("lost-1", "Waiting");
    const object = approval("lost-carol", "carol", waiting);
    await untilPrints(carol, " created", ["create", "-f", "-"], object);
    await stateOf("lost-carol", "Counted");
    await world.kube.delete({
      ...{ apiVersion: `${RBAC}/v1`, kind: "RoleBinding", namespace: world.namespace },
      name: "carol-overseer-gitops-approve",
    });
    await untilPrints(carol, "forbidden", ["get", "changes"]);
    await world.kube.patch(world.appRef("lost"), { spec: { sync: { windows: null } } });
    expect(await stateOf("lost-carol", "NotEligible")).to.contain(
      "carol does not have the verb approve for OverseerApp lost",
    );
    expect(await data("lost")).to.equal(undefined);
  });

  it("that reject end the Change, also for an equal plan of a newer commit, until they are withdrawn", async () => {
    const repo = await make("bad");
    const waiting = await changeIn("bad-1", "Waiting");
    await decide(bob, approval("bad-no", "bob", waiting, { decision: "Reject", comment: "not on a Friday" }));
    const app = await world.untilCondition("bad", "Stalled", "True", "RejectedByUser");
    expect(condition(app, "Ready")?.message).to.equal(
      "Change bad-1 is rejected: approvals: rejected by bob (not on a Friday)",
    );
    await repo.commit({ "README.md": "x", "c.yaml": `# a comment\n${configMap("bad", { a: "1" })}` }, "same objects");
    await world.poll("bad");
    expect((await changeIn("bad-2", "Rejected")).status?.message).to.contain(
      "the same plan was rejected as Change bad-1 by bob (not on a Friday), who can withdraw that",
    );
    await world.operator.stop();
    await world.operator.start();
    await world.poke("bad");
    await decide(bob, approval("bad-again", "bob", waiting, { decision: "Withdraw" }));
    await changeIn("bad-3", "Waiting").then((again) => decide(bob, approval("bad-yes", "bob", again)));
    await world.synced("bad");
  });

  it("count nothing while the policy that proves them is weakened", async () => {
    await make("weak");
    const waiting = await changeIn("weak-1", "Waiting");
    const policy = {
      ...{ apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingAdmissionPolicy" },
      name: "overseer-gitops-approvals",
    };
    const whole = await world.kube.get(policy);
    if (whole === undefined) throw new Error("the policy is not installed");
    const { validations } = whole.spec as { validations: { expression: string }[] };
    const weakened = validations.map((one) =>
      one.expression.includes("authorizer") ? { ...one, expression: "true" } : one,
    );
    await world.kube.patch(policy, { spec: { validations: weakened } });
    await untilPrints(eve, " created", ["create", "-f", "-"], approval("weak-eve", "eve", waiting));
    expect(await stateOf("weak-eve", "NotEligible")).to.contain(
      "no decision counts: the ValidatingAdmissionPolicy overseer-gitops-approvals, or its binding, is missing or not as in this version",
    );
    await world.kube.patch(policy, { spec: { validations } });
    await world.poke("weak");
    await world.kube.until<LiveApproval>(
      world.object(API_VERSION, "Approval", "weak-eve"),
      "judged by the permissions",
      (live) => condition(live, "Ready")?.message.includes("eve does not have the verb approve") === true,
    );
    expect(await data("weak")).to.equal(undefined);
  });

  it("of a plan that is too large to be shown do not count", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 30 }, (_, at) => [`${at}.yaml`, configMap(`large-${at}`, { a: "x".repeat(15_500) })]),
    );
    const repo = await world.repository("large", files);
    await world.app("large", "large", ".", SPEC);
    await world.synced("large");
    await world.kube.patch(world.appRef("large"), { spec: { sync: { mode: "Manual" } } });
    const next = Object.fromEntries(Object.entries(files).map(([path, text]) => [path, text.replaceAll("x", "y")]));
    await repo.commit(next, "other values");
    await world.poll("large");
    const waiting = await changeIn("large-2", "Waiting");
    expect(waiting.status?.planIncomplete).to.match(/^not shown: \d+ diffs$/);
    await decide(bob, approval("large-bob", "bob", waiting));
    expect(await stateOf("large-bob", "NotEligible")).to.match(
      /^the Change does not show its plan completely \(not shown: \d+ diffs\): review the whole plan in the web UI/,
    );
  });

  it("work as the example of docs/approvals.md says", async () => {
    await make("documented");
    const waiting = await changeIn("documented-1", "Waiting");
    const [example] = yamlExamples<Approval>("docs/approvals.md");
    if (example === undefined) throw new Error("the example is missing");
    const { name, uid } = waiting.metadata;
    const { planHash } = waiting.status ?? {};
    const spec = { ...example.spec, app: { name: "documented" }, change: { name, uid }, planHash };
    await decide(bob, { ...example, spec });
    await world.synced("documented");
  });

  it("are deleted with their app", async () => {
    await world.kube.delete(world.appRef("web"));
    await world.kube.untilGone(world.object(API_VERSION, "Approval", "web-bob"));
  });
});
