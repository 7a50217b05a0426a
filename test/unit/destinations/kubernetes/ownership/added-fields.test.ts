import { expect } from "chai";
import { addedFields, driftOf, revertedOf } from "../../../../../src/destinations/kubernetes/ownership/added-fields.js";
import { KnownManagers } from "../../../../../src/destinations/kubernetes/ownership/known-managers.js";
import { describeAdded } from "../../../../../src/destinations/kubernetes/watch/drift-note.js";
import type { FieldsV1, ManagedFieldsEntry } from "../../../../../src/kube/object.js";

const CONFIG_MAP = { group: "", kind: "ConfigMap" };
const ID = { ...CONFIG_MAP, version: "v1", namespace: "shop", name: "x" };
const entry = (fieldsV1: FieldsV1, more: Partial<ManagedFieldsEntry> = {}): ManagedFieldsEntry => ({
  ...{ manager: "kubectl-edit", operation: "Update", apiVersion: "v1", time: "2026-01-02T00:00:00Z", fieldsV1 },
  ...more,
});
const ours = (fieldsV1: FieldsV1): ManagedFieldsEntry =>
  entry(fieldsV1, { manager: "overseer:shop/web", operation: "Apply" });
const template = (fields: FieldsV1): FieldsV1 => ({ "f:spec": { "f:template": { "f:spec": fields } } });

interface Case {
  readonly title: string;
  readonly mine: FieldsV1;
  readonly theirs: FieldsV1;
  readonly more?: Partial<ManagedFieldsEntry>;
  readonly kind?: { group: string; kind: string };
  /** What is described; undefined if nothing was added. */
  readonly added: string | undefined;
}

const A = { "f:data": { "f:a": {} } };

const CASES: readonly Case[] = [
  { title: "a key beside ours", mine: A, theirs: { "f:data": { "f:b": {} } }, added: ".data.b" },
  { title: "nothing if both set the same", mine: A, theirs: { "f:data": { ".": {}, "f:a": {} } }, added: undefined },
  { title: "nothing if only the map is theirs", mine: A, theirs: { "f:data": { ".": {} } }, added: undefined },
  {
    title: "a whole map that Git leaves out",
    mine: { "f:immutable": {} },
    theirs: { "f:data": { ".": {}, "f:b": {} } },
    added: ".data.b",
  },
  {
    title: "an item of a list with keys",
    mine: template({ "f:containers": { 'k:{"name":"web"}': { ".": {}, "f:image": {} } } }),
    theirs: template({
      "f:containers": {
        'k:{"name":"web"}': { "f:env": { ".": {}, 'k:{"name":"X"}': { ".": {}, "f:name": {}, "f:value": {} } } },
        'k:{"name":"sidecar"}': { ".": {} },
      },
    }),
    added:
      ".spec.template.spec.containers[web].env[X].name, .spec.template.spec.containers[web].env[X].value, .spec.template.spec.containers[sidecar]",
  },
  {
    title: "no item whose key is only written differently",
    mine: { "f:spec": { 'k:{"a":"<","b":1}': { "f:x": {} } } },
    theirs: { "f:spec": { 'k:{"b":1,"a":"\\u003c"}': { ".": {}, "f:x": {} } } },
    added: undefined,
  },
  {
    title: "a list that is replaced as a whole",
    mine: A,
    theirs: template({ "f:tolerations": {} }),
    added: ".spec.template.spec.tolerations",
  },
  {
    title: "a member of a set",
    mine: { "f:spec": { "f:set": { 'v:"a"': {} } } },
    theirs: { "f:spec": { "f:set": { 'v:"a"': {}, 'v:"b"': {} } } },
    added: '.spec.set["b"]',
  },
  {
    title: "a field of a struct that Git leaves empty",
    mine: template({ "f:emptyDir": {} }),
    theirs: template({ "f:emptyDir": { "f:medium": {} } }),
    added: ".spec.template.spec.emptyDir.medium",
  },
  { title: "no status", mine: A, theirs: { "f:status": { "f:phase": {} } }, added: undefined },
  {
    title: "no subresource",
    mine: A,
    theirs: { "f:data": { "f:b": {} } },
    more: { subresource: "scale" },
    added: undefined,
  },
  { title: "no replicas", mine: A, theirs: { "f:spec": { "f:replicas": {} } }, added: undefined },
  {
    title: "no finalizers and owner references",
    mine: A,
    theirs: {
      "f:metadata": { "f:finalizers": { ".": {}, 'v:"x"': {} }, "f:ownerReferences": { 'k:{"uid":"1"}': {} } },
    },
    added: undefined,
  },
  {
    title: "no requests by annotation",
    mine: A,
    theirs: {
      "f:metadata": {
        "f:annotations": {
          ...{ ".": {}, "f:gitops.overseer.io/prune": {}, "f:kubectl.kubernetes.io/last-applied-configuration": {} },
          ...{
            "f:argocd.argoproj.io/refresh": {},
            "f:reconcile.fluxcd.io/requestedAt": {},
            "f:helm.sh/resource-policy": {},
          },
        },
        "f:labels": { "f:kubernetes.io/metadata.name": {}, "f:kustomize.toolkit.fluxcd.io/prune": {} },
      },
      "f:spec": { "f:template": { "f:metadata": { "f:annotations": { "f:kubectl.kubernetes.io/restartedAt": {} } } } },
    },
    added: undefined,
  },
  {
    title: "only metadata at another version of the API",
    mine: A,
    theirs: { "f:spec": { "f:metrics": {} }, "f:metadata": { "f:labels": { "f:x": {} } } },
    more: { apiVersion: "v2" },
    added: ".metadata.labels.x",
  },
  {
    title: "nothing of a controller of Kubernetes",
    mine: A,
    theirs: { "f:data": { "f:b": {} } },
    more: { manager: "kubelet" },
    added: undefined,
  },
  {
    title: "nothing where Git is authoritative, which is drift anyway",
    mine: { "f:metadata": { "f:labels": { "f:a": {} } } },
    theirs: { "f:rules": {} },
    kind: { group: "rbac.authorization.k8s.io", kind: "Role" },
    added: undefined,
  },
];

