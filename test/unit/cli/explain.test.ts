import { expect } from "chai";
import type { Condition } from "../../../src/api/conditions.js";
import type { GitRepository } from "../../../src/api/git-repository.js";
import { parseKind } from "../../../src/cli/cluster/app-objects.js";
import { buildTree } from "../../../src/cli/cluster/build-tree.js";
import { podsOf } from "../../../src/cli/cluster/pod-logs.js";
import type { LiveApp, LiveChange } from "../../../src/cli/connection/live.js";
import { freezeOf } from "../../../src/cli/verbs/act/freeze.js";
import { earlierSuccess, promotable } from "../../../src/cli/verbs/act/sync.js";
import { formatHistory } from "../../../src/cli/verbs/history/history.js";
import { decidable, decide } from "../../../src/cli/verbs/review/decide.js";
import { reviewText } from "../../../src/cli/verbs/review/review-text.js";
import { formatTrace, traceOf } from "../../../src/cli/verbs/trace/trace-of.js";
import { formatTree } from "../../../src/cli/verbs/tree/format-tree.js";
import { failureOf, missingOf } from "../../../src/cli/verbs/wait/missing.js";
import { explain } from "../../../src/cli/verbs/why/explain.js";
import { formatFindings } from "../../../src/cli/verbs/why/why.js";

const TIME = "2026-11-30T12:00:00Z";
const NOW = Date.parse(TIME) + 300_000;
const REVISION = "main@sha1:0123456789abcdef0123456789abcdef01234567";

const condition = (type: string, status: Condition["status"], reason: string, message = ""): Condition => ({
  ...{ type, status, reason, message, lastTransitionTime: TIME },
});
const metadata = {
  name: "web",
  namespace: "shop",
  uid: "u",
  resourceVersion: "1",
  generation: 2,
  creationTimestamp: TIME,
};
const app = (status: object, spec: object = {}): LiveApp =>
  ({
    ...{ apiVersion: "gitops.overseer.io/v1alpha1", kind: "OverseerApp", metadata },
    spec: {
      source: { repositoryRef: { name: "shop" }, path: "." },
      destination: { kubernetes: {} },
      suspend: false,
      ...spec,
    },
    status: { observedGeneration: 2, ...status },
  }) as unknown as LiveApp;
const change = (name: string, status: object, spec: object = {}): LiveChange =>
  ({
    ...{ apiVersion: "gitops.overseer.io/v1alpha1", kind: "Change", metadata: { ...metadata, name } },
    spec: { app: { name: "web" }, cause: "Revision", inputs: { key: name, revision: REVISION }, ...spec },
    status,
  }) as unknown as LiveChange;

const SYNCED = [
  condition("Ready", "True", "Applied"),
  condition("Synced", "True", "Applied"),
  condition("Healthy", "True", "Healthy"),
];

