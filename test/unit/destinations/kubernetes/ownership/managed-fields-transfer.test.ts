import { expect } from "chai";
import { foreignFields } from "../../../../../src/destinations/kubernetes/ownership/authoritative-kinds.js";
import {
  adoptedManagedFields,
  isShared,
  ownedManagedFields,
} from "../../../../../src/destinations/kubernetes/ownership/managed-fields-transfer.js";
import type { FieldsV1, LiveMetadata, ManagedFieldsEntry } from "../../../../../src/kube/object.js";

const OURS = { manager: "overseer:shop/web", apiVersion: "v1", now: 0 };
const NOTHING = { tools: false, extras: {} };
const data = (...keys: string[]): FieldsV1 => ({ "f:data": Object.fromEntries(keys.map((key) => [`f:${key}`, {}])) });
const entry = (manager: string, fieldsV1: FieldsV1, more: Partial<ManagedFieldsEntry> = {}): ManagedFieldsEntry => ({
  manager,
  operation: "Update",
  apiVersion: "v1",
  fieldsV1,
  ...more,
});
const mine = (fieldsV1: FieldsV1): ManagedFieldsEntry => entry(OURS.manager, fieldsV1, { operation: "Apply" });
const object = (...managedFields: ManagedFieldsEntry[]): LiveMetadata => ({
  name: "x",
  uid: "u",
  resourceVersion: "1",
  managedFields,
});
const books = (entries: readonly ManagedFieldsEntry[] | undefined) =>
  entries && Object.fromEntries(entries.map(({ manager = "", fieldsV1 }) => [manager, fieldsV1]));

describe("adoptedManagedFields", () => {
  it("takes over the fields of kubectl apply and before-first-apply", () => {
    for (const manager of ["kubectl-client-side-apply", "kubectl-last-applied", "before-first-apply"]) {
      const after = adoptedManagedFields(object(mine(data("a")), entry(manager, data("a", "old"))), OURS, NOTHING);
      expect(books(after)).to.deep.equal({ [OURS.manager]: data("a", "old") });
    }
  });

  it("takes over fields of deployment tools only if allowed", () => {
    const live = object(entry("helm", data("a")));
    expect(adoptedManagedFields(live, OURS, NOTHING)).to.equal(undefined);
    expect(books(adoptedManagedFields(live, OURS, { tools: true, extras: {} }))).to.deep.equal({
      [OURS.manager]: data("a"),
    });
  });

  it("takes over shared fields of kubectl users, and leaves them the others", () => {
    const after = adoptedManagedFields(object(mine(data("a")), entry("kubectl-edit", data("a", "b"))), OURS, NOTHING);
    expect(books(after)).to.deep.equal({ [OURS.manager]: data("a"), "kubectl-edit": data("b") });
    const whole = adoptedManagedFields(object(mine(data("a")), entry("kubectl-create", data("a"))), OURS, NOTHING);
    expect(books(whole)).to.deep.equal({ [OURS.manager]: data("a") });
  });

  const versions: readonly (readonly [what: string, live: readonly ManagedFieldsEntry[], expected: string])[] = [
    ["one version of kubectl apply", [entry("kubectl-client-side-apply", data("a"), { apiVersion: "v0" })], "v0"],
    [
      "one version of two managers",
      ["kubectl-client-side-apply", "before-first-apply"].map((name) => entry(name, data(name), { apiVersion: "v0" })),
      "v0",
    ],
    [
      "several versions",
      [
        entry("kubectl-client-side-apply", data("a"), { apiVersion: "v0" }),
        entry("before-first-apply", data("b"), { apiVersion: "v2" }),
      ],
      "v1",
    ],
    [
      "an entry of the app itself",
      [mine(data("b")), entry("kubectl-client-side-apply", data("a"), { apiVersion: "v0" })],
      "v1",
    ],
  ];
  for (const [what, live, expected] of versions)
    it(`keeps the version of the fields, so that they are removed when the document has another one: ${what}`, () => {
      const after = adoptedManagedFields(object(...live), OURS, NOTHING);
      expect(after?.map(({ manager, apiVersion }) => [manager, apiVersion])).to.deep.equal([[OURS.manager, expected]]);
    });

  it("keeps entries of subresources and controllers", () => {
    const scale = entry("kubectl", { "f:spec": { "f:replicas": {} } }, { subresource: "scale" });
    expect(
      adoptedManagedFields(object(mine(data("a")), scale, entry("controller", data("a"))), OURS, NOTHING),
    ).to.equal(undefined);
  });

  it("takes over foreign fields of authoritative kinds", () => {
    const extras = { "f:spec": { "f:ingress": {} } };
    const other = entry("rival", { "f:metadata": { "f:labels": { "f:x": {} } }, ...extras });
    const after = adoptedManagedFields(object(mine(data("a")), other), OURS, { tools: false, extras });
    expect(books(after)).to.deep.equal({
      [OURS.manager]: { ...data("a"), ...extras },
      rival: { "f:metadata": { "f:labels": { "f:x": {} } } },
    });
  });
});

