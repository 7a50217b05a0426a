import { expect } from "chai";
import { API_VERSION } from "../../../src/api/group.js";
import { RESOURCES } from "../../../src/api/resources.js";
import { BACKUP_KINDS } from "../../../src/cli/verbs/backup/write-backup.js";
import {
  type BackupObject,
  backupProblem,
  makeBackup,
  policyPatch,
  restoredManifest,
} from "../../../src/migration/backup/backup.js";

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
  });

  it("restores an app at the commit that it had applied, so that nothing moves or is deleted, and gives its policy back", () => {
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
    expect(policyPatch(restored?.metadata.annotations)).to.deep.equal({
      metadata: { annotations: { "gitops.overseer.io/restored-policy": null } },
      spec: {
        source: { ref: { commit: null, branch: "main" } },
        sync: { mode: "Automatic", prune: true, selfHeal: null },
      },
    });
    const never = restoredManifest(app({ source: { path: "." } }));
    expect(never?.spec?.source).to.deep.equal({ path: "." });
    expect(policyPatch(never?.metadata.annotations)).to.deep.include({
      spec: { source: { ref: null }, sync: { mode: null, prune: null, selfHeal: null } },
    });
    expect(policyPatch({})).to.equal(undefined);
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