describe("overseer why", () => {
  it("finds nothing at an app that is synced, ready and healthy", () => {
    const fine = app({ conditions: SYNCED, applied: { revision: REVISION } });
    expect(explain({ app: fine })).to.deep.equal([]);
    expect(formatFindings({ app: fine }, [])).to.equal(
      "shop/web is synced, ready and healthy at main@sha1:0123456789ab.\n",
    );
  });

  it("names the gate, since when it waits, and the command that opens it; each message once", () => {
    const message = "would delete 5 of 7 objects";
    const waiting = app({
      conditions: [
        condition("Ready", "True", "Applied"),
        condition("Synced", "False", "Waiting", message),
        condition("Waiting", "True", "Deletions", `deletions: ${message}`),
      ],
      applied: { revision: REVISION },
    });
    const open = change("web-6", {
      phase: "Waiting",
      gates: [
        { name: "deletions", state: "Wait", message: "raise sync.pruneBudget", since: TIME },
        { name: "manual", state: "Pass", message: "" },
      ],
    });
    expect(formatFindings({ app: waiting }, explain({ app: waiting, change: open }), NOW)).to.equal(
      [
        "shop/web has applied main@sha1:0123456789ab.",
        "OverseerApp web: Waiting for 5m",
        "  would delete 5 of 7 objects",
        "OverseerApp web: Deletions for 5m",
        "  deletions: would delete 5 of 7 objects",
        "Change web-6, gate deletions: GateWaits for 5m",
        "  raise sync.pruneBudget",
        "  → overseer approve change/shop/web-6",
        "",
      ].join("\n"),
    );
  });

  it("names the repository first, then refusals, failed writes, hooks and objects, and how to look further", () => {
    const repository = {
      metadata: { ...metadata, name: "shop" },
      status: { conditions: [condition("Ready", "False", "AuthenticationFailed", "401")] },
    };
    const broken = app({
      conditions: [condition("Ready", "False", "ApplyFailed", "no")],
      problems: [{ object: "Deployment shop/web", message: "CrashLoopBackOff" }],
      ...{ nextRetryTime: TIME, failures: 3 },
    });
    const failed = change("web-2", {
      phase: "Failed",
      refusals: [{ object: "ConfigMap shop/a", origin: "a.yaml:3", message: "unknown field" }],
      plan: [{ verb: "Update", object: "Service shop/web", apiVersion: "v1", result: "Failed", error: "timeout" }],
      hooks: [{ phase: "PreSync", object: "Job shop/migrate", state: "Failed", message: "exit code 1" }],
    });
    const findings = explain({ app: broken, change: failed, repository: repository as never });
    expect(findings.map(({ about, reason }) => `${about}: ${reason}`)).to.deep.equal([
      "GitRepository shop: AuthenticationFailed",
      "OverseerApp web: ApplyFailed",
      "OverseerApp web: Retry",
      "Change web-2, ConfigMap shop/a: Refused",
      "Change web-2, Service shop/web: WriteFailed",
      "Change web-2, hook Job shop/migrate: PreSyncFailed",
      "Deployment shop/web: Unhealthy",
    ]);
    expect(findings.map(({ next }) => next)).to.include.members(["overseer sync shop/web", "overseer logs shop/web"]);
    expect(findings.find(({ reason }) => reason === "Refused")?.message).to.equal("a.yaml:3: unknown field");
  });

  it("reports an app that is suspended although it is Ready, and one that was never reconciled", () => {
    const suspended = app({ conditions: SYNCED }, { suspend: true, suspendReason: "by alice: migration" });
    expect(explain({ app: suspended }).map(({ reason, next }) => [reason, next])).to.deep.equal([
      ["Suspended", "overseer resume shop/web"],
    ]);
    expect(explain({ app: app({}) })[0]).to.include({ reason: "NotSeen", next: "overseer doctor" });
  });
});

describe("overseer wait", () => {
  it("lists what is missing for a goal", () => {
    const waiting = app({
      conditions: [condition("Ready", "False", "Progressing", "2 objects"), condition("Synced", "True", "Applied")],
      problems: [{ object: "Deployment shop/web", message: "0 of 1 ready" }],
    });
    expect(missingOf(waiting, "synced")).to.deep.equal([
      "Ready is False: 2 objects",
      "Deployment shop/web: 0 of 1 ready",
    ]);
    expect(missingOf(waiting, "healthy")).to.deep.equal(["Healthy is not set", "Deployment shop/web: 0 of 1 ready"]);
    expect(missingOf(app({ conditions: SYNCED }), "synced")).to.deep.equal([]);
    expect(missingOf(app({ conditions: SYNCED, observedGeneration: 1 }), "ready")).to.deep.equal([
      "the operator has not seen the newest spec yet",
    ]);
    expect(missingOf(app({ conditions: SYNCED }, { suspend: true }), "synced")).to.deep.equal(["the app is suspended"]);
    expect(missingOf(undefined, "deleted")).to.deep.equal([]);
    expect(missingOf(app({}), "deleted")).to.deep.equal(["the app exists"]);
    expect(missingOf(undefined, "ready")).to.deep.equal(["the app does not exist"]);
  });

  it("knows when an app does not get there by itself", () => {
    const stalled = [condition("Stalled", "True", "RejectedByUser", "rejected by bob")];
    expect(failureOf(app({ conditions: stalled }), "synced")).to.equal("rejected by bob");
    expect(failureOf(app({ conditions: stalled, observedGeneration: 1 }), "synced")).to.equal(undefined);
    expect(failureOf(app({}, { suspend: true }), "synced")).to.include("is suspended");
    expect(failureOf(app({ conditions: [] }), "synced")).to.equal(undefined);
  });
});