describe("ownedManagedFields", () => {
  const volume = 'k:{"name":"v"}';
  const steps = ["f:volumes", volume, "f:configMap"];

  it("moves a union member with its children, and leaves no empty entry", () => {
    const theirs = entry("thief", { "f:volumes": { [volume]: { "f:configMap": { ".": {}, "f:name": {} } } } });
    const after = ownedManagedFields(
      object(mine({ "f:volumes": { [volume]: { ".": {}, "f:name": {} } } }), theirs),
      OURS,
      [steps],
    );
    expect(books(after)).to.deep.equal({
      [OURS.manager]: { "f:volumes": { [volume]: { ".": {}, "f:name": {}, "f:configMap": {} } } },
    });
  });

  it("takes over an unowned member, also without an own entry", () => {
    const after = ownedManagedFields(object(entry("other", data("a"))), OURS, [["f:strategy", "f:rollingUpdate"]]);
    expect(books(after)).to.deep.equal({
      [OURS.manager]: { "f:strategy": { "f:rollingUpdate": {} } },
      other: data("a"),
    });
  });

  it("recognizes keys with escaped characters", () => {
    const theirs = entry("thief", { "f:set": { 'k:{"name":"\\u003cb\\u003e"}': { "f:x": {} } } });
    const after = ownedManagedFields(object(theirs), OURS, [["f:set", 'k:{"name":"<b>"}', "f:x"]]);
    expect(Object.keys(books(after) ?? {})).to.deep.equal([OURS.manager]);
  });
});

describe("isShared", () => {
  it("is true for fields that kubectl users and the app both own", () => {
    const ours = mine(data("a"));
    expect(isShared(ours, [ours, entry("kubectl-create", data("a"))])).to.equal(true);
    expect(isShared(ours, [ours, entry("kubectl-create", data("b"))])).to.equal(false);
    expect(isShared(ours, [ours, entry("controller", data("a"))])).to.equal(false);
    expect(isShared(undefined, [entry("kubectl-create", data("a"))])).to.equal(false);
  });
});

describe("foreignFields", () => {
  const policy = { group: "networking.k8s.io", kind: "NetworkPolicy" };
  const role = { group: "rbac.authorization.k8s.io", kind: "ClusterRole" };
  const spec = (...fields: string[]): FieldsV1 => ({
    "f:spec": Object.fromEntries(fields.map((one) => [`f:${one}`, {}])),
  });

  it("returns fields of others in authoritative kinds", () => {
    const ours = mine(spec("podSelector"));
    const other = entry("rival", { ...spec("podSelector", "ingress"), "f:metadata": { "f:labels": { "f:x": {} } } });
    expect(foreignFields(policy, ours, [ours, other])).to.deep.equal(spec("ingress"));
    expect(foreignFields({ group: "apps", kind: "Deployment" }, ours, [ours, other])).to.deep.equal({});
    expect(foreignFields(policy, undefined, [other])).to.deep.equal({});
  });

  it("ignores rules that an aggregation fills in", () => {
    const controller = entry("clusterrole-aggregation-controller", { "f:rules": {} }, { operation: "Apply" });
    const aggregated = mine({ "f:aggregationRule": { "f:clusterRoleSelectors": {} } });
    expect(foreignFields(role, aggregated, [aggregated, controller])).to.deep.equal({});
    const plain = mine({ "f:metadata": {} });
    expect(foreignFields(role, plain, [plain, controller])).to.deep.equal({ "f:rules": {} });
  });
});
