import { expect } from "chai";
import type { ChangeCause, PlannedAction } from "../../../src/api/change.js";
import { approvalGate } from "../../../src/gates/approval.js";
import { type GateContext, MissingFactError } from "../../../src/gates/context.js";
import { environmentGate } from "../../../src/gates/environment.js";
import type { PlacedObject } from "../../../src/gates/environments.js";
import type { Gate } from "../../../src/gates/gate.js";
import { judgeGates } from "../../../src/gates/judge.js";
import { policyChangesGate } from "../../../src/gates/policy-changes.js";
import { app, inputs } from "../controllers/support/resources.js";
import { FakeClock } from "../support/fake-clock.js";
import { environment } from "./support/environments.js";
import { gateContext, listerOf, NO_DECISIONS, NO_FACTS } from "./support/gate-context.js";

const NOW = gateContext().now;
const prod = environment("prod", { namespaces: [{ name: "shop" }], gates: { approval: { required: 2 } } });
const other = environment("other", { namespaces: [{ name: "billing" }], gates: { approval: {} } });
const alice = { name: "alice", groups: [], time: NOW };
const bob = { name: "bob", groups: [], time: NOW };
const MANAGED = listerOf([], [], {}, [prod, other]);

const object = (namespace: string, kind = "ConfigMap"): PlacedObject => ({ group: "", kind, namespace, name: "c" });
const placed = (...objects: PlacedObject[]): GateContext["destination"] => ({
  ...NO_FACTS,
  placed: { place: { cluster: undefined }, objects },
});
const context = (changes: Partial<GateContext> = {}): GateContext => gateContext({ lister: MANAGED, ...changes });
const approved = (...approvers: NonNullable<GateContext["approvals"]>["approvers"]): Partial<GateContext> => ({
  approvals: { ...NO_DECISIONS, approvedBy: approvers[0]?.name, approvers },
});

async function judged(gate: Gate, judgedContext: GateContext) {
  const [result] = await judgeGates([gate], judgedContext, new FakeClock());
  return result?.state;
}
async function textOf(gate: Gate, judgedContext: GateContext): Promise<string> {
  const state = await judged(gate, judgedContext);
  return `${state?.state}: ${state?.message}`;
}

describe("the gate approval", () => {
  it("holds a Change until enough users have approved it, and says who can open it and what happens otherwise", async () => {
    expect(await judged(approvalGate, context(approved(alice)))).to.deep.equal({
      name: "approval",
      state: "Wait",
      message: "Environment prod: 1 of 2 approvals (alice)",
      since: "2026-11-30T12:00:00Z",
      opens: "users with the verb approve for OverseerApp web, by Approvals; in an emergency users with break-glass",
      otherwise: "nothing is applied; main@sha1:k waits without end",
      until: "2026-12-07T12:00:00Z",
    });
    expect(await textOf(approvalGate, context(approved(alice, bob)))).to.equal(
      "Pass: approved by alice, bob, as Environment prod in generation 1 requires",
    );
  });

  it("passes apps of no Environment, Changes that have begun, and break-glass", async () => {
    expect(await textOf(approvalGate, context({ app: app("free/web") }))).to.equal("Pass: passed");
    expect(await textOf(approvalGate, context({ started: true }))).to.equal("Pass: passed");
    const approvals = { ...NO_DECISIONS, brokenBy: "carol" };
    expect(await textOf(approvalGate, context({ approvals }))).to.equal("Pass: opened by carol by break-glass");
  });

  const secret: PlannedAction = { verb: "Update", object: "Secret shop/db", apiVersion: "v1" };
  const config: PlannedAction = { verb: "Update", object: "ConfigMap shop/c", apiVersion: "v1" };
  const applied = app("shop/web", { status: { applied: inputs("k") } });
  const causes: readonly (readonly [cause: ChangeCause, asks: boolean, more?: Partial<GateContext>])[] = [
    ["Revision", true],
    ["Spec", true],
    ["Sync", true],
    ["Renderer", false],
    ["Rollback", false],
    ["Values", true, { plan: { plan: [secret, config] } }],
    ["Values", true, { plan: { plan: [{ ...secret, verb: "Delete" }] } }],
    ["Values", true, { plan: { plan: [] } }],
    ["Values", false, { plan: { plan: [secret] } }],
    ["Retry", true],
    ["Retry", false, { app: applied }],
  ];
  for (const [cause, asks, more = {}] of causes)
    it(`${asks ? "asks" : "does not ask"} for a Change of cause ${cause}${more.plan ? ` that changes ${more.plan.plan?.map((one) => `${one.verb} ${one.object}`).join(", ")}` : ""}${more.app ? " of applied inputs" : ""}`, async () => {
      expect((await judged(approvalGate, context({ cause, ...more })))?.state).to.equal(asks ? "Wait" : "Pass");
    });

  it("asks every Environment for an object without a namespace that is not claimed", async () => {
    const role = { ...object("", "ClusterRole"), group: "rbac.authorization.k8s.io" };
    const free = { app: app("free/web"), destination: placed(role) };
    expect(await textOf(approvalGate, context(free))).to.equal(
      "Wait: Environment prod: 0 of 2 approvals; Environment other: 0 of 1 approvals",
    );
    const platform = environment("platform", { claims: [{ clusterObjects: true }], namespaces: [{ name: "free" }] });
    const claimed = { ...free, lister: listerOf([], [], {}, [prod, other, platform]) };
    expect(await textOf(approvalGate, context(claimed))).to.equal("Pass: passed");
    expect(await textOf(environmentGate, context({ ...claimed, app: app("else/web") }))).to.contain(
      "ClusterRole c is in a place of Environment platform",
    );
  });

  it("does not count an approval that has expired, or of a user that the Environment excludes", async () => {
    const strict = environment("strict", {
      namespaces: [{ name: "shop" }],
      gates: { approval: { expires: "1h", userPrefix: "a" } },
    });
    const lister = listerOf([], [], {}, [strict]);
    const old = { ...alice, time: NOW - 3_600_000 };
    for (const one of [old, bob])
      expect(await textOf(approvalGate, context({ lister, ...approved(one) }))).to.equal(
        "Wait: Environment strict: 0 of 1 approvals",
      );
    expect((await judged(approvalGate, context({ lister, ...approved(alice) })))?.state).to.equal("Pass");
  });
});