describe("the review of a Change", () => {
  const plan = [
    { verb: "Create", object: "ConfigMap shop/a", apiVersion: "v1" },
    { verb: "Delete", object: "PersistentVolumeClaim shop/data", apiVersion: "v1" },
  ];

  it("begins with deletions and counts", () => {
    const text = reviewText(
      change("web-7", {
        phase: "Waiting",
        plan,
        planHash: "abc",
        gates: [{ name: "deletions", state: "Wait", message: "1 kind that holds data" }],
      }),
    );
    expect(text).to.include(
      "Plan:       1 to delete, 1 to create\nPlan hash:  abc\nDELETES 1 object.\n- delete PersistentVolumeClaim shop/data\n+ create ConfigMap shop/a\nGate deletions: Wait: 1 kind",
    );
  });

  it("decides only about a plan that is complete, open and the expected one", () => {
    const waiting = change("web-7", { phase: "Waiting", planHash: "abc" });
    expect(decidable(waiting, "Approve", { planHash: "abc" })).to.equal("abc");
    const no = (status: object, message: string, planHash?: string): unknown =>
      expect(() => decidable(change("web-7", status), "Approve", planHash === undefined ? {} : { planHash })).to.throw(
        message,
      );
    no({ phase: "Planning" }, "has no plan yet");
    no({ phase: "Waiting", planHash: "abc" }, "has another plan than --plan-hash: it is abc now", "old");
    no({ phase: "Succeeded", planHash: "abc" }, "has ended (Succeeded): there is nothing to approve");
    no({ phase: "Waiting", planHash: "abc", planIncomplete: "values" }, "is not shown completely: values");
    expect(decidable(change("web-7", { phase: "Rejected", planHash: "abc" }), "Withdraw", {})).to.equal("abc");
    expect(decidable(change("web-7", { phase: "Succeeded", planHash: "abc" }), "Acknowledge", {})).to.equal("abc");
    expect(() => decide("web-7", "BreakGlass", { comment: "now", timeout: 1, requestTimeout: 1 })).to.throw(
      "requires --comment with at least 10 characters",
    );
  });

  it("rolls back to the last Change that succeeded with other inputs", () => {
    const changes = [
      change("web-1", { phase: "Succeeded" }),
      change("web-2", { phase: "Failed" }),
      change("web-3", { phase: "Succeeded" }),
    ];
    expect(earlierSuccess(changes, { key: "web-3" })?.metadata.name).to.equal("web-1");
    expect(earlierSuccess(changes, { key: "other" })?.metadata.name).to.equal("web-3");
    expect(earlierSuccess([], { key: "web-1" })).to.equal(undefined);
  });

  it("promotes the commit that is named, or the tested one, and says why there is none", () => {
    const id = "0123456789abcdef0123456789abcdef01234567";
    const status = { promotion: { newest: REVISION, promotable: id } };
    expect(promotable(app(status), undefined)).to.equal(id);
    expect(promotable(app({}), id)).to.equal(id);
    expect(() => promotable(app(status), "0123")).to.throw("is no complete commit ID");
    expect(() => promotable(app({}), undefined)).to.throw("shop/web: its namespace belongs to no Environment");
    const waiting = { promotion: { newest: REVISION, waitingFor: "soak until 18:00" } };
    expect(() => promotable(app(waiting), undefined)).to.throw(
      "there is nothing to promote for shop/web: soak until 18:00",
    );
  });

  it("freezes with a reason, until a time or for a duration", () => {
    expect(freezeOf({ reason: "holidays" })).to.deep.equal({ reason: "holidays" });
    expect(freezeOf({ reason: "x", until: "4h" }, NOW)).to.deep.equal({
      reason: "x",
      until: "2026-11-30T16:05:00.000Z",
    });
    expect(freezeOf({ reason: "x", until: "2026-12-24T18:00:00+01:00" }, NOW).until).to.equal(
      "2026-12-24T17:00:00.000Z",
    );
    expect(() => freezeOf({})).to.throw("freeze requires --reason");
    expect(() => freezeOf({ reason: "x", until: "Friday" }, NOW)).to.throw("is no time");
    expect(() => freezeOf({ reason: "x", until: "2026-01-01T00:00:00Z" }, NOW)).to.throw("is in the past");
  });

  it("lists the history newest first, with who requested and decided", () => {
    const approved = {
      approvals: [
        { approver: "bob", decision: "Approve", state: "Counted" },
        { approver: "eve", decision: "Approve", state: "Stale" },
      ],
    };
    const changes = [
      change("web-1", { phase: "Succeeded", summary: "+1 ~0 -0", message: "applied", ...approved }),
      change("web-sync-x", { phase: "Planning" }, { cause: "Sync", requester: "alice", inputs: undefined }),
    ];
    expect(formatHistory(changes, { wide: false, now: NOW })).to.equal(
      [
        "CHANGE       CAUSE      PHASE       PLAN       REVISION            BY               AGE   MESSAGE",
        "web-sync-x   Sync       Planning    <none>     <none>              alice            5m",
        "web-1        Revision   Succeeded   +1 ~0 -0   main@sha1:0123456   bob (approved)   5m    applied",
        "",
      ].join("\n"),
    );
  });
});

