import { expect } from "chai";
import { LABEL_APP } from "../../src/api/group.js";
import type { Failpoint } from "../../src/base/failpoint.js";
import { condition, configMap, deployment, World } from "../support/world.js";

/**
 * Boundaries at which something is left on a disk or an API server that a real process has to find again. The reconciler is
 * killed at every boundary in test/unit/controllers/overseer-app/crash.test.ts.
 */
const ON_CREATE: readonly Failpoint[] = [
  "git:after-fetch",
  "git:after-verified",
  "app:after-change-created",
  "app:after-kinds-recorded",
  "app:after-first-write",
  "app:after-prune",
];
const ON_DELETE: readonly Failpoint[] = ["app:before-finalizer-removal"];
const KINDS: readonly [string, string][] = [
  ["v1", "ConfigMap"],
  ["apps/v1", "Deployment"],
  ["v1", "Secret"],
];

/**
 * The operator is killed (SIGKILL) at boundaries between two phases, started again, and must end where an undisturbed
 * one ends: every object there once, none too many, the prune done, the Change at its end.
 */
describe("An operator that is killed", function () {
  this.timeout(180_000);
  let world: World;
  before(async () => {
    world = await World.create("crash", { withoutOperator: true });
  });
  afterEach(() => world?.operator.remove());
  after(() => world?.remove());

  const files = (app: string, version: string): Record<string, string> => ({
    "a.yaml": configMap(`${app}-a`, { version }),
    "h.yaml": configMap(`${app}-h`, { version }, "  annotations: { gitops.overseer.io/hook: PreSync }\n"),
    "d.yaml": deployment(`${app}-d`, 1, `registry.example/web:${version}`),
    "ns.yaml": `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${world.namespace}-${app} }\n`,
    "inner.yaml": configMap("inner", { version }, `  namespace: ${world.namespace}-${app}\n`),
  });
  const owned = async (app: string): Promise<string[]> => {
    const names: string[] = [];
    for (const [apiVersion, kind] of KINDS) {
      const objects = await world.kube.list(apiVersion, kind, "", `${LABEL_APP}=${app}`);
      names.push(...objects.map((object) => `${kind} ${object.metadata.name}`));
    }
    return names;
  };

  for (const point of ON_CREATE) {
    it(`at ${point} leaves no orphan and loses nothing`, async () => {
      const app = point.replace(/[:]/g, "-");
      const operator = await world.startOperator({ failpoint: point });
      const repo = await world.repository(app, { ...files(app, "1"), "extra.yaml": configMap(`${app}-extra`, {}) });
      await world.app(app, app, ".");
      await operator.ended();
      await operator.start({ failpoint: undefined });
      await world.synced(app, await repo.head());
      expect(await owned(app)).to.have.members([
        "ConfigMap inner",
        `ConfigMap ${app}-a`,
        `ConfigMap ${app}-extra`,
        `ConfigMap ${app}-h`,
        `Deployment ${app}-d`,
      ]);
      await operator.stop();

      await operator.start({ failpoint: point });
      const second = await repo.commit(
        { ...files(app, "2"), "extra.yaml": null, "e.yaml": configMap(`${app}-e`, {}) },
        "second",
      );
      await touch(app);
      await endedOrSynced(app, second);
      await operator.stop("SIGKILL");
      await operator.start({ failpoint: undefined });
      await touch(app);
      const live = await world.synced(app, second);
      expect(await owned(app)).to.have.members([
        "ConfigMap inner",
        `ConfigMap ${app}-a`,
        `ConfigMap ${app}-e`,
        `ConfigMap ${app}-h`,
        `Deployment ${app}-d`,
      ]);
      expect((await world.kube.get(world.configMap(`${app}-a`)))?.data).to.deep.equal({ version: "2" });
      expect(condition(live, "Reconciling")).to.equal(undefined);
      const phases = (await world.changes(app)).map((change) => change.status?.phase);
      expect(
        phases.every((phase) => phase === "Succeeded"),
        phases.join(),
      ).to.equal(true);
    });
  }

  for (const point of ON_DELETE) {
    it(`at ${point} leaves nothing behind`, async () => {
      const app = point.replace(/[:]/g, "-");
      const operator = await world.startOperator();
      await world.repository(app, { "a.yaml": configMap(`${app}-a`, {}) });
      await world.app(app, app, ".");
      await world.synced(app);
      await operator.stop();
      await operator.start({ failpoint: point });
      await world.kube.delete(world.appRef(app));
      await operator.ended();
      await operator.start({ failpoint: undefined });
      await world.kube.untilGone(world.appRef(app));
      expect(await owned(app)).to.deep.equal([]);
    });
  }

  it("while it had lost its status finds all its objects again, by what they say themselves", async () => {
    const operator = await world.startOperator();
    const repo = await world.repository("lost", {
      "a.yaml": configMap("lost-a", { v: "1" }),
      "b.yaml": configMap("lost-b", { v: "1" }),
    });
    await world.app("lost", "lost", ".");
    await world.synced("lost");
    const before = await world.kube.get(world.configMap("lost-a"));
    await operator.stop("SIGKILL");
    await world.kube
      .replace(world.appRef("lost"), { ...(await world.kube.get(world.appRef("lost"))), status: {} }, "somebody")
      .catch(() => {});
    await world.kube.patch(world.appRef("lost"), { status: null }, { subresource: "status" });
    await repo.commit({ "b.yaml": null }, "remove b");
    await operator.start();
    await world.synced("lost", await repo.head());
    expect((await world.kube.get(world.configMap("lost-a")))?.metadata.resourceVersion).to.equal(
      before?.metadata.resourceVersion,
    );
    await world.kube.untilGone(world.configMap("lost-b"));
  });

  /** Makes the operator look at once, whether it is about to die of it or not. */
  async function touch(repository: string): Promise<void> {
    await world.kube.patch(world.repositoryRef(repository), {
      metadata: { annotations: { "gitops.overseer.io/reconcile-at": String(performance.now()) } },
    });
  }

  async function endedOrSynced(app: string, commit: string): Promise<void> {
    const { waitUntil } = await import("../../tools/wait-until.js");
    await waitUntil({ what: "the operator ends or the app is synced", timeoutMs: 60_000 }, async () => {
      if (!world.operator.running) return true;
      const live = await world.kube.get<Awaited<ReturnType<typeof world.synced>>>(world.appRef(app));
      return (
        live !== undefined && live.status?.applied?.commit === commit && condition(live, "Ready")?.status === "True"
      );
    });
  }
});
