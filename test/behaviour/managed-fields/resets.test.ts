import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import type { TestObject } from "../../support/kube.js";
import { configMap, World } from "../../support/world.js";
import { RecordingProxy } from "./recording-proxy.js";
import { ROWS } from "./rows.js";

const isOne = (object: RawObject): boolean => (object.data as { a?: string } | undefined)?.a === "one";

describe("An object that is reset, replaced or on its way out", function () {
  this.timeout(120_000);
  let world: World;
  let proxy: RecordingProxy;
  before(async () => {
    world = await World.create("resets", { withoutOperator: true });
    proxy = await RecordingProxy.start(world.controlPlane);
    await world.startOperator({ kubeconfigPath: proxy.kubeconfigPath });
  });
  after(async () => {
    await world?.remove();
    await proxy?.stop();
  });

  const sync = async (name: string, data: Record<string, string> = { a: "one", b: "two" }) => {
    const repo = await world.repository(name, { "x.yaml": configMap(name, data) });
    await world.app(name, name, ".");
    await world.synced(name, await repo.head());
    return repo;
  };
  const read = async (name: string): Promise<RawObject> => {
    const object = await world.kube.get(world.configMap(name));
    if (!object) throw new Error(`${name} is not there`);
    return object;
  };
  const settled = async (name: string): Promise<void> => {
    await world.synced(name);
    const mark = proxy.requests.length;
    await world.poke(name);
    await world.poke(name);
    const path = `/api/v1/namespaces/${world.namespace}/configmaps/${name}`;
    expect(proxy.writes(path, mark), "it does not go on writing").to.deep.equal([]);
  };
  const isOurs = ({ metadata }: RawObject): boolean => {
    const managers = (metadata.managedFields ?? []).map(({ manager = "" }) => manager);
    return managers.some((manager) => manager.startsWith("overseer:")) && !managers.includes("before-first-apply");
  };

  for (const [name, value] of [
    ["emptied", [{}]],
    ["cleared", []],
  ] as const) {
    it(`table E, ${ROWS.E5.text}: ${JSON.stringify(value)} is ours again, and stable`, async () => {
      await sync(name);
      await world.kube.patch(world.configMap(name), [{ op: "replace", path: "/metadata/managedFields", value }], {
        type: "json",
      });
      await world.kube.until(world.configMap(name), "is ours again", isOurs);
      await settled(name);
    });
  }

  it(`table E, ${ROWS.E6.text}`, async () => {
    await sync("replaced");
    const { managedFields: _, resourceVersion: __, ...metadata } = (await read("replaced")).metadata;
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { a: "drift" } };
    await world.kube.replace(world.configMap("replaced"), object);
    const healed = await world.kube.until(world.configMap("replaced"), "is put back", isOne);
    expect(healed.data).to.deep.equal({ a: "one", b: "two" });
    await settled("replaced");
  });

  it(`table E, ${ROWS.E7.text}`, async () => {
    await sync("posted");
    const { metadata, data } = await read("posted");
    const { name, labels, annotations, managedFields } = metadata;
    await world.kube.delete(world.configMap("posted"));
    const copy: TestObject = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace: world.namespace, labels, annotations, managedFields },
      data,
    };
    // The operator makes it again, too: whoever is first.
    await world.kube.create(copy).catch(() => {});
    await world.kube.until(world.configMap("posted"), "is ours", (object) => isOne(object) && isOurs(object));
    await settled("posted");
  });

  it(`table E, ${ROWS.E8.text}`, async () => {
    await sync("forced");
    const before = await read("forced");
    await world.kube.delete(world.configMap("forced"));
    const metadata = { name: "forced", namespace: world.namespace };
    await world.kube.create({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { a: "drift" } }).catch(() => {});
    const after = await world.kube.until(
      world.configMap("forced"),
      "is as Git says",
      (one) => isOne(one) && isOurs(one),
    );
    expect(after.metadata.uid).to.not.equal(before.metadata.uid);
    await settled("forced");
  });

  it(`table E, ${ROWS.E12.text}: it is let go, and made again`, async () => {
    const name = "going";
    const repo = await world.repository(name, {
      "x.yaml": configMap(name, { a: "one" }, "  finalizers: [fields.example.com/hold]\n"),
    });
    await world.app(name, name, ".");
    await world.synced(name, await repo.head());
    const before = await read(name);
    await world.kube.delete(world.configMap(name));
    const mark = proxy.requests.length;
    await world.kube.patch(world.configMap(name), { data: { a: "drift" } }, { manager: "thief" });
    await world.poke(name);
    const path = `/api/v1/namespaces/${world.namespace}/configmaps/${name}`;
    expect(proxy.writes(path, mark), "what is on its way out is not put back").to.deep.equal([]);
    await world.kube.patch(world.configMap(name), { metadata: { finalizers: null } });
    const after = await world.kube.until(world.configMap(name), "is made again", isOne);
    expect(after.metadata.uid).to.not.equal(before.metadata.uid);
    await world.kube.patch(world.configMap(name), { metadata: { finalizers: null } }, { manager: "tests" });
    await repo.commit({ "x.yaml": configMap(name, { a: "one" }) }, "without the finalizer");
    await world.poll(name);
    await world.synced(name, await repo.head());
  });

  it(`table E, ${ROWS.E16.text}`, async () => {
    await sync("timed");
    const timeOf = (object: RawObject): string | undefined =>
      object.metadata.managedFields?.find(({ manager }) => manager?.startsWith("overseer:"))?.time;
    const before = timeOf(await read("timed"));
    const mark = proxy.requests.length;
    await world.kube.patch(world.configMap("timed"), { data: { foreign: "x" } }, { manager: "thief" });
    const path = `/api/v1/namespaces/${world.namespace}/configmaps/timed`;
    await waitUntil({ what: "it is looked at", timeoutMs: 60_000 }, async () => proxy.writes(path, mark).length > 0);
    await settled("timed");
    expect(timeOf(await read("timed")), "a look is no write").to.equal(before);
  });

  it(`table B, ${ROWS.B9.text}: the new value is written after the restart`, async () => {
    const repo = await sync("crashed", { a: "one" });
    await world.operator.stop();
    await repo.commit({ "x.yaml": configMap("crashed", { a: "two" }) }, "two");
    await world.operator.start({ kubeconfigPath: proxy.kubeconfigPath, failpoint: "app:after-kinds-recorded" });
    await world.operator.ended();
    expect(isOne(await read("crashed")), "it ended before the first write").to.equal(true);
    await world.operator.start({ kubeconfigPath: proxy.kubeconfigPath });
    await world.kube.until(world.configMap("crashed"), "is new", (one) => (one.data as { a: string }).a === "two");
    await world.synced("crashed", await repo.head());
  });
});