describe("overseer trace", () => {
  it("finds the last Change that wrote the object, who decided about it, and other writers", () => {
    const plan = [{ verb: "Update", object: "ConfigMap shop/a", apiVersion: "v1", origin: "a.yaml:3" }];
    const inputs = { commit: "c2", revision: REVISION };
    const approvals = [
      { approver: "bob", decision: "Approve", state: "Counted" },
      { approver: "eve", decision: "Approve", state: "Stale" },
    ];
    const changes = [
      change("web-1", { phase: "Succeeded", plan }),
      change("web-2", { phase: "Succeeded", plan, approvals }, { inputs, requester: "alice" }),
      change("web-3", { phase: "Waiting", plan }),
      change("web-4", { phase: "Succeeded", plan: [{ ...plan[0], verb: "Keep" }] }),
    ];
    const commit = { id: "c2", author: "Ann", message: "Second", time: TIME };
    const repository = { metadata, status: { commit } } as unknown as GitRepository;
    const managedFields = [
      { manager: "overseer:shop/web" },
      { manager: "kubectl-edit", time: TIME },
      { manager: "kube-controller-manager", subresource: "status" },
    ];
    const traced = traceOf({ object: "ConfigMap shop/a", managedFields, app: app({}), changes, repository });
    expect(traced).to.deep.include({
      ...{
        change: "web-2",
        action: "Update",
        requester: "alice",
        approvers: ["bob"],
        origin: "a.yaml:3",
        commit: "c2",
      },
      ...{ author: "Ann", message: "Second", writers: [{ manager: "kubectl-edit", time: TIME }] },
    });
    expect(formatTrace(traced, NOW)).to.match(/^Also written by: +kubectl-edit at 2026-11-30T12:00:00Z$/m);
    const unknown = traceOf({
      object: "ConfigMap shop/b",
      managedFields: [],
      app: app({}),
      changes,
      repository: undefined,
    });
    expect(formatTrace(unknown)).to.match(/^Change: +unknown: older than the history of the app$/m);
  });
});

describe("overseer tree and logs", () => {
  const one = (kind: string, name: string, uid: string, owner?: { kind: string; uid: string }, more: object = {}) => ({
    kind: { group: kind === "Pod" ? "" : "apps", version: "v1", kind },
    object: {
      metadata: {
        ...{ name, uid, namespace: "shop", resourceVersion: "1" },
        ...(owner === undefined ? {} : { ownerReferences: [{ ...owner, name: "x", controller: true }] }),
      },
      ...more,
    },
  });
  const managed = [one("Deployment", "web", "d"), one("Deployment", "api", "e")];
  const made = [
    one("ReplicaSet", "web-1", "r1", { kind: "Deployment", uid: "d" }, { spec: { replicas: 0 } }),
    one("ReplicaSet", "web-2", "r2", { kind: "Deployment", uid: "d" }, { spec: { replicas: 1 } }),
    one("Pod", "web-2-x", "p", { kind: "ReplicaSet", uid: "r2" }),
    one("Pod", "api-1-y", "q", { kind: "Deployment", uid: "e" }),
    one("Pod", "other", "o", { kind: "Job", uid: "j" }),
    one("Pod", "circle", "c", { kind: "Pod", uid: "c" }),
  ];

  it("arrange objects by their owners, without ReplicaSets of earlier revisions and objects of others", () => {
    const text = formatTree("OverseerApp shop/web", buildTree({ managed, made }), NOW);
    expect(text.split("\n").map((line) => line.replace(/(?<=\S) {3,}.*$/, ""))).to.deep.equal([
      ...["OBJECT", "OverseerApp shop/web", "├─Deployment api", "│ └─Pod api-1-y", "└─Deployment web"],
      ...["  └─ReplicaSet web-2", "    └─Pod web-2-x", ""],
    ]);
  });

  it("choose the pods of the app, or of one object of it", () => {
    const pods = (only?: string): string[] =>
      podsOf([...managed, ...made], managed, only).map((pod) => pod.metadata.name);
    expect(pods()).to.deep.equal(["web-2-x", "api-1-y"]);
    expect(pods("deployment/web")).to.deep.equal(["web-2-x"]);
    expect(pods("Deployments/api")).to.deep.equal(["api-1-y"]);
    expect(pods("job/web")).to.deep.equal([]);
  });

  it("read kinds as the status of an app has them", () => {
    expect(parseKind("v1./ConfigMap")).to.deep.equal({ group: "", version: "v1", kind: "ConfigMap" });
    expect(parseKind("v1.apps/Deployment")).to.deep.equal({ group: "apps", version: "v1", kind: "Deployment" });
    expect(parseKind("v1beta1.a.example.com/Thing")).to.deep.equal({
      group: "a.example.com",
      version: "v1beta1",
      kind: "Thing",
    });
  });
});
