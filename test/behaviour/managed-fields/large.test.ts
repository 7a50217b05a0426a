import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { condition, configMap, type LiveApp, World } from "../../support/world.js";
import { RecordingProxy } from "./recording-proxy.js";
import { ROWS } from "./rows.js";
import { WIDGETS, widget } from "./widgets.js";

describe(`Table E, ${ROWS.E14.text}`, function () {
  this.timeout(120_000);
  let world: World;
  let proxy: RecordingProxy;
  before(async () => {
    world = await World.create("large", { withoutOperator: true });
    proxy = await RecordingProxy.start(world.controlPlane);
    for (const definition of WIDGETS) await world.kube.apply(definition, "kubectl");
    await world.kube.resource("fields.example.com/v1", "Widget");
    await world.startOperator({ kubeconfigPath: proxy.kubeconfigPath });
  });
  after(async () => {
    await world?.remove();
    await proxy?.stop();
  });

  it("one that is too large for etcd is refused before the first write, with the limit", async () => {
    const text = widget("huge", `{ free: { text: ${"x".repeat(1_600_000)} } }`);
    await world.repository("huge", { "x.yaml": text, "y.yaml": configMap("beside", { a: "one" }) });
    await world.app("huge", "huge", ".");
    const app = await world.untilCondition("huge", "Ready", "False", "ApplyRefused");
    expect(condition(app, "Ready")?.message).to.match(
      /x\.yaml:1: Widget .*huge: the object is 1\.53 MiB large .*etcd accepts at most 1\.50 MiB per request: split it/,
    );
    expect(await world.kube.get(world.configMap("beside"))).to.equal(undefined);
  });

  it("one that is large because of its many fields is applied, with a warning", async () => {
    const data = Object.fromEntries(Array.from({ length: 12_000 }, (_, index) => [`k${index}`, "v"]));
    const repo = await world.repository("many", { "x.yaml": configMap("many", data) });
    await world.app("many", "many", ".");
    await world.synced("many", await repo.head());
    const told = await waitUntil({ what: "it is told", timeoutMs: 60_000 }, async () =>
      (await world.events("many")).find((event) => event.startsWith("ApplyWarning: ")),
    );
    expect(told).to.match(/many: the object is .* MiB large \(managed fields: .*\) and has \d+ fields: .*split it/);
  });

  it("and is put back when it drifts", async () => {
    await world.kube.patch(world.configMap("many"), { data: { k7: "drift" } }, { manager: "thief" });
    await world.kube.until(
      world.configMap("many"),
      "is put back",
      (object: RawObject) => (object.data as Record<string, string>).k7 === "v",
    );
  });

  it("one that is too large to have managed fields is kept, and the app says why", async () => {
    const ref = world.object("fields.example.com/v1", "Widget", "grown");
    const repo = await world.repository("grown", {
      "x.yaml": widget("grown", `{ free: { text: ${"x".repeat(700_000)} } }`),
    });
    await world.app("grown", "grown", ".");
    await world.synced("grown", await repo.head());
    // A little more each time, until the managed fields are what is too much.
    const grow = (length: number): Promise<RawObject> =>
      world.kube.patch(ref, { spec: { free: { more: "y".repeat(length) } } }, { manager: "thief" });
    let length = 869_000;
    for (let tries = 0; tries < 60 && ((await grow(length)).metadata.managedFields ?? []).length > 0; tries++)
      length += 100;
    expect((await world.kube.get(ref))?.metadata.managedFields ?? [], "they are dropped").to.have.length(0);
    const says = (what: RegExp): Promise<LiveApp> =>
      world.kube.until<LiveApp>(world.appRef("grown"), `says ${what}`, (live) =>
        what.test(condition(live, "Drifted")?.message ?? ""),
      );
    await says(/grown: cannot be re-created: the object is 1\.50 MiB large .*split it.*the live object matches Git/);
    await world.kube.patch(ref, { spec: { free: { text: "z".repeat(700_000) } } }, { manager: "thief" });
    await says(/grown: cannot be re-created: .*the live object differs from Git: \.spec\.free\.text/);
    const path = `/apis/fields.example.com/v1/namespaces/${world.namespace}/widgets/grown`;
    const mark = proxy.requests.length;
    await world.poke("grown");
    expect(proxy.writes(path, mark)).to.deep.equal([]);
    await world.kube.patch(ref, { spec: { free: { more: null } } }, { manager: "thief" });
    await world.synced("grown");
    const healed = (await world.kube.get(ref))?.spec as { free: { text: string } };
    expect(healed.free.text.startsWith("xxx"), "is put back as soon as it is small enough").to.equal(true);
  });
});
