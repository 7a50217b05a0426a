import { expect } from "chai";
import { changePolicies } from "../../../src/api/policies/change-policies.js";
import { subjectsWith, subjectsWithAll } from "../../../src/cli/verbs/auth/subjects.js";
import {
  argument,
  checkClock,
  checkKinds,
  checkLease,
  checkPolicies,
  checkWorkload,
  type OperatorWorkload,
} from "../../../src/cli/verbs/doctor/checks.js";
import { manifestOf } from "../../../src/cli/verbs/export/export.js";

const NOW = Date.parse("2026-11-30T12:00:00Z");
const metadata = { name: "overseer-gitops", namespace: "overseer-system", uid: "u", resourceVersion: "1" };
const deployment = (ready: number, version = "1.0.0"): OperatorWorkload => ({
  kind: "Deployment",
  metadata: { ...metadata, labels: { "app.kubernetes.io/version": version } },
  spec: {
    replicas: 2,
    template: {
      spec: {
        serviceAccountName: "operator",
        containers: [{ args: ["--lease-name=x", "--approving-service-accounts=ci/bot"] }],
      },
    },
  },
  status: { readyReplicas: ready },
});

describe("overseer doctor", () => {
  it("judges definitions, Deployments and clocks", () => {
    expect(checkKinds(["changes", "apps"], ["changes", "apps", "apps/status"]).state).to.equal("ok");
    expect(checkKinds(["changes", "apps"], ["apps"]).message).to.equal(
      "the cluster does not serve changes: install or upgrade the chart",
    );
    expect([2, 1, 0].map((ready) => checkWorkload(deployment(ready), "1.0.0").state)).to.deep.equal([
      "ok",
      "warning",
      "failed",
    ]);
    const set = checkWorkload({ ...deployment(1), kind: "StatefulSet" }, "1.0.0");
    expect(`${set.name}: ${set.message}`).to.match(/^statefulset .* describe statefulset /);
    expect(checkWorkload(deployment(2, "0.9.0"), "1.0.0").message).to.include(
      "version 0.9.0, but this program is 1.0.0",
    );
    expect(checkClock(NOW, NOW + 1000, 500).state).to.equal("ok");
    expect(checkClock(NOW, NOW - 60_000, 500)).to.deep.include({ state: "warning" });
    expect(argument(["--a=1", "--lease-name=x=y"], "lease-name")).to.equal("x=y");
  });

  it("judges whether a leader renews the lease", () => {
    const lease = (holderIdentity: string, secondsAgo: number) => ({
      metadata,
      spec: { holderIdentity, leaseDurationSeconds: 15, renewTime: new Date(NOW - secondsAgo * 1000).toISOString() },
    });
    expect(checkLease(lease("a", 3), NOW)).to.deep.equal({ name: "leader", state: "ok", message: "a, renewed 3s ago" });
    expect(checkLease(lease("a", 60), NOW).message).to.equal("a has not renewed the Lease for 1m: see its log");
    expect(checkLease(lease("a", -60), NOW).message).to.equal("the clock of a is 1m ahead of the API server");
    expect(checkLease(lease("", 3), NOW).state).to.equal("failed");
    expect(checkLease(undefined, NOW).message).to.include("there is no Lease");
  });

  it("finds policies that are missing, edited or not bound in the namespace", () => {
    const expected = changePolicies("system:serviceaccount:overseer-system:operator", ["system:serviceaccount:ci:bot"]);
    const policies = Object.entries(expected).map(([name, spec]) => ({ metadata: { name }, spec }));
    const bindings = Object.keys(expected).map((policyName) => ({
      metadata: { name: policyName },
      spec: { policyName, validationActions: ["Deny"] },
    }));
    expect(checkPolicies(deployment(2), policies, bindings, "shop").state).to.equal("ok");
    const edited = policies.map((policy) =>
      policy.metadata.name === "approvals" ? { ...policy, spec: { ...policy.spec, failurePolicy: "Ignore" } } : policy,
    );
    expect(checkPolicies(deployment(2), edited, bindings, "shop").message).to.match(
      /^overseer-gitops-approvals: missing, edited or not bound/,
    );
    const audit = bindings.map((binding) => ({ ...binding, spec: { ...binding.spec, validationActions: ["Audit"] } }));
    expect(checkPolicies(deployment(2), policies, audit, "shop").state).to.equal("failed");
  });
});