describe("the gate environment", () => {
  it("holds a Change of an app that an Environment has governed, until a user approves", async () => {
    expect(await textOf(environmentGate, context({ app: FORMER }))).to.equal(
      "Wait: Environment old has governed this app and does not any more: restore it, or approve the plan without it",
    );
    expect(await textOf(environmentGate, context({ app: FORMER, ...approved(alice) }))).to.equal("Pass: passed");
  });

  it("holds a Change with an object in a place of another Environment", async () => {
    const dev = { app: app("dev/web"), destination: placed(object("dev"), object("billing")) };
    expect(await textOf(environmentGate, context(dev))).to.equal(
      "Wait: ConfigMap billing/c is in a place of Environment other: apps of namespace dev may not write there; remove the documents, or add the namespace to the Environment",
    );
    expect((await judged(environmentGate, context({ destination: placed(object("shop")) })))?.state).to.equal("Pass");
  });
});

const POLICY: PlacedObject = {
  ...{ group: "admissionregistration.k8s.io", kind: "ValidatingAdmissionPolicy", name: "overseer-gitops-approvals" },
};
const FORMER = app("shop/web", { status: { environments: ["old", "prod"] } });

describe("the gate policyChanges", () => {
  it("holds Changes of Environments and of the policies of the operator until a user approves", async () => {
    const environments = { group: "gitops.overseer.io", kind: "Environment", name: "prod" };
    const held = { destination: placed(POLICY, environments, { ...POLICY, name: "other" }) };
    expect(await textOf(policyChangesGate, context(held))).to.equal(
      "Wait: the plan changes who may change what: ValidatingAdmissionPolicy overseer-gitops-approvals, Environment prod",
    );
    expect(await textOf(policyChangesGate, context({ ...held, ...approved(alice) }))).to.equal(
      "Pass: approved by alice",
    );
  });
});

describe("the gate policyChanges, by content", () => {
  const renamed: PlacedObject = { ...POLICY, kind: "ValidatingAdmissionPolicyBinding", name: "renamed" };
  const role: PlacedObject = {
    ...{ group: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "deployers" },
    power: "grants approve of gitops.overseer.io",
  };

  it("holds policies and bindings that concern our kinds in the cluster, whatever their names are", async () => {
    const ownPolicies = async () => new Set(["ValidatingAdmissionPolicyBinding/renamed"]);
    expect(await textOf(policyChangesGate, context({ destination: placed(renamed), ownPolicies }))).to.equal(
      "Wait: the plan changes who may change what: ValidatingAdmissionPolicyBinding renamed",
    );
    expect((await judged(policyChangesGate, context({ destination: placed(renamed) })))?.state).to.equal("Pass");
    const unknown = { destination: placed(renamed), ownPolicies: () => Promise.reject(new Error("forbidden")) };
    expect(await textOf(policyChangesGate, context(unknown))).to.contain("Wait: cannot be evaluated");
  });

  it("holds roles where there are Environments, and not without one, nor in another cluster", async () => {
    expect(await textOf(policyChangesGate, context({ destination: placed(role) }))).to.equal(
      "Wait: the plan changes who may change what: ClusterRole deployers (grants approve of gitops.overseer.io)",
    );
    const free = { destination: placed(role), lister: listerOf() };
    expect((await judged(policyChangesGate, context(free)))?.state).to.equal("Pass");
    const remote = { ...NO_FACTS, placed: { place: { cluster: "https://other" }, objects: [role] } };
    expect((await judged(policyChangesGate, context({ destination: remote })))?.state).to.equal("Pass");
  });
});

describe("the gates of Environments", () => {
  const unlisted = {
    ...listerOf(),
    list: () => {
      throw new MissingFactError("the list of kind Environment is not complete yet");
    },
  };
  const cases: readonly (readonly [gate: Gate, what: string, context: GateContext])[] = [
    [approvalGate, "the list of Environments", context({ lister: unlisted })],
    [approvalGate, "the decisions of users", context({ approvals: undefined })],
    [approvalGate, "the objects of the plan", context({ destination: { ...NO_FACTS, placed: undefined } })],
    [approvalGate, "the plan", context({ cause: "Values", plan: {} })],
    [environmentGate, "the list of Environments", context({ lister: unlisted })],
    [policyChangesGate, "the objects of the plan", context({ destination: { ...NO_FACTS, placed: undefined } })],
    [policyChangesGate, "the decisions of users", context({ destination: placed(POLICY), approvals: undefined })],
    [environmentGate, "the decisions of users", context({ app: FORMER, approvals: undefined })],
    [environmentGate, "the objects of the plan", context({ destination: { ...NO_FACTS, placed: undefined } })],
  ];
  for (const [gate, what, lacking] of cases)
    it(`do not pass without a fact: ${gate.name} without ${what}`, async () => {
      expect(await textOf(gate, lacking)).to.match(/^Wait: cannot be evaluated/);
    });
});