describe("addedFields", () => {
  for (const { title, mine, theirs, more, kind = CONFIG_MAP, added } of CASES)
    it(`finds ${title}`, () => {
      const own = ours(mine);
      const found = addedFields(kind, own, [own, entry(theirs, more)]);
      expect(found && describeAdded(found)).to.equal(added && `${more?.manager ?? "kubectl-edit"} added ${added}`);
    });

  it("finds nothing on an object that the app does not own yet", () => {
    expect(addedFields(CONFIG_MAP, undefined, [entry({ "f:data": { "f:b": {} } })])).to.equal(undefined);
  });

  it("is fast for objects with many keys of others", () => {
    const keys = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`f:key-${index}`, {}]));
    const own = ours({ "f:data": keys });
    const started = process.cpuUsage();
    expect(addedFields(CONFIG_MAP, own, [own, entry({ "f:data": { ...keys, "f:more": {} } })])).to.have.length(1);
    expect(process.cpuUsage(started).user).to.be.below(1_000_000);
  });
});

describe("driftOf and revertedOf", () => {
  const managers = new KnownManagers({ users: ["k9s", "lens-*"], controllers: ["my-*"] });
  const own = ours(A);
  const BY: Readonly<Record<string, readonly [revert: boolean, all: boolean]>> = {
    ...{ "kubectl-edit": [true, true], kubectl: [true, true], "kubectl-client-side-apply": [true, true] },
    ...{ "before-first-apply": [true, true], k9s: [true, true], "lens-5": [true, true] },
    ...{ helm: [false, true], kubectlx: [false, true], k9s2: [false, true], Go: [false, true] },
    ...{ "my-operator": [false, false], cainjector: [false, false], "aws-cloud-controller-manager": [false, false] },
    ...{ "kube-controller-manager": [false, false], "ancient-changes": [false, false] },
  };
  for (const [manager, [revert, all]] of Object.entries(BY))
    it(`${manager}: ${revert ? "" : "not "}reverted with Revert, ${all ? "" : "not "}with RevertAll`, () => {
      const added = addedFields(CONFIG_MAP, own, [own, entry({ "f:data": { "f:b": {} } }, { manager })]);
      const reverted = (mode: "Revert" | "RevertAll" | "Report" | "Keep") =>
        revertedOf(added, ID, { mode, managers, ignored: [], tools: false }) !== undefined;
      expect([reverted("Revert"), reverted("RevertAll")]).to.deep.equal([revert, all]);
      expect([reverted("Report"), reverted("Keep")]).to.deep.equal([false, false]);
      expect(
        driftOf(added, ID, { mode: "Report", managers, ignored: [], tools: false }) !== undefined,
        "Report",
      ).to.equal(revert);
      expect(driftOf(added, ID, { mode: "Keep", managers, ignored: [], tools: false }), "Keep").to.equal(undefined);
    });
});