describe("overseer auth who-can", () => {
  it("reads roles and bindings as RBAC does, with wildcards, names and scopes", () => {
    const rule = (more: object) => ({
      apiGroups: ["gitops.overseer.io"],
      resources: ["overseerapps"],
      verbs: ["sync"],
      ...more,
    });
    const role = (name: string, ...rules: object[]) => ({
      metadata: { name },
      rules: rules as ReturnType<typeof rule>[],
    });
    const bind = (name: string, kind: string, ...subjects: { kind: string; name: string; namespace?: string }[]) => ({
      metadata: { name },
      roleRef: { kind, name },
      subjects,
    });
    const rbac = {
      clusterRoles: [
        role("all", { apiGroups: ["*"], resources: ["*"], verbs: ["*"] }),
        role("look", rule({ verbs: ["get"] })),
        { metadata: { name: "none" }, rules: null },
      ],
      roles: [role("one", rule({ resourceNames: ["web"] })), role("look", rule({}))],
      clusterBindings: [
        bind("all", "ClusterRole", { kind: "Group", name: "admins" }),
        bind("look", "ClusterRole", { kind: "User", name: "eve" }),
      ],
      bindings: [
        bind("one", "Role", { kind: "ServiceAccount", name: "ci", namespace: "shop" }),
        bind("look", "Role", { kind: "User", name: "alice" }),
        { metadata: { name: "empty" }, roleRef: { kind: "Role", name: "one" } },
      ],
    };
    const names = (name?: string) =>
      subjectsWith({ group: "gitops.overseer.io", resource: "overseerapps", verb: "sync", name }, rbac).map(
        (subject) => `${subject.kind} ${subject.name}`,
      );
    expect(names("web")).to.deep.equal(["Group admins", "ServiceAccount shop:ci", "User alice"]);
    expect(names()).to.deep.equal(["Group admins", "User alice"]);
    const sync = { group: "gitops.overseer.io", resource: "overseerapps", verb: "sync", name: "web" };
    const create = { group: "gitops.overseer.io", resource: "changes", verb: "create" };
    expect(subjectsWithAll([sync, create], rbac).map(({ name }) => name)).to.deep.equal(["admins"]);
  });
});

describe("overseer export", () => {
  it("keeps fields that a user wrote, and none of the API server and the operator", () => {
    const named = (annotations: Record<string, string>) =>
      Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`gitops.overseer.io/${key}`, value]));
    const protections = named({ prune: "disabled", reconcile: "disabled", wave: "2", "imported-from": "g/K/a/b" });
    const written = named({
      ...{ "reconcile-at": "1", identity: "i", applied: "a", "app-set-applied": "s", "hook-run": "h" },
      ...{ "confirm-deletions": "c", "restored-policy": "{}" },
    });
    const object = {
      ...{ apiVersion: "gitops.overseer.io/v1alpha1", kind: "OverseerApp" },
      metadata: {
        ...{
          ...metadata,
          generation: 3,
          finalizers: ["gitops.overseer.io/cleanup"],
          labels: { team: "shop", "gitops.overseer.io/app": "root" },
        },
        annotations: {
          note: "x",
          ...protections,
          ...written,
          "kubectl.kubernetes.io/last-applied-configuration": "{}",
        },
      },
      spec: { suspend: false },
      status: { health: "Healthy" },
    };
    expect(manifestOf(object)).to.deep.equal({
      ...{ apiVersion: object.apiVersion, kind: object.kind, spec: object.spec },
      metadata: {
        name: "overseer-gitops",
        namespace: "overseer-system",
        labels: { team: "shop" },
        annotations: { note: "x", ...protections },
      },
    });
    const confirmed = { ...object, metadata: { ...object.metadata, annotations: named({ prune: "confirmed" }) } };
    expect(manifestOf(confirmed).metadata.annotations).to.equal(undefined);
  });
});
