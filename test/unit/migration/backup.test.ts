import { expect } from "chai";
import { API_VERSION } from "../../../src/api/group.js";
import { RESOURCES } from "../../../src/api/resources.js";
import { backupFile, expiredFiles } from "../../../src/cli/verbs/backup/file-names.js";
import { BACKUP_KINDS } from "../../../src/cli/verbs/backup/write-backup.js";
import { type BackupObject, backupProblem, makeBackup } from "../../../src/migration/backup/backup.js";
import { mergeDifference } from "../../../src/migration/backup/merge-difference.js";
import { restoredCommit, restoredManifest, restoredPin, returnPolicy } from "../../../src/migration/backup/restored.js";

const ABOUT = { time: "2027-01-01T02:00:00Z", cluster: "1" };
const app = (spec: Record<string, unknown>, status?: Record<string, unknown>): BackupObject => ({
  apiVersion: API_VERSION,
  kind: "OverseerApp",
  metadata: {
    ...{ name: "web", namespace: "shop", uid: "9", resourceVersion: "7", managedFields: [], finalizers: ["x"] },
    annotations: {
      kept: "yes",
      "gitops.overseer.io/reconcile-at": "now",
      "kubectl.kubernetes.io/last-applied-configuration": "{}",
    },
  },
  spec,
  ...(status === undefined ? {} : { status }),
});

const EMPTY: BackupObject = { apiVersion: API_VERSION, kind: "OverseerApp", metadata: { name: "web" } };

