import { expect } from "chai";
import { isStatus } from "../../src/kube/errors.js";
import { waitUntil } from "../../tools/wait-until.js";
import type { TestRef } from "../support/kube.js";
import { condition, configMap, type LiveApp, World } from "../support/world.js";

const API = "admissionregistration.k8s.io/v1";
const CLAIM = (name: string): string =>
  `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: ${name} }\nspec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }\n`;

describe("An app that is deleted while a policy denies all changes of what is kept", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("denied");
  });
  after(async () => {
    for (const kind of ["ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy"])
      await world?.kube.delete({ apiVersion: API, kind, name: `frozen.${world.namespace}` });
    await world?.remove();
  });

  const claim = (name: string): TestRef => world.object("v1", "PersistentVolumeClaim", name);

  /** Denies updates of claims, and of ConfigMaps that are named frozen; and deletions of the latter. */
  const freeze = async (): Promise<void> => {
    const name = `frozen.${world.namespace}`;
    await world.kube.apply({
      apiVersion: API,
      kind: "ValidatingAdmissionPolicy",
      metadata: { name },
      spec: {
        failurePolicy: "Fail",
        matchConstraints: {
          resourceRules: [
            {
              apiGroups: [""],
              apiVersions: ["v1"],
              operations: ["UPDATE", "DELETE"],
              resources: ["persistentvolumeclaims", "configmaps"],
            },
          ],
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": world.namespace } },
        },
        validations: [
          {
            expression:
              "request.operation == 'UPDATE' ? (object.kind == 'ConfigMap' && !object.metadata.name.startsWith('frozen')) : !oldObject.metadata.name.startsWith('frozen')",
            message: "frozen objects stay as they are",
          },
        ],
      },
    });
    await world.kube.apply({
      apiVersion: API,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name },
      spec: { policyName: name, validationActions: ["Deny"] },
    });
    await waitUntil({ what: "the policy is in force", timeoutMs: 30_000 }, async () => {
      try {
        await world.kube.patch(claim("probe"), { metadata: { labels: { probe: String(Date.now()) } } });
        return false;
      } catch (error) {
        if (isStatus(error, 422) || isStatus(error, 403)) return true;
        throw error;
      }
    });
  };

  it("is deleted although labels cannot be removed nor objects transferred, and says so", async () => {
    await world.kube.apply({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "probe", namespace: world.namespace },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    });
    const files = {
      "c.yaml": CLAIM("kept"),
      "x.yaml": configMap("goes", {}),
      "f.yaml": configMap("frozen-helm", {}, "  annotations: { helm.sh/resource-policy: keep }\n"),
    };
    await world.repository("first", files);
    await world.app("first", "first", ".");
    await world.synced("first");
    await world.repository("shared", { "c.yaml": CLAIM("wanted"), "f.yaml": configMap("frozen-wanted", {}) });
    await world.app("owner", "shared", ".");
    await world.synced("owner");
    await world.app("second", "shared", ".");
    await world.untilCondition("second", "Ready", "False", "ApplyRefused");
    await freeze();
    for (const app of ["first", "owner"]) await world.kube.delete(world.appRef(app));
    for (const app of ["first", "owner"]) await world.kube.untilGone(world.appRef(app), 60_000);
    expect(await world.kube.get(world.configMap("goes"))).to.equal(undefined);
    for (const ref of [
      claim("kept"),
      claim("wanted"),
      world.configMap("frozen-helm"),
      world.configMap("frozen-wanted"),
    ])
      expect((await world.kube.get(ref))?.metadata.deletionTimestamp, ref.name).to.equal(undefined);
    await world.told(
      "first",
      `PersistentVolumeClaim ${world.namespace}/kept kept by deletionPolicy Delete`,
      "kept because it is annotated helm.sh/resource-policy: keep",
    );
    await world.told(
      "owner",
      `was kept: transfer of ownership to OverseerApp ${world.namespace}/second failed`,
      "frozen objects stay as they are",
    );
  });

  it("waits for what is to be deleted and may not be, says why and which field lets it go", async () => {
    await world.repository("stuck", { "f.yaml": configMap("frozen", {}), "c.yaml": CLAIM("beside") });
    await world.app("stuck", "stuck", ".");
    await world.synced("stuck");
    await world.kube.delete(world.appRef("stuck"));
    const app = await world.kube.until<LiveApp>(world.appRef("stuck"), "says why", (live) =>
      /frozen objects stay/.test(condition(live, "Ready")?.message ?? ""),
    );
    expect(condition(app, "Ready")?.message)
      .to.match(new RegExp(`^waiting for deletion of ConfigMap ${world.namespace}/frozen: `))
      .and.match(/; set deletionPolicy: Orphan to delete the app without its objects$/);
    await world.kube.patch(world.appRef("stuck"), { spec: { deletionPolicy: "Orphan" } });
    await world.kube.untilGone(world.appRef("stuck"));
    expect(await world.kube.get(world.configMap("frozen"))).to.not.equal(undefined);
  });
});
