import { expect } from "chai";
import type { Change } from "../../../src/api/change.js";
import { API_VERSION } from "../../../src/api/group.js";
import type { RawObject } from "../../../src/kube/object.js";
import { yamlExamples } from "../../support/doc-examples.js";
import type { TestObject } from "../../support/kube.js";
import { type KubectlUser, kubectlUser, untilPrints } from "../../support/user-kubectl.js";
import { condition, configMap, World } from "../../support/world.js";
import { APP_RULES, grantAccount, removeInstallation, startRestricted } from "../install/restricted-operator.js";

type LiveChange = Change & RawObject;
const MANUAL = { serviceAccountName: "deployer", sync: { mode: "Manual" } };

describe("sync.mode: Manual", function () {
  this.timeout(180_000);
  let world: World;
  let alice: KubectlUser;
  let eve: KubectlUser;

  before(async () => {
    world = await World.create("manual", { withoutOperator: true });
    await startRestricted(world);
    await grantAccount(world, "deployer", APP_RULES);
    alice = await kubectlUser(world, "alice", ["overseer-gitops-sync", "view"]);
    eve = await kubectlUser(world, "eve", ["edit"]);
    await world.kube.apply({
      ...{ apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role" },
      metadata: { name: "changes", namespace: world.namespace },
      rules: [
        {
          apiGroups: ["gitops.overseer.io"],
          resources: ["changes", "changes/status", "overseerapps/status"],
          verbs: ["*"],
        },
      ],
    });
    await world.kube.apply({
      ...{ apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding" },
      metadata: { name: "changes", namespace: world.namespace },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "changes" },
      subjects: [{ kind: "User", name: "eve", apiGroup: "rbac.authorization.k8s.io" }],
    });
    await untilPrints(
      eve,
      "does not have the verb sync",
      ["create", "--dry-run=server", "-f", "-"],
      request("x", "eve", "web"),
    );
    await untilPrints(
      alice,
      "created (server dry run)",
      ["create", "--dry-run=server", "-f", "-"],
      request("x", "alice", "web"),
    );
  });
  after(async () => {
    await world?.remove();
    await removeInstallation(world);
  });

  const request = (name: string, requester: string, app: string, more: object = {}): object => ({
    ...{ apiVersion: API_VERSION, kind: "Change", metadata: { name } },
    spec: { app: { name: app }, cause: "Sync", requester, ...more },
  });
  const change = (name: string) => world.object(API_VERSION, "Change", name);
  const ended = (name: string, phase: string): Promise<LiveChange> =>
    world.kube.until<LiveChange>(change(name), phase, ({ status }) => status?.phase === phase);
  const data = async (name: string): Promise<unknown> => (await world.kube.get(world.configMap(name)))?.data;
  const make = async (name: string, text: string) => {
    const repo = await world.repository(name, { "c.yaml": configMap(name, { a: text }) });
    await world.app(name, name, ".", MANUAL);
    return repo;
  };

  it("plans a new revision and waits for a request, while drift is reverted", async () => {
    const repo = await make("web", "1");
    const first = await world.untilCondition("web", "Waiting", "True", "Manual");
    expect(condition(first, "Waiting")?.message).to.equal(
      "Change web-1 waits: manual: sync.mode is Manual: a user with the verb sync for OverseerApp web has to create a Change of cause Sync, or one with the verb approve an Approval; until then nothing is applied",
    );
    expect(await data("web")).to.equal(undefined);
    expect(await alice.kubectl(["create", "-f", "-"], request("web-go", "alice", "web"))).to.contain("web-go created");
    await world.synced("web");
    expect(await data("web")).to.deep.equal({ a: "1" });
    const done = await ended("web-go", "Succeeded");
    expect(done.spec).to.deep.include({ cause: "Sync", requester: "alice" });
    expect(done.spec.inputs?.key).to.be.a("string");
    expect(done.metadata.ownerReferences?.[0]).to.include({ kind: "OverseerApp", name: "web" });
    expect((await ended("web-1", "Superseded")).status?.message).to.equal("superseded by Change web-go");

    await repo.commit({ "c.yaml": configMap("web", { a: "2" }) }, "second");
    await world.poll("web");
    const waiting = await world.untilCondition("web", "Waiting", "True", "Manual");
    expect(condition(waiting, "Ready")?.status).to.equal("True");
    const listed = await alice.kubectl(["get", "changes"]);
    expect(listed).to.match(
      /^web-2 +web +Revision +\+0 ~1 -0 +Waiting +manual: sync\.mode is Manual: .*stays applied/m,
    );
    await world.kube.patch(world.configMap("web"), { data: { a: "by hand" } });
    await world.kube.until(world.configMap("web"), "reverted", (object) => (object.data as { a?: string }).a === "1");
    expect(await alice.kubectl(["create", "-f", "-"], request("web-go-2", "alice", "web"))).to.contain("created");
    await ended("web-go-2", "Succeeded");
    expect(await data("web")).to.deep.equal({ a: "2" });
    // Nothing to do is done at once.
    await alice.kubectl(["create", "-f", "-"], request("web-again", "alice", "web"));
    expect((await ended("web-again", "Succeeded")).status?.summary).to.equal("+0 ~0 -0");
  });

  it("shows the plan of a dry run without applying it", async () => {
    await make("dry", "1");
    await world.untilCondition("dry", "Waiting", "True", "Manual");
    await alice.kubectl(["create", "-f", "-"], request("dry-plan", "alice", "dry", { dryRun: true }));
    const planned = await ended("dry-plan", "Planned");
    expect(planned.status?.plan?.map(({ verb, object }) => `${verb} ${object}`)).to.deep.equal([
      `Create ConfigMap ${world.namespace}/dry`,
    ]);
    expect(planned.status?.message).to.match(
      /^dry run, nothing was written: main@sha1:\w+ would be applied \(\+1 ~0 -0\)$/,
    );
    expect(await data("dry")).to.equal(undefined);
    expect((await world.changes("dry")).map(({ status }) => status?.phase).sort()).to.deep.equal([
      "Planned",
      "Waiting",
    ]);
  });

  it("accepts a request only from the user whom it names, with the verb sync, and with references only", async () => {
    const { namespace } = world;
    const inputs = { key: "k", revision: "main", commit: "c", source: { repositoryRef: { name: "web" } } };
    const refused: readonly [KubectlUser, object, string][] = [
      [eve, request("e", "eve", "web"), `eve does not have the verb sync for OverseerApp ${namespace}/web`],
      [eve, request("e", "alice", "web"), "spec.requester must be your user name: eve"],
      [alice, request("e", "alice", "web", { inputs }), "spec.inputs is set by the operator"],
      [
        eve,
        { ...request("e", "eve", "web"), spec: { app: { name: "web" }, cause: "Revision", inputs } },
        "Changes of cause Revision are created by the operator",
      ],
      [
        alice,
        { ...request("e", "alice", "web"), spec: { app: { name: "web" }, cause: "Sync" } },
        "causes Sync, Rollback and Promotion require requester",
      ],
    ];
    for (const [user, object, message] of refused)
      expect(await user.kubectl(["create", "-f", "-"], object)).to.contain(message);
    for (const [kind, name] of [
      ["change", "web-go"],
      ["overseerapp", "web"],
    ] as const)
      expect(
        await eve.kubectl([
          "patch",
          kind,
          name,
          "--subresource=status",
          "--type=merge",
          "-p",
          '{"status":{"phase":"Failed","message":"x"}}',
        ]),
      ).to.contain("only the operator may write the status");
    expect(
      await eve.kubectl(["patch", "change", "web-go", "--type=merge", "-p", '{"spec":{"requester":"eve"}}']),
    ).to.contain("the spec of a Change is immutable");
  });

  it("says why a request cannot be met, and ends it", async () => {
    await alice.kubectl(["create", "-f", "-"], request("none", "alice", "missing"));
    expect((await ended("none", "Rejected")).status?.message).to.equal(
      `OverseerApp ${world.namespace}/missing does not exist: correct spec.app.name, or create the app, and request again`,
    );
    await world.kube.patch(world.appRef("dry"), { spec: { suspend: true } });
    await world.untilCondition("dry", "Ready", "False", "Suspended");
    await alice.kubectl(["create", "-f", "-"], request("asleep", "alice", "dry"));
    expect((await ended("asleep", "Rejected")).status?.message).to.contain("the app is suspended");
  });

  it("refuses a commit that requests its own sync, with file and line", async () => {
    const repo = await make("self", "1");
    const forged = `---\napiVersion: ${API_VERSION}\nkind: Change\nmetadata: { name: forged }\nspec: { app: { name: self }, cause: Sync, requester: alice }\n`;
    await repo.commit({ "z.yaml": forged }, "forged");
    await world.poll("self");
    const app = await world.untilCondition("self", "Stalled", "True", "ApplyRefused");
    expect(condition(app, "Ready")?.message).to.contain(
      `z.yaml:2: Change ${world.namespace}/forged: a Change is a decision of a user and is not applied from Git: remove the document`,
    );
  });

  it("works as the examples of docs/changes.md say", async () => {
    const [app, sync, some, plan] = yamlExamples<TestObject>("docs/changes.md");
    const { namespace, kube } = world;
    await world.repository("shop", { "web/c.yaml": configMap("documented", { a: "1" }) });
    if (app === undefined || sync === undefined || some === undefined || plan === undefined)
      throw new Error("an example is missing");
    const metadata = { name: "documented", namespace };
    await kube.apply({ ...app, metadata });
    await world.untilCondition("documented", "Waiting", "True", "Manual");
    const of = (example: TestObject): object => ({
      ...example,
      spec: { ...(example.spec as object), app: { name: "documented" } },
    });
    for (const example of [plan, sync])
      expect(await alice.kubectl(["create", "-f", "-"], of(example))).to.match(/web-(plan|sync)-\w+ created/);
    await world.synced("documented");
    const phases = (await world.changes("documented")).map(
      ({ spec, status }) => `${spec.dryRun ?? false} ${status?.phase}`,
    );
    expect(phases).to.include.members(["true Planned", "false Succeeded"]);
  });

  it("continues a request after a crash", async () => {
    await make("crash", "1");
    await world.untilCondition("crash", "Waiting", "True", "Manual");
    await world.operator.stop();
    await alice.kubectl(["create", "-f", "-"], request("crash-go", "alice", "crash"));
    await world.operator.start({ failpoint: "app:after-request-taken" });
    await world.operator.ended();
    await world.operator.start({ failpoint: undefined });
    await ended("crash-go", "Succeeded");
    expect(await data("crash")).to.deep.equal({ a: "1" });
    expect((await world.changes("crash")).map(({ status }) => status?.phase).sort()).to.deep.equal([
      "Succeeded",
      "Superseded",
    ]);
  });

  it("counts no request while a policy that proves it is missing or weakened", async () => {
    await make("weak", "1");
    await world.untilCondition("weak", "Waiting", "True", "Manual");
    const binding = {
      ...{ apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingAdmissionPolicyBinding" },
      name: "overseer-gitops-requests",
    };
    await world.kube.patch(binding, { spec: { validationActions: ["Audit"] } });
    await alice.kubectl(["create", "-f", "-"], request("weak-go", "alice", "weak"));
    expect((await ended("weak-go", "Rejected")).status?.message).to.equal(
      "the request does not count: the ValidatingAdmissionPolicy overseer-gitops-requests, or its binding, is missing or not as in this version: upgrade the chart with policies.changes: true",
    );
    expect(await data("weak")).to.equal(undefined);
    await world.kube.patch(binding, { spec: { validationActions: ["Deny"] } });
    await alice.kubectl(["create", "-f", "-"], request("weak-go-2", "alice", "weak"));
    await ended("weak-go-2", "Succeeded");
  });
});
