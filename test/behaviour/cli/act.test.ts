import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Approval } from "../../../src/api/approval.js";
import type { Change } from "../../../src/api/change.js";
import { API_VERSION } from "../../../src/api/group.js";
import type { RawObject } from "../../../src/kube/object.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { runCommand } from "../../../tools/run-command.js";
import type { GitRepo } from "../../support/git-server.js";
import { type Outcome, OVERSEER, OverseerUser } from "../../support/overseer-cli.js";
import { kubectlUser, untilPrints } from "../../support/user-kubectl.js";
import { condition, configMap, World } from "../../support/world.js";
import { APP_RULES, grantAccount, removeInstallation, startRestricted } from "../install/restricted-operator.js";

type LiveChange = Change & RawObject;
const RBAC = "rbac.authorization.k8s.io";

/** Runs the step `wait` of the GitHub Action, with a kubeconfig as its input. */
async function runAction(world: World, more: NodeJS.ProcessEnv): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "overseer-action-"));
  try {
    await writeFile(join(folder, "overseer"), `#!/bin/sh\nexec ${process.execPath} ${OVERSEER} "$@"\n`, {
      mode: 0o755,
    });
    const env = {
      PATH: `${folder}:${process.env.PATH ?? ""}`,
      HOME: folder,
      TMPDIR: folder,
      OVERSEER_CI_COMMAND: "wait",
      OVERSEER_CI_NAMESPACE: world.namespace,
      OVERSEER_CI_KUBECONFIG: await readFile(world.controlPlane.kubeconfigPath, "utf8"),
      ...more,
    };
    const printed = await runCommand("sh", [join(repositoryRoot(), "integrations/github-action/run.sh")], { env });
    expect(await readdir(folder)).to.deep.equal(["overseer"]);
    return printed;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe("overseer, to act as oneself", function () {
  this.timeout(240_000);
  this.bail(true);
  let world: World;
  let repo: GitRepo;
  let alice: OverseerUser;
  let eve: OverseerUser;

  before(async () => {
    world = await World.create("cli-act", { withoutOperator: true });
    await startRestricted(world);
    await grantAccount(world, "deployer", APP_RULES);
    const roles = ["overseer-gitops-sync", "overseer-gitops-approve", "edit"];
    const kubectl = await kubectlUser(world, "alice", roles, ["reviewers", "system:authenticated"]);
    await kubectlUser(world, "eve", ["view"]);
    const request = { apiVersion: API_VERSION, kind: "Change", metadata: { generateName: "probe-" } };
    const probe = { ...request, spec: { app: { name: "probe" }, cause: "Sync", requester: "alice" } };
    await untilPrints(kubectl, "created (server dry run)", ["create", "--dry-run=server", "-f", "-"], probe);
    alice = new OverseerUser(world, "alice", ["reviewers", "system:authenticated"]);
    eve = new OverseerUser(world, "eve", ["system:authenticated"]);
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "token" },
      stringData: { token: world.canary() },
    };
    repo = await world.repository("web", {
      "a.yaml": configMap("a", { v: "1" }),
      "secret.yaml": JSON.stringify(secret),
    });
    await world.app("web", "web", ".", { serviceAccountName: "deployer", sync: { mode: "Manual" } });
    await change("web-1", "Waiting");
  });
  after(async () => {
    for (const user of [alice, eve]) user?.expectNoCanary(world.canaries);
    await world?.remove();
    await removeInstallation(world);
  });

  const change = (name: string, phase: string): Promise<LiveChange> =>
    world.kube.until<LiveChange>(
      world.object(API_VERSION, "Change", name),
      phase,
      ({ status }) => status?.phase === phase && status.planHash !== undefined,
    );
  const refused = ({ code, stdout, stderr }: Outcome, expected: number, message: string): void => {
    expect(stderr).to.include(message);
    expect([code, stdout]).to.deep.equal([expected, ""]);
  };

  it("knows who one is, what one may do, and who may", async () => {
    expect(JSON.parse(await alice.prints(["auth", "whoami", "-o", "json"]))).to.deep.include({
      username: "alice",
      groups: ["reviewers", "system:authenticated"],
    });
    expect(await alice.prints(["auth", "can-i", "approve", "web"])).to.equal("yes\n");
    const no = await eve.run(["auth", "can-i", "sync", "web"]);
    expect(no).to.deep.equal({
      code: 1,
      stdout: `no: missing sync of overseerapps.gitops.overseer.io and create of changes.gitops.overseer.io in namespace ${world.namespace}\n`,
      stderr: "",
    });
    const admin = new OverseerUser(world);
    expect(await admin.prints(["auth", "who-can", "sync", "web"]))
      .to.match(/^User +alice +RoleBinding alice-overseer-gitops-sync \(ClusterRole overseer-gitops-sync\)$/m)
      .and.not.include("eve");
    // A role that was not meant for decisions.
    const role = { apiGroup: RBAC, kind: "Role", name: "everything" };
    const metadata = { name: role.name, namespace: world.namespace };
    const rules = [{ apiGroups: ["gitops.overseer.io"], resources: ["overseerapps", "approvals"], verbs: ["*"] }];
    await world.kube.apply({ apiVersion: `${RBAC}/v1`, kind: "Role", metadata, rules });
    const subjects = [{ kind: "User", name: "mallory", apiGroup: RBAC }];
    await world.kube.apply({ apiVersion: `${RBAC}/v1`, kind: "RoleBinding", metadata, roleRef: role, subjects });
    for (const decision of ["approve", "break-glass"])
      expect(await admin.prints(["auth", "who-can", decision, "web"]))
        .to.match(/^User +mallory +RoleBinding everything \(Role everything\)$/m)
        .and.not.match(/\beve\b/);
    refused(await eve.run(["auth", "who-can", "sync"]), 4, "cannot list resource");
    refused(await eve.run(["auth", "can-i", "snyc"]), 2, 'did you mean "sync"?');
  });

  it("freezes an Environment, and lifts that", async () => {
    const admin = new OverseerUser(world);
    const name = `env-${world.namespace}`;
    const ref = { apiVersion: API_VERSION, kind: "Environment", name };
    await world.kube.apply({ ...{ apiVersion: API_VERSION, kind: "Environment" }, metadata: { name }, spec: {} });
    try {
      expect(await admin.prints(["freeze", name, "--reason", "holidays", "--until", "4h"])).to.match(
        /is frozen until 20/,
      );
      const frozen = (await world.kube.get(ref))?.spec as { freeze?: { reason: string } };
      expect(frozen.freeze?.reason).to.equal("holidays");
      expect(await admin.prints(["freeze", name, "--reason", "incident"])).to.equal(
        `${name} is frozen until overseer unfreeze\n`,
      );
      expect((await world.kube.get(ref))?.spec).to.deep.include({ freeze: { reason: "incident" } });
      expect(await admin.prints(["unfreeze", name])).to.equal(`${name} is not frozen any more\n`);
      expect((await world.kube.get(ref))?.spec).to.not.have.property("freeze");
      expect(await admin.prints(["get", "env", name, "--no-headers"])).to.match(new RegExp(`^${name} `));
      refused(await alice.run(["promote", "web"]), 1, "its namespace belongs to no Environment with promotesFrom");
    } finally {
      await world.kube.delete(ref);
    }
  });

  it("checks the installation, as far as one may read it", async () => {
    const admin = new OverseerUser(world);
    const { checks } = JSON.parse((await admin.run(["doctor", "-o", "json"])).stdout) as {
      checks: { name: string; state: string; message: string }[];
    };
    const state = (name: string): string | undefined => checks.find((check) => check.name === name)?.state;
    expect(
      ["API server", "clock", "definitions", "leader", "policies", "rights"].map(state),
      JSON.stringify(checks),
    ).to.deep.equal(Array(6).fill("ok"));
    const limited = await eve.prints(["doctor"]);
    expect(limited).to.match(/^operator +unknown +deployments\.apps is forbidden/m);
  });

  it("shows the plan of the Change of an app, and why the app is not synced", async () => {
    const plan = await alice.prints(["plan", "web"]);
    expect(plan).to.match(/^Plan: +2 to create$/m);
    expect(plan)
      .to.match(/^\+ create ConfigMap \S+\/a {2}a\.yaml:1$/m)
      .and.match(/^Gate manual: Wait: /m);
    expect(JSON.parse(await alice.prints(["plan", "change/web-1", "-o", "json"]))).to.include({
      app: "web",
      phase: "Waiting",
    });
    const why = await alice.run(["why", "web"]);
    expect(why.code).to.equal(1);
    expect(why.stdout).to.match(/gate manual: GateWaits for \d+s\n.*\n {2}→ overseer approve change\/\S+\/web-1$/m);
    const json = JSON.parse((await alice.run(["why", "web", "-o", "json"])).stdout) as {
      ok: boolean;
      findings: object[];
    };
    expect(json.ok).to.equal(false);
  });

  it("approves exactly the plan that was shown, with a terminal or --yes, and only for those who may", async () => {
    refused(await alice.run(["approve", "web"]), 2, "there is no terminal to ask on, so --yes is required");
    refused(
      await alice.run(["approve", "web", "--yes", "--plan-hash", "other"]),
      1,
      "has another plan than --plan-hash",
    );
    refused(await eve.run(["approve", "web", "--yes"]), 4, 'User "eve" cannot create resource "approvals"');
    expect(await world.kube.list(API_VERSION, "Approval", world.namespace)).to.deep.equal([]);
    const { planHash } = (await change("web-1", "Waiting")).status ?? {};
    const { code, stdout, stderr } = await alice.run(["approve", "web", "--yes", "--comment", "reviewed"]);
    expect([code, stdout], stderr).to.deep.equal([0, stdout]);
    expect(stdout).to.match(/\/web-1-\S+ Approve \S+\/web-1: Counted\n$/);
    expect(stderr)
      .to.match(/^Plan: +2 to create$/m)
      .and.include(planHash ?? "-");
    const [approval] = await world.kube.list<Approval & RawObject>(API_VERSION, "Approval", world.namespace);
    expect(approval?.spec).to.deep.include({ planHash, approver: "alice", groups: ["reviewers"], comment: "reviewed" });
    expect(await alice.prints(["wait", "web"])).to.equal(`${world.namespace}/web is synced\n`);
    refused(await alice.run(["approve", "web", "--yes"]), 1, "has ended (Succeeded): there is nothing to approve");
    expect(await alice.prints(["history", "web"])).to.match(
      /^web-1 +Revision +Succeeded +\+2 ~0 -0 +main@sha1:\w{7} +alice \(approved\)/m,
    );
    expect(await alice.prints(["why", "web"])).to.match(
      /^\S+\/web is synced, ready and healthy at main@sha1:\w{12}\.$/m,
    );
  });

  it("approves all Changes of a commit at once, or none, and names those that do not count", async () => {
    const pair = await world.repository("pair", {
      "bulk-first/a.yaml": configMap("one", {}),
      "bulk-second/a.yaml": configMap("two", {}),
    });
    const head = await pair.head();
    const names = ["bulk-first", "bulk-second"];
    for (const name of names)
      await world.app(name, "pair", name, { serviceAccountName: "deployer", sync: { mode: "Manual" } });
    for (const name of names) await change(`${name}-1`, "Waiting");
    const args = ["approve", "--commit", head.slice(0, 9)];
    refused(await alice.run([...args, "web", "--yes"]), 2, "but not both");
    refused(await alice.run(["approve", "--commit", "0".repeat(40), "--yes"]), 4, "is open");
    refused(await eve.run([...args, "--yes"]), 1, `Approve ${world.namespace}/bulk-second-1: does not count: `);
    const { code, stdout, stderr } = await alice.run([...args, "--yes"]);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.equal(names.map((name) => `Approve ${world.namespace}/${name}-1: counted\n`).join(""));
    for (const name of names) expect(stderr).to.include(`${world.namespace}/${name}-1`);
    for (const name of names) await change(`${name}-1`, "Succeeded");
  });

  it("refreshes an app, plans without writing, and syncs by a Change of the user", async () => {
    const commit = await repo.commit({ "a.yaml": configMap("a", { v: "2" }) }, "second");
    expect(await alice.prints(["refresh", "web"])).to.equal(
      `GitRepository ${world.namespace}/web refreshed\nOverseerApp ${world.namespace}/web refreshed\n`,
    );
    const planned = await alice.prints(["sync", "web", "--dry-run"]);
    expect(planned).to.match(
      /^~ update ConfigMap \S+\/a {2}a\.yaml:1\n {4}~ \.data\.v: "1" → "2"\n\S+: 1 to update\n$/,
    );
    expect((await world.kube.get(world.configMap("a")))?.data).to.deep.equal({ v: "1" });
    refused(await eve.run(["sync", "web"]), 4, 'User "eve" cannot create resource "changes"');
    const { code, stdout, stderr } = await alice.run(["sync", "web"]);
    expect([code, stdout], stderr).to.deep.equal([0, stdout]);
    expect(stdout).to.match(/^\S+\/web-sync-\w+ Succeeded \(\+0 ~1 -0\)\n$/);
    expect(await alice.prints(["wait", "web", "--commit", commit])).to.include("is synced");
    expect((await world.kube.get(world.configMap("a")))?.data).to.deep.equal({ v: "2" });
    refused(await alice.run(["sync", "wbe"]), 4, 'did you mean "web"?');
  });

  it("waits for a commit that changes nothing for the app, says what is missing at the timeout, and ends at once when it cannot be", async () => {
    const commit = await repo.commit({ README: "nothing" }, "no documents");
    await alice.prints(["refresh", "repository/web"]);
    expect(await alice.prints(["wait", "web", "--commit", commit])).to.include("is synced");
    const waited = await runAction(world, { OVERSEER_CI_APP: "web", OVERSEER_CI_COMMIT: commit });
    expect(waited).to.match(/web refreshed\n\S+\/web is synced\n$/);
    const missing = await alice.run(["wait", "web", "--commit", "0000000", "--timeout", "1s"]);
    refused(missing, 5, "the repository is not at commit 0000000");
    await alice.prints(["suspend", "web", "--reason", "migration"]);
    expect((await alice.run(["why", "web"])).stdout).to.match(
      /OverseerApp web: Suspended.*\n.*by alice: migration\n {2}→ overseer resume \S+\/web$/m,
    );
    refused(await alice.run(["wait", "web"]), 1, "the app is suspended");
    expect((await world.kube.get(world.appRef("web")))?.spec).to.deep.include({
      suspend: true,
      suspendReason: "by alice: migration",
    });
    expect(await alice.prints(["resume", "-l", "kubernetes.io/none", "-o", "name"]).catch(String)).to.include(
      "no OverseerApp has labels",
    );
    await alice.prints(["resume", "web"]);
    expect(await alice.prints(["wait", "web"])).to.include("is synced");
  });

  it("rejects a plan, and withdraws that", async () => {
    await repo.commit({ "a.yaml": configMap("a", { v: "3" }) }, "third");
    await alice.prints(["refresh", "web"]);
    await world.untilCondition("web", "Waiting", "True", "Manual");
    expect(await alice.prints(["reject", "web", "--yes", "--comment", "not today"])).to.include("Counted");
    await world.untilCondition("web", "Stalled", "True", "RejectedByUser");
    const why = await alice.run(["why", "web"]);
    expect(why.stdout).to.include("RejectedByUser").and.include("alice");
    refused(await alice.run(["wait", "web"]), 1, "will not become synced");
    expect(await alice.prints(["withdraw", "web-3", "--yes"])).to.include("withdraws the decisions of alice");
    await change("web-4", "Waiting");
    refused(await alice.run(["withdraw", "web-4", "--yes"]), 1, "has no decision on Change");
  });

  it("rolls back to the last other Change that succeeded, and syncs again", async () => {
    expect(await alice.prints(["sync", "web"])).to.include("Succeeded");
    expect(await alice.prints(["rollback", "web", "--dry-run"])).to.match(/~ \.data\.v: "3" → "2"$/m);
    expect(await alice.prints(["rollback", "web", "--to", "web-1"])).to.match(/web-rollback-\w+ Succeeded/);
    expect((await world.kube.get(world.configMap("a")))?.data).to.deep.equal({ v: "1" });
    const app = await world.untilCondition("web", "Pinned", "True");
    expect(condition(app, "Pinned")?.message).to.include("alice");
    expect((await alice.run(["why", "web"])).stdout).to.match(/→ overseer sync \S+\/web$/m);
    refused(await alice.run(["rollback", "web", "--to", "web-99"]), 4, 'there is no Change "web-99"');
    expect(await alice.prints(["sync", "web"])).to.include("Succeeded");
    expect((await world.kube.get(world.configMap("a")))?.data).to.deep.equal({ v: "3" });
    expect(await alice.prints(["events", "web"])).to.match(/Normal +Synced +OverseerApp\/web/);
  });
});
