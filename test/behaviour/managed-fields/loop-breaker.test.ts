import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { InProcessOperator, quickClock } from "../../support/in-process-operator.js";
import { condition, configMap, type LiveApp, World } from "../../support/world.js";

/** The backoffs of a conflict, 70 s in all, take some seconds. */
const FASTER = 8;

describe("A field that the same writer takes back again and again is not fought for ever", function () {
  this.timeout(180_000);
  let world: World;
  before(async () => {
    world = await World.create("loop");
  });
  after(() => world?.remove());

  const take = (): Promise<unknown> =>
    world.kube.patch(world.configMap("contested"), { data: { colour: "red" } }, { manager: "rival" });
  const isBlue = (object: RawObject | undefined): boolean =>
    (object?.data as { colour?: string } | undefined)?.colour === "blue";

  it("is healed at once twice; the third time waits, and the app names writer and path", async () => {
    const repo = await world.repository("loop", { "x.yaml": configMap("contested", { colour: "blue" }) });
    await world.app("loop", "loop", ".");
    await world.synced("loop", await repo.head());
    for (const _ of [1, 2]) {
      await take();
      await world.kube.until(world.configMap("contested"), "is healed at once", isBlue);
    }
    await take();
    const app = await world.untilCondition("loop", "Drifted", "True", "NotHealed");
    expect(condition(app, "Drifted")?.message).to.match(
      /^ConfigMap loop-\w+\/contested: rival: \.data\.colour; reverted repeatedly, backing off$/,
    );
    expect(condition(app, "Ready")?.reason).to.equal("Drifted");
    expect(isBlue(await world.kube.get(world.configMap("contested")))).to.equal(false);
  });

  it("is healed at once when another writer takes it", async () => {
    await world.kube.patch(world.configMap("contested"), { data: { colour: "green" } }, { manager: "other" });
    await world.kube.until(world.configMap("contested"), "is healed at once", isBlue, 5_000);
    await world.synced("loop");
  });

  it("is healed at once after somebody has asked for a reconcile", async () => {
    await world.poke("loop");
    for (const _ of [1, 2]) {
      await take();
      await world.kube.until(world.configMap("contested"), "is healed at once", isBlue);
    }
    await take();
    await world.untilCondition("loop", "Drifted", "True", "NotHealed");
    await world.poke("loop");
    await world.kube.until(world.configMap("contested"), "is healed on request", isBlue, 5_000);
    const app = await world.kube.until<LiveApp>(
      world.appRef("loop"),
      "is well",
      (live) => condition(live, "Drifted") === undefined,
    );
    expect(condition(app, "Contested")).to.equal(undefined);
  });

  it("is not healed for ever either where the managed fields tell nobody's name", async () => {
    const text = "apiVersion: v1\nkind: Secret\nmetadata: { name: hidden }\ndata: { a: b25l }\n";
    const ref = world.object("v1", "Secret", "hidden");
    const repo = await world.repository("hidden", { "x.yaml": text });
    await world.app("hidden", "hidden", ".");
    await world.synced("hidden", await repo.head());
    const { apiVersion, kind, name } = ref;
    const takeHidden = (): Promise<unknown> =>
      world.kube.apply(
        { apiVersion, kind, metadata: { name, namespace: world.namespace }, stringData: { a: "two" } },
        "rival",
      );
    const isOne = (object: RawObject): boolean => (object.data as { a?: string } | undefined)?.a === "b25l";
    // Two heals within one second cannot be told from looks that found nothing, so it may take some more.
    const rests = async (): Promise<boolean> => {
      const app = await world.kube.get<LiveApp>(world.appRef("hidden"));
      return app !== undefined && condition(app, "Drifted") !== undefined;
    };
    for (let count = 0; count < 6 && !(await rests()); count++) {
      await takeHidden();
      await waitUntil({ what: "it is healed, or rests", timeoutMs: 60_000 }, async () => {
        const object = await world.kube.get(ref);
        return (object !== undefined && isOne(object)) || (await rests());
      });
    }
    const app = await world.untilCondition("hidden", "Drifted", "True", "NotHealed");
    expect(condition(app, "Drifted")?.message).to.match(/Secret .*hidden: .*reverted repeatedly, backing off/);
  });

  it("is called contested when it goes on: with writer, path and remedy, an Event and a metric", async () => {
    await world.operator.stop();
    const operator = await InProcessOperator.start({
      kubeconfigPath: world.controlPlane.kubeconfigPath,
      trustedNamespaces: [world.namespace],
      clock: quickClock(FASTER),
    });
    try {
      await war(operator);
    } finally {
      await operator.stop();
    }
  });

  /** Another writer takes a field again and again, until the app says enough. */
  async function war(operator: InProcessOperator): Promise<void> {
    const repo = await world.repository("war", { "x.yaml": configMap("war", { colour: "blue" }) });
    await world.app("war", "war", ".");
    await world.synced("war", await repo.head());
    const ref = world.configMap("war");
    const red = (): Promise<unknown> =>
      world.kube.apply(
        {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "war", namespace: world.namespace },
          data: { colour: "red" },
        },
        "rival",
      );
    const app = await waitUntil({ what: "the app is Contested", timeoutMs: 110_000, intervalMs: 50 }, async () => {
      if (isBlue(await world.kube.get(ref))) await red();
      const live = await world.kube.get<LiveApp>(world.appRef("war"));
      return live && condition(live, "Contested") ? live : undefined;
    });
    expect(condition(app, "Contested")?.message).to.match(
      /^ConfigMap loop-\w+\/war: changed again after each of 5 restores \(rival: \.data\.colour\): remove the field from Git, or stop the other writer$/,
    );
    expect(condition(app, "Ready")?.reason).to.equal("Contested");
    expect(await operator.metric("overseer_contested_objects")).to.equal(1);
    const told = await waitUntil({ what: "it is told", timeoutMs: 60_000 }, async () =>
      (await world.events("war")).find((event) => event.startsWith("Contested: ")),
    );
    expect(told).to.include("is changed again after each restore (rival: .data.colour): remove the field from Git");
    await repo.commit({ "x.yaml": configMap("war", { shape: "round" }) }, "the field is left to the rival");
    await world.poll("war");
    await world.poke("war");
    await world.kube.until<LiveApp>(
      world.appRef("war"),
      "is at peace",
      (live) => condition(live, "Contested") === undefined && condition(live, "Ready")?.status === "True",
    );
    expect((await world.kube.get(ref))?.data).to.include({ shape: "round" });
  }
});
