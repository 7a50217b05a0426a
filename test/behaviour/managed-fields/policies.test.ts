import { expect } from "chai";
import { isStatus } from "../../../src/kube/errors.js";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { condition, configMap, type LiveApp, World } from "../../support/world.js";

const api = "admissionregistration.k8s.io/v1";
const isOne = (object: RawObject): boolean => (object.data as { a?: string }).a === "one";

describe("A policy that denies what Git says", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("policy");
  });
  after(async () => {
    await removePolicy();
    await world?.remove();
  });

  const denied = async (): Promise<boolean> => {
    const metadata = { name: "probe", namespace: world.namespace };
    try {
      await world.kube.apply({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { a: "one" } }, "tests", {
        dryRun: "All",
      });
      return false;
    } catch (error) {
      if (isStatus(error, 422) || isStatus(error, 403)) return true;
      throw error;
    }
  };
  const addPolicy = async (): Promise<void> => {
    const rules = [
      { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["configmaps"] },
    ];
    await world.kube.apply({
      apiVersion: api,
      kind: "ValidatingAdmissionPolicy",
      metadata: { name: `no-one.${world.namespace}` },
      spec: {
        failurePolicy: "Fail",
        matchConstraints: {
          resourceRules: rules,
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": world.namespace } },
        },
        validations: [
          { expression: "!has(object.data) || object.data.a != 'one'", message: "one is not allowed here" },
        ],
      },
    });
    await world.kube.apply({
      apiVersion: api,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name: `no-one.${world.namespace}` },
      spec: { policyName: `no-one.${world.namespace}`, validationActions: ["Deny"] },
    });
    await waitUntil({ what: "the policy is in force", timeoutMs: 30_000 }, denied);
  };
  async function removePolicy(): Promise<void> {
    for (const kind of ["ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy"])
      await world.kube.delete({ apiVersion: api, kind, name: `no-one.${world.namespace}` });
    await waitUntil({ what: "the policy is gone", timeoutMs: 30_000 }, async () => !(await denied()));
  }

  it("that appears later leaves the app as it is, and an Event says what it would do", async () => {
    const repo = await world.repository("later", { "x.yaml": configMap("later", { a: "one" }) });
    await world.app("later", "later", ".");
    await world.synced("later", await repo.head());
    const before = await world.kube.get(world.configMap("later"));
    await addPolicy();
    const told = await waitUntil({ what: "an Event tells", timeoutMs: 30_000 }, async () =>
      (await world.events("later")).find((event) => event.includes("would refuse to apply it now")),
    );
    expect(told).to.match(/^ApplyWarning: ConfigMap .*later matches Git, .*one is not allowed here/);
    await world.synced("later");
    const after = await world.kube.get(world.configMap("later"));
    expect(after?.metadata.resourceVersion).to.equal(before?.metadata.resourceVersion);
  });

  it("keeps drift from being put back: said with the policy's words, and not tried in a loop", async () => {
    await world.kube.patch(world.configMap("later"), { data: { a: "drift" } }, { manager: "thief" });
    const app = await world.untilCondition("later", "Drifted", "True", "NotHealed");
    expect(condition(app, "Drifted")?.message).to.match(/cannot be restored: .*no-one.*one is not allowed here/);
    expect(condition(app, "Ready")?.status).to.equal("False");
  });

  it("refuses a new document before anything is written, with its own words", async () => {
    await world.repository("first", {
      "x.yaml": configMap("first", { a: "one" }),
      "y.yaml": configMap("fine", { a: "two" }),
    });
    await world.app("first", "first", ".");
    const app = await world.untilCondition("first", "Ready", "False", "ApplyRefused");
    expect(condition(app, "Ready")?.message).to.match(/x\.yaml:1: .*one is not allowed here/);
    expect(await world.kube.get(world.configMap("fine"))).to.equal(undefined);
  });

  it("and goes again: the drift is put back at once, whatever rest was due", async () => {
    await removePolicy();
    await world.kube.until(world.configMap("later"), "is put back", isOne, 30_000);
    await world.kube.until<LiveApp>(
      world.appRef("later"),
      "is well",
      (app) => condition(app, "Drifted") === undefined && condition(app, "Ready")?.status === "True",
    );
  });
});
