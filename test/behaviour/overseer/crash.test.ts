import { expect } from "chai";
import type { Failpoint } from "../../../src/base/failpoint.js";
import { appDocument, CoreBench } from "../../support/core-bench.js";
import { condition, World } from "../../support/world.js";

/** Boundaries that leave something in the Core or beside it. The others are in test/unit/controllers/overseer-app/crash.test.ts. */
const ON_CHANGE: readonly Failpoint[] = [
  "core:after-app-write",
  "core:after-deploy",
  "app:after-kinds-recorded",
  "app:after-first-write",
  "app:after-prune",
];

/** The operator is killed at boundaries, started again, and ends where an undisturbed one ends: nothing twice, nothing lost. */
describe("An operator that is killed while it brings apps to an Overseer Core", function () {
  this.timeout(240_000);
  let world: World;
  let core: CoreBench;
  before(async () => {
    world = await World.create("core-crash", { withoutOperator: true });
    core = await CoreBench.start(world);
  });
  afterEach(() => world?.operator.remove());
  after(async () => {
    await core?.stop();
    await world?.remove();
  });

  const files = (app: string, tag: string): Record<string, string> => ({
    "a.yaml": appDocument(
      `${app}-a`,
      { web: { image: `a:${tag}`, ports: ["80"] } },
      { domain: `${app}.example.com`, backup: {} },
    ),
    "b.yaml": appDocument(`${app}-b`, { web: { image: `b:${tag}` } }),
  });

  for (const point of ON_CHANGE) {
    it(`at ${point} leaves no orphan, and deploys each version once`, async () => {
      const app = point.replace(":", "-");
      const operator = await world.startOperator({ failpoint: point });
      const repo = await world.repository(app, {
        ...files(app, "1"),
        "c.yaml": appDocument(`${app}-c`, { web: { image: "c:1" } }),
      });
      await core.app(app, app, ".");
      await operator.ended();
      await operator.start({ failpoint: undefined });
      await world.synced(app, await repo.head());
      await expectInCore(app, { a: 1, b: 1, c: 1 }, "1");
      await operator.stop();

      const second = await repo.commit({ ...files(app, "2"), "c.yaml": null }, "second");
      await operator.start({ failpoint: point });
      await world.kube.until(
        world.appRef(app),
        "ended or synced",
        (live) =>
          !operator.running ||
          (live as { status?: { applied?: { commit?: string } } }).status?.applied?.commit === second,
      );
      await operator.stop("SIGKILL");
      await operator.start({ failpoint: undefined });
      await world.poll(app);
      const live = await world.synced(app, second);
      await expectInCore(app, { a: 2, b: 2 }, "2");
      expect(condition(live, "Reconciling")).to.equal(undefined);
      const phases = (await world.changes(app)).map((change) => change.status?.phase);
      expect(
        phases.every((phase) => phase === "Succeeded"),
        phases.join(),
      ).to.equal(true);
    });
  }

  it("at app:before-finalizer-removal leaves nothing behind", async () => {
    const operator = await world.startOperator();
    const repo = await world.repository("ends", files("ends", "1"));
    await core.app("ends", "ends", ".");
    await world.synced("ends", await repo.head());
    await operator.stop();
    await operator.start({ failpoint: "app:before-finalizer-removal" });
    await world.kube.delete(world.appRef("ends"));
    await operator.ended();
    await operator.start({ failpoint: undefined });
    await world.kube.untilGone(world.appRef("ends"));
    expect((await core.list("apps")).filter(({ name }) => name.startsWith("ends-"))).to.deep.equal([]);
    expect((await core.list("routes")).filter(({ hostname }) => hostname === "ends.example.com")).to.deep.equal([]);
  });

  /** `versions`: which apps there are, and which version each is. */
  async function expectInCore(app: string, versions: Record<string, number>, tag: string): Promise<void> {
    const apps = (await core.list("apps")).filter(({ name }) => name.startsWith(`${app}-`));
    const found = Object.fromEntries(apps.map(({ name, version }) => [name.slice(app.length + 1), version]));
    expect(found).to.deep.equal(versions);
    for (const { name, compose } of apps.filter((one) => !one.name.endsWith("-c"))) {
      expect(compose).to.contain(`:${tag}"`);
      const wanted = Array.from({ length: Number(tag) }, (_, n) => `deploy completed v${n + 1}`);
      expect(await core.jobsOf(name), name).to.deep.equal(wanted);
    }
    expect((await core.list("routes")).filter(({ hostname }) => hostname === `${app}.example.com`)).to.have.length(1);
    expect((await core.list("policies")).filter(({ name }) => name === `${app}-a`)).to.have.length(1);
  }
});
