import { expect } from "chai";
import type { Change } from "../../../src/api/change.js";
import { API_VERSION } from "../../../src/api/group.js";
import type { RawObject } from "../../../src/kube/object.js";
import { yamlExamples } from "../../support/doc-examples.js";
import { installedFlags } from "../../support/helm.js";
import type { TestObject } from "../../support/kube.js";
import { otherKustomize, renderFlags } from "../../support/render-flags.js";
import { type KubectlUser, kubectlUser, untilPrints } from "../../support/user-kubectl.js";
import { condition, configMap, type LiveApp, World } from "../../support/world.js";
import { APP_RULES, grantAccount, removeInstallation, startRestricted } from "../install/restricted-operator.js";

type LiveChange = Change & RawObject;
const SPEC = { serviceAccountName: "deployer" };
/** Stays Progressing without a controller of load balancers. */
const NEVER_HEALTHY =
  "apiVersion: v1\nkind: Service\nmetadata: { name: never }\nspec: { type: LoadBalancer, ports: [{ port: 80 }] }\n";

describe("Rollbacks", function () {
  this.timeout(180_000);
  let world: World;
  let alice: KubectlUser;

  before(async () => {
    world = await World.create("rollback", { withoutOperator: true });
    await startRestricted(world, {}, await renderFlags());
    const services = { apiGroups: [""], resources: ["services"], verbs: ["get", "create", "patch", "delete"] };
    await grantAccount(world, "deployer", [...APP_RULES, services]);
    alice = await kubectlUser(world, "alice", ["overseer-gitops-sync", "view"]);
    const probe = request("probe", "x", { cause: "Sync" });
    await untilPrints(alice, "created (server dry run)", ["create", "--dry-run=server", "-f", "-"], probe);
  });
  after(async () => {
    await world?.remove();
    await removeInstallation(world);
  });

  const request = (name: string, app: string, more: object): object => ({
    ...{ apiVersion: API_VERSION, kind: "Change", metadata: { name } },
    spec: { app: { name: app }, cause: "Rollback", requester: "alice", ...more },
  });
  const create = async (object: object): Promise<void> => {
    expect(await alice.kubectl(["create", "-f", "-"], object)).to.contain(" created");
  };
  const ended = (name: string, phase: string): Promise<LiveChange> =>
    world.kube.until<LiveChange>(
      world.object(API_VERSION, "Change", name),
      phase,
      ({ status }) => status?.phase === phase,
    );
  const data = async (name: string): Promise<unknown> => (await world.kube.get(world.configMap(name)))?.data;
  const untilData = (name: string, a: string): Promise<RawObject> =>
    world.kube.until(world.configMap(name), `a=${a}`, (object) => (object.data as { a?: string }).a === a);
  const to = ({ metadata }: LiveChange): object => ({ rollbackTo: { change: metadata.name, uid: metadata.uid } });
  /** An app with two revisions applied. */
  const twice = async (name: string) => {
    const repo = await world.repository(name, { "c.yaml": configMap(name, { a: "1" }) });
    await world.app(name, name, ".", SPEC);
    await world.synced(name);
    await repo.commit({ "c.yaml": configMap(name, { a: "2" }) }, "second");
    await world.poll(name);
    await ended(`${name}-2`, "Succeeded");
    return { repo, first: await ended(`${name}-1`, "Succeeded") };
  };

  it("pin the app to earlier inputs, to which drift is reverted, until a user requests a sync", async () => {
    const { repo, first } = await twice("web");
    await create(request("web-back", "web", to(first)));
    await ended("web-back", "Succeeded");
    expect(await data("web")).to.deep.equal({ a: "1" });
    const pinned = await world.untilCondition("web", "Pinned", "True", "RolledBack");
    expect(condition(pinned, "Ready")?.status).to.equal("True");
    expect(condition(pinned, "Pinned")?.message).to.match(
      /^rolled back to main@sha1:\w{7} by Change web-back of alice; newer revisions \(newest: main@sha1:\w{7}\) are not applied until a user creates a Change of cause Sync$/,
    );
    await world.kube.patch(world.configMap("web"), { data: { a: "by hand" } });
    await untilData("web", "1");
    await repo.commit({ "c.yaml": configMap("web", { a: "3" }) }, "third");
    await world.poll("web");
    await world.operator.stop();
    await world.operator.start();
    await world.poke("web");
    expect(await data("web")).to.deep.equal({ a: "1" });
    await create(request("web-on", "web", { cause: "Sync" }));
    await ended("web-on", "Succeeded");
    expect(await data("web")).to.deep.equal({ a: "3" });
    expect(condition(await world.synced("web"), "Pinned")).to.equal(undefined);
  });

  it("continue after a crash at each step", async () => {
    const { first } = await twice("crash");
    await world.operator.stop();
    await create(request("crash-back", "crash", to(first)));
    for (const failpoint of [
      "app:after-request-taken",
      "app:after-kinds-recorded",
      "app:before-final-status",
    ] as const) {
      await world.operator.start({ failpoint });
      await world.operator.ended();
    }
    await world.operator.start({ failpoint: undefined });
    await ended("crash-back", "Succeeded");
    await world.untilCondition("crash", "Pinned", "True", "RolledBack");
    expect(await data("crash")).to.deep.equal({ a: "1" });
  });

  it("are planned only with dryRun, and refused with the reason when they cannot be met", async () => {
    const { first } = await twice("odd");
    await create(request("odd-plan", "odd", { ...to(first), dryRun: true }));
    expect((await ended("odd-plan", "Planned")).status?.plan?.[0]?.diff).to.deep.include({
      path: ".data.a",
      from: '"2"',
      to: '"1"',
    });
    const { name } = first.metadata;
    const cases: readonly [string, object, string][] = [
      ["odd-a", { rollbackTo: { change: "odd-77", uid: "u" } }, "OverseerApp odd has no Change odd-77"],
      ["odd-b", { rollbackTo: { change: name, uid: "u" } }, `Change odd-1 has the UID ${first.metadata.uid}, not u`],
      ["odd-c", to(await ended("odd-plan", "Planned")), "Change odd-plan has not succeeded (Planned)"],
    ];
    for (const [request_, more, message] of cases) {
      await create(request(request_, "odd", more));
      expect((await ended(request_, "Rejected")).status?.message).to.contain(message);
    }
    expect(await data("odd")).to.deep.equal({ a: "2" });
    const eve = await kubectlUser(world, "eve", ["edit"]);
    expect(await eve.kubectl(["create", "-f", "-"], request("e", "odd", { ...to(first), requester: "eve" }))).to.match(
      /forbidden|does not have the verb rollback/,
    );
  });

  it("happen by themselves with health.rollbackOnFailure, outlive an upgrade, and end when the inputs change", async () => {
    const resources = (...files: readonly string[]): object => ({
      "kustomization.yaml": `resources: [${files.join(", ")}]\n`,
    });
    const first = { ...resources("c.yaml"), "c.yaml": configMap("auto", { a: "1" }) };
    const repo = await world.repository("auto", first);
    await world.app("auto", "auto", ".", { ...SPEC, health: { timeout: "2s", rollbackOnFailure: true } });
    await world.synced("auto");
    const second = { "c.yaml": configMap("auto", { a: "2" }), "s.yaml": NEVER_HEALTHY };
    await repo.commit({ ...resources("c.yaml", "s.yaml"), ...second }, "bad");
    await world.poll("auto");
    await ended("auto-2", "Failed");
    const rollback = await ended("auto-3", "Succeeded");
    expect(rollback.spec.cause).to.equal("Rollback");
    expect(await data("auto")).to.deep.equal({ a: "1" });
    expect(await world.kube.get(world.object("v1", "Service", "never"))).to.equal(undefined);
    const pinned = await world.untilCondition("auto", "Pinned", "True", "RolledBack");
    expect(condition(pinned, "Pinned")?.message).to.match(
      /^rolled back to main@sha1:\w{7}, because Change auto-2 failed; newer inputs end this/,
    );
    await world.poke("auto");
    const keyOf = async (): Promise<string | undefined> =>
      (await world.kube.get<LiveApp>(world.appRef("auto")))?.status?.pin?.inputs.key;
    const pinnedTo = await keyOf();
    const flags = await installedFlags(world.kube);
    await world.operator.stop();
    await world.operator.start({ flags: [...flags, "--kubectl", await otherKustomize(world.controlPlane.dir)] });
    await world.poke("auto");
    expect([typeof pinnedTo, await keyOf()]).to.deep.equal(["string", pinnedTo]);
    expect((await world.changes("auto")).map(({ metadata }) => metadata.name)).to.deep.equal([
      "auto-1",
      "auto-2",
      "auto-3",
    ]);
    await repo.commit({ ...resources("c.yaml"), "c.yaml": configMap("auto", { a: "3" }), "s.yaml": null }, "good");
    await world.poll("auto");
    await untilData("auto", "3");
    await world.kube.until<LiveApp>(
      world.appRef("auto"),
      "not pinned",
      (app) => condition(app, "Pinned") === undefined,
    );
  });

  it("work as the example of docs/rollback.md says", async () => {
    const { first } = await twice("documented");
    const [example] = yamlExamples<TestObject>("docs/rollback.md");
    if (example === undefined) throw new Error("the example is missing");
    await create({ ...example, spec: { ...(example.spec as object), app: { name: "documented" }, ...to(first) } });
    await untilData("documented", "1");
  });
});