describe("a backup", () => {
  it("has all kinds of the operator", () => {
    expect(BACKUP_KINDS.map(({ kind }) => kind).sort()).to.deep.equal(RESOURCES.map(({ kind }) => kind).sort());
  });

  it("has what users and the operator have written, and names Secrets without values", () => {
    const helm = {
      valuesFrom: [
        { kind: "Secret", name: "values" },
        { kind: "ConfigMap", name: "plain" },
      ],
      chart: { secretRef: { name: "registry" } },
    };
    const spec = { source: { helm }, destination: { kubernetes: { kubeConfigSecretRef: { name: "prod" } } } };
    const { objects, secrets } = makeBackup([app(spec, { changes: 3 })], ABOUT);
    expect(objects[0]?.metadata).to.deep.equal({ name: "web", namespace: "shop", annotations: { kept: "yes" } });
    expect(objects[0]?.status).to.deep.equal({ changes: 3 });
    expect(secrets.map(({ name }) => name).sort()).to.deep.equal(["prod", "registry", "values"]);
    expect(secrets[0]?.usedBy).to.deep.equal(["OverseerApp shop/web"]);
    const auth = { tokenSecretRef: { name: "vault-token" } };
    const more = {
      requiredSecrets: [{ name: "required" }],
      secretStores: [{ kubernetes: { secrets: ["one", "two"] } }, { vault: { auth } }],
      compose: { ingress: { tlsSecretName: "wildcard" } },
    };
    const all = makeBackup([app({ source: more })], ABOUT).secrets.map(({ name }) => name);
    expect(all.sort()).to.deep.equal(["one", "required", "two", "vault-token", "wildcard"]);
  });

  it("restores an app with the source that it had applied, so that an edit which waited does not move forward", () => {
    const applied = { commit: "c1", source: { path: "v1", ref: { branch: "main" } } };
    const restored = restoredManifest(app({ source: { path: "v2", ref: { branch: "main" } } }, { applied }));
    expect(restored?.spec?.source).to.deep.equal({ path: "v1", ref: { commit: "c1" } });
    expect(returnPolicy(restored ?? EMPTY)?.patch).to.have.nested.property("spec.source.path", "v2");
  });

  it("restores an app at the tag that it had applied, since only tags may be signed, with its commit for the end", () => {
    const commit = "1".repeat(40);
    const applied = { commit, revision: `v1.2.0@sha1:${commit}` };
    const repository = { ...app({ ref: { semver: "1.x" } }), kind: "GitRepository" };
    const source = { repositoryRef: { name: "web" }, path: "." };
    const restored = restoredManifest(app({ source }, { applied }), [repository]);
    expect(restored?.spec?.source).to.deep.equal({ ...source, ref: { tag: "v1.2.0" } });
    expect(restoredCommit(restored ?? EMPTY)).to.equal(commit);
    expect(returnPolicy(restored ?? EMPTY)?.patch).to.have.nested.property("spec.source.ref", null);
    const ofBranch = { ...repository, spec: { ref: { branch: "main" } } };
    expect(restoredManifest(app({ source }, { applied }), [ofBranch])?.spec?.source).to.have.deep.property("ref", {
      commit,
    });
  });

  it("restores an app at its applied commit, so that nothing is deleted, and then its policy", () => {
    const spec = {
      source: { path: ".", ref: { branch: "main" } },
      sync: { mode: "Automatic", prune: true, pruneBudget: 5 },
      deletionPolicy: "Delete",
    };
    const restored = restoredManifest(app(spec, { applied: { commit: "c1" } }));
    expect(restored?.spec).to.deep.equal({
      source: { path: ".", ref: { commit: "c1" } },
      sync: { mode: "Manual", prune: false, selfHeal: false, pruneBudget: 5 },
      deletionPolicy: "Delete",
    });
    expect(restored?.status).to.equal(undefined);
    expect(returnPolicy(restored ?? EMPTY)?.patch).to.deep.equal({
      metadata: { annotations: { "gitops.overseer.io/restored-policy": null } },
      spec: {
        source: { ref: { commit: null, branch: "main" } },
        sync: { mode: "Automatic", prune: true, selfHeal: null },
      },
    });
    const never = restoredManifest(app({ source: { path: "." } }));
    expect(never?.spec?.source).to.deep.equal({ path: "." });
    expect(returnPolicy(never ?? EMPTY)?.patch).to.deep.include({
      spec: { source: {}, sync: { mode: null, prune: null, selfHeal: null } },
    });
    expect(returnPolicy(EMPTY)).to.equal(undefined);
  });

  it("gives the ref back whatever a user has set meanwhile", () => {
    const restored = restoredManifest(app({ source: { path: "." } }, { applied: { commit: "c1" } }));
    const edited = { ...(restored ?? EMPTY), spec: { source: { path: ".", ref: { tag: "v1", commit: "c1" } } } };
    expect(returnPolicy(edited)?.patch).to.deep.nested.include({ "spec.source": { ref: null } });
  });

  it("restores an app that was rolled back, and keeps it there until the rollback ends", () => {
    const own = { path: "new", ref: { branch: "main" }, helm: { values: { a: 1 } } };
    const then = { path: "old", ref: { branch: "main" }, helm: { values: { a: 1, b: 2 } } };
    const status = {
      applied: { commit: "c1" },
      pin: { inputs: { key: "k", commit: "c1", source: then }, change: "web-4", requester: "eve" },
    };
    const restored = restoredManifest(app({ source: own, sync: { mode: "Automatic" } }, status)) ?? EMPTY;
    expect(restored.spec?.source).to.deep.equal({ ...then, ref: { commit: "c1" } });
    const pin = { change: "web-4", commit: "c1", requester: "eve" };
    expect(restoredPin(restored)).to.deep.equal(pin);
    expect(returnPolicy(restored)).to.deep.equal({
      keptAt: pin,
      patch: { spec: { sync: { mode: "Automatic", prune: null, selfHeal: null } } },
    });
    expect(returnPolicy(restored, true)).to.deep.equal({
      patch: {
        metadata: { annotations: { "gitops.overseer.io/restored-policy": null } },
        spec: {
          source: { path: "new", ref: { commit: null, branch: "main" }, helm: { values: { b: null } } },
          sync: { mode: "Automatic", prune: null, selfHeal: null },
        },
      },
    });
  });

  it("suspends a set of apps, which would write its apps again, and gives it back what it had", () => {
    for (const suspend of [undefined, true]) {
      const spec = { template: {}, ...(suspend === undefined ? {} : { suspend }) };
      const restored = restoredManifest({ ...app(spec), kind: "OverseerAppSet" }) ?? EMPTY;
      expect(restored.spec).to.deep.equal({ template: {}, suspend: true });
      expect(returnPolicy(restored)?.patch).to.deep.equal({
        metadata: { annotations: { "gitops.overseer.io/restored-policy": null } },
        spec: { suspend: suspend === true },
      });
    }
  });

  it("finds the merge patch between two objects", () => {
    expect(mergeDifference({ a: 1, b: { c: 1, d: [1] }, e: 1 }, { a: 1, b: { c: 2, d: [2] }, f: {} })).to.deep.equal({
      ...{ b: { c: 2, d: [2] }, e: null, f: {} },
    });
  });

  it("keeps Changes and Approvals as records only", () => {
    for (const kind of ["Change", "Approval"]) expect(restoredManifest({ ...app({}), kind })).to.equal(undefined);
    expect(restoredManifest({ ...app({ url: "x" }), kind: "GitRepository" })?.spec).to.deep.equal({ url: "x" });
  });

  it("is recognized, and a damaged or newer one is refused with the reason", () => {
    const good = makeBackup([app({})], ABOUT);
    expect(backupProblem(good)).to.equal(undefined);
    for (const [value, message] of [
      [undefined, "it is no backup"],
      [{ kind: "List" }, "it is no backup"],
      [{ ...good, version: 2 }, "it has version 2"],
      [{ ...good, objects: {} }, "objects is no list"],
      [
        { ...good, objects: [{ apiVersion: "v1", kind: "Secret", metadata: { name: "x" } }] },
        "objects[0] is no object",
      ],
    ] as const)
      expect(backupProblem(value)).to.include(message);
  });
});

describe("the files of backups", () => {
  const one = { cluster: "1a2b3c4d-5e6f-7081-92a3-b4c5d6e7f809", namespace: undefined };
  const other = { ...one, cluster: "ffffffff-5e6f-7081-92a3-b4c5d6e7f809" };
  const part = { ...one, namespace: "shop" };
  const unknown = { ...one, cluster: undefined };

  it("are kept for each cluster and scope", () => {
    const times = ["2027-01-01T02:00:00Z", "2027-01-02T02:00:00Z", "2027-01-03T02:00:00Z"];
    const files = [one, other, part, unknown].flatMap((scope) => times.map((time) => backupFile(scope, time)));
    expect(files[0]).to.equal("overseer-1a2b3c4d-20270101T020000Z.yaml");
    expect(files[6]).to.equal("overseer-1a2b3c4d-namespace-shop-20270101T020000Z.yaml");
    expect(new Set(files).size).to.equal(12);
    const all = [...files, "overseer-notes.yaml", ".overseer-1a2b3c4d-20260101T020000Z.yaml.part", "README.md"];
    for (const scope of [one, other, part, unknown])
      expect(expiredFiles(all.toReversed(), scope, 2)).to.deep.equal([backupFile(scope, times[0] ?? "")]);
    expect(expiredFiles(all, one, 3)).to.deep.equal([]);
  });
});
