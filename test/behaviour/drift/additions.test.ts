import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { runCommand } from "../../../tools/run-command.js";
import { waitUntil } from "../../../tools/wait-until.js";
import type { TestRef } from "../../support/kube.js";
import { condition, configMap, World } from "../../support/world.js";
import { ADDITION_ROWS, type AdditionRow, MODES, type Mode } from "./addition-rows.js";

const ALL = Object.keys(MODES) as Mode[];
const nameOf = (row: AdditionRow, mode: Mode): string => `${row.name}-${mode}`;

describe("Fields that others add to live objects", function () {
  this.timeout(180_000);
  let world: World;
  let env: NodeJS.ProcessEnv;

  before(async () => {
    world = await World.create("additions", { operator: { flags: ["--controller-field-managers=trusted-*"] } });
    env = { ...process.env, KUBECONFIG: world.controlPlane.kubeconfigPath };
  });
  after(() => world?.remove());

  const kubectl = (args: readonly string[], input = "", editor = ""): Promise<string> =>
    runCommand(world.controlPlane.kubectlPath, ["--namespace", world.namespace, ...args], {
      input,
      env: { ...env, KUBE_EDITOR: `sed -E -i '${editor}'` },
    });

  const refOf = (row: AdditionRow, mode: Mode): TestRef => {
    const deployment = row.document("x").includes("kind: Deployment");
    return world.object(deployment ? "apps/v1" : "v1", deployment ? "Deployment" : "ConfigMap", nameOf(row, mode));
  };

  const live = async (ref: TestRef): Promise<RawObject> => {
    const object = await world.kube.get(ref);
    expect(object, ref.name).not.to.equal(undefined);
    return object as RawObject;
  };

  async function disturb(row: AdditionRow): Promise<void> {
    const { kubectl: argsFor, patch, input, editor } = row;
    if (patch) for (const mode of ALL) await world.kube.patch(refOf(row, mode), patch.body, { manager: patch.manager });
    if (!argsFor) return;
    const objects = input && (await Promise.all(ALL.map((mode) => live(refOf(row, mode)))));
    const text = input && objects ? JSON.stringify(input(objects)) : "";
    await kubectl(argsFor(ALL.map((mode) => nameOf(row, mode))), text, editor);
  }

  describe("by every verb of kubectl and by other clients, in every mode", () => {
    before(async () => {
      const files = ALL.flatMap((mode) =>
        ADDITION_ROWS.map((row) => [`${mode}/${row.name}.yaml`, row.document(nameOf(row, mode))] as const),
      );
      await world.repository("matrix", Object.fromEntries(files));
      for (const mode of ALL) await world.app(mode, "matrix", mode, { sync: { additions: MODES[mode] } });
      for (const mode of ALL) await world.synced(mode);
      for (const row of ADDITION_ROWS) {
        for (const mode of ALL) {
          const object = await live(refOf(row, mode));
          expect(row.added(object), `${row.name}: before`).to.equal(undefined);
        }
        await disturb(row);
      }
      const reported = ADDITION_ROWS.filter((row) => row.fates.report === "reported").length;
      await world.kube.until(
        world.appRef("report"),
        `reports ${reported} objects`,
        (app) =>
          condition(app as never, "Drifted")?.message.endsWith(`; and ${reported - 3} more`) === true &&
          condition(app as never, "Ready")?.status === "True",
      );
      // The apps have seen every event, and reverted what they revert.
      for (const mode of ALL) {
        for (const row of ADDITION_ROWS.filter(({ fates }) => fates[mode] === "reverted"))
          await world.kube.until(refOf(row, mode), "is reverted", (object) => row.added(object) === undefined);
        await world.poke(mode);
      }
    });

    for (const row of ADDITION_ROWS)
      for (const mode of ALL)
        it(`${row.name}: ${row.fates[mode]} with ${MODES[mode]}`, async () => {
          const object = await live(refOf(row, mode));
          if (row.fates[mode] !== "reverted") expect(row.added(object)).not.to.equal(undefined);
          else {
            expect(row.added(object)).to.equal(undefined);
            const ours = object.metadata.managedFields?.filter(({ manager }) => manager?.startsWith("overseer:"));
            expect(ours, "one entry of ours").to.have.length(1);
          }
        });

    it("the app stays Ready while additions are only reported, and is not Synced", async () => {
      const app = await world.untilCondition("report", "Drifted", "True", "Reported");
      expect(condition(app, "Ready")?.status).to.equal("True");
      expect(condition(app, "Synced")?.status).to.equal("False");
      for (const mode of ["revert", "keep", "all"])
        expect(condition(await world.synced(mode), "Drifted"), mode).to.equal(undefined);
    });

    it("nothing is written twice: nobody's fields are fought over", async () => {
      for (const mode of ALL) {
        const app = await world.poke(mode);
        expect(condition(app, "Contested"), mode).to.equal(undefined);
      }
      const healed = (await world.operator.log()).split("\n").filter((line) => line.includes('"drift healed"'));
      for (const row of ADDITION_ROWS)
        for (const mode of ALL) {
          const times = healed.filter((line) => line.includes(`/${nameOf(row, mode)} restored`)).length;
          expect(times, `${nameOf(row, mode)}\n${healed.join("\n")}`).to.equal(row.fates[mode] === "reverted" ? 1 : 0);
        }
    });
  });

  it("are named with their manager, path and time, and never with the value of a Secret", async () => {
    const canary = world.canary();
    const secret = (name: string) =>
      `apiVersion: v1\nkind: Secret\nmetadata:\n  name: ${name}\nstringData: { user: admin }\n`;
    await world.repository("secret", { "a/x.yaml": secret("told"), "b/x.yaml": secret("gone") });
    await world.app("told", "secret", "a", { sync: { additions: "Report" } });
    await world.app("gone", "secret", "b");
    await world.synced("told");
    await world.synced("gone");
    const patch = JSON.stringify({ stringData: { password: canary } });
    for (const name of ["told", "gone"]) await kubectl(["patch", "secret", name, "-p", patch]);
    const app = await world.untilCondition("told", "Drifted", "True", "Reported");
    expect(condition(app, "Drifted")?.message).to.match(
      new RegExp(
        `^Secret ${world.namespace}/told: kubectl-patch added \\.data\\.password \\(\\d{4}-\\d\\d-\\d\\dT\\S+Z\\)$`,
      ),
    );
    await world.kube.until(
      world.object("v1", "Secret", "gone"),
      "has no password",
      (object) => !("password" in (object.data as object)),
    );
    const events = await waitUntil({ what: "the Event", timeoutMs: 30_000 }, async () => {
      const list = await world.events("gone");
      return list.some((event) => event.startsWith("DriftHealed")) ? list : undefined;
    });
    expect(events).to.include(
      `DriftHealed: Secret ${world.namespace}/gone restored (kubectl-patch added .data.password)`,
    );
    // Without the key there is no drift any more.
    await kubectl(["patch", "secret", "told", "-p", '{"data":{"password":null}}']);
    expect(condition(await world.synced("told"), "Drifted")).to.equal(undefined);
  });

  it("are reported and not reverted while self-heal is off, and reverted once it is on", async () => {
    await world.repository("unhealed", { "x.yaml": configMap("unhealed", { colour: "blue" }) });
    await world.app("unhealed", "unhealed", ".", { sync: { selfHeal: false } });
    await world.synced("unhealed");
    await kubectl(["patch", "configmap", "unhealed", "-p", '{"data":{"added":"x"}}']);
    const app = await world.untilCondition("unhealed", "Drifted", "True", "Reported");
    expect(condition(app, "Drifted")?.message).to.match(/kubectl-patch added \.data\.added \(\d{4}-/);
    expect(condition(app, "Synced")?.status).to.equal("False");
    expect(condition(app, "Ready")?.status).to.equal("True");
    expect((await live(world.configMap("unhealed"))).data).to.deep.equal({ colour: "blue", added: "x" });
    await world.kube.patch(world.appRef("unhealed"), { spec: { sync: { selfHeal: true } } });
    await world.kube.until(world.configMap("unhealed"), "is reverted", ({ data }) => !("added" in (data as object)));
    await world.synced("unhealed");
  });

  it("stay on a paused object, which counts as behind, until it is resumed", async () => {
    await world.repository("paused", { "x.yaml": configMap("paused", { colour: "blue" }) });
    await world.app("paused", "paused", ".");
    await world.synced("paused");
    await kubectl(["annotate", "configmap", "paused", "gitops.overseer.io/reconcile=disabled"]);
    await world.untilCondition("paused", "Paused", "True");
    await kubectl(["patch", "configmap", "paused", "-p", '{"data":{"added":"x"}}']);
    await world.untilCondition("paused", "Synced", "False", "ObjectPaused");
    expect((await live(world.configMap("paused"))).data).to.deep.equal({ colour: "blue", added: "x" });
    await kubectl(["annotate", "configmap", "paused", "gitops.overseer.io/reconcile-"]);
    await world.kube.until(world.configMap("paused"), "is reverted", ({ data }) => !("added" in (data as object)));
    await world.synced("paused");
  });

  it("before an object is adopted are removed by the adoption, which says so, and kept with Keep", async () => {
    await kubectl(["create", "configmap", "adopted", "--from-literal=colour=red", "--from-literal=old=x"]);
    await kubectl(["create", "configmap", "spared", "--from-literal=colour=red", "--from-literal=old=x"]);
    await world.repository("adopt", {
      "a/x.yaml": configMap("adopted", { colour: "blue" }),
      "b/x.yaml": configMap("spared", { colour: "blue" }),
    });
    await world.app("adopted", "adopt", "a");
    await world.app("spared", "adopt", "b", { sync: { additions: "Keep" } });
    await world.synced("adopted");
    await world.synced("spared");
    expect((await live(world.configMap("adopted"))).data).to.deep.equal({ colour: "blue" });
    expect((await live(world.configMap("spared"))).data).to.deep.equal({ colour: "blue", old: "x" });
    const [change] = await world.changes("adopted");
    expect(change?.status?.plan?.[0]?.diff).to.deep.include({ path: ".data.old", from: "x" });
    expect(await world.operator.log()).not.to.include("adopted restored");
  });

  it("are reverted after a restart, when they were made while the operator was down", async () => {
    await world.repository("down", { "x.yaml": configMap("down", { colour: "blue" }) });
    await world.app("down", "down", ".");
    await world.synced("down");
    await world.operator.stop();
    await kubectl(["label", "configmap", "down", "added=x"]);
    await world.operator.start();
    await world.kube.until(
      world.configMap("down"),
      "is reverted",
      ({ metadata }) => metadata.labels?.added === undefined,
    );
    await world.synced("down");
  });

  it("again and again are contested, with the remedy", async () => {
    await world.repository("again", { "x.yaml": configMap("again", { colour: "blue" }) });
    await world.app("again", "again", ".");
    await world.synced("again");
    for (let round = 0; round < 2; round++) {
      await kubectl(["label", "configmap", "again", "added=x"]);
      await world.kube.until(world.configMap("again"), "is reverted", ({ metadata }) => !metadata.labels?.added);
    }
    await kubectl(["label", "configmap", "again", "added=x"]);
    const app = await world.untilCondition("again", "Drifted", "True", "NotHealed");
    expect(condition(app, "Drifted")?.message).to.equal(
      `ConfigMap ${world.namespace}/again: kubectl-label added .metadata.labels.added; reverted repeatedly, backing off`,
    );
  });
});
