import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { configMap, World } from "../../support/world.js";
import { RecordingProxy } from "./recording-proxy.js";

/** With the Secret, as many as are looked at in one go. */
const OBJECTS = 7;

describe("What may have changed without a trace is looked at once", function () {
  this.timeout(120_000);
  let world: World;
  let proxy: RecordingProxy;
  before(async () => {
    world = await World.create("sweep", { withoutOperator: true });
    proxy = await RecordingProxy.start(world.controlPlane);
    await world.startOperator({ kubeconfigPath: proxy.kubeconfigPath });
    const files = Object.fromEntries(
      Array.from({ length: OBJECTS }, (_, index) => [`${index}.yaml`, configMap(`one-${index}`, { a: "one" })]),
    );
    files["secret.yaml"] = "apiVersion: v1\nkind: Secret\nmetadata: { name: hidden }\ndata: { a: b25l }\n";
    const repo = await world.repository("sweep", files);
    await world.app("sweep", "sweep", ".");
    await world.synced("sweep", await repo.head());
  });
  after(async () => {
    await world?.remove();
    await proxy?.stop();
  });

  const versions = async (): Promise<string[]> => {
    const objects = await world.kube.list<RawObject>("v1", "ConfigMap", world.namespace);
    return objects.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`).sort();
  };
  const looked = (): Promise<number> => world.operator.metric('overseer_resync_objects_total{cause="periodic"}');
  const writesTo = (mark: number, plural: string): string[] =>
    proxy.requests
      .slice(mark)
      .filter(({ method, path }) => method !== "GET" && path.includes(`/${world.namespace}/${plural}/`))
      .map(({ path }) => path);

  it("after a start: reverts changes made while the operator was down, and writes nothing else", async () => {
    await world.operator.stop();
    const { apiVersion, kind, name } = world.object("v1", "Secret", "hidden");
    const hidden = { apiVersion, kind, metadata: { name, namespace: world.namespace }, stringData: { a: "thief" } };
    await world.kube.apply(hidden, "thief", { force: "false" });
    const before = await versions();
    const mark = proxy.requests.length;
    await world.operator.start({ kubeconfigPath: proxy.kubeconfigPath });
    await world.kube.until(
      world.object("v1", "Secret", "hidden"),
      "is put back",
      (secret) => (secret.data as { a?: string }).a === "b25l",
      60_000,
    );
    await waitUntil({ what: "all are looked at", timeoutMs: 60_000 }, async () => (await looked()) === OBJECTS + 1);
    await waitUntil(
      { what: "the looks are over", timeoutMs: 30_000 },
      async () => new Set(writesTo(mark, "configmaps")).size === OBJECTS,
    );
    expect(await versions(), "nothing is written that is as it should be").to.deep.equal(before);
    const paths = writesTo(mark, "configmaps");
    expect(paths, "each is asked once").to.have.length(OBJECTS);
  });

  it("and not again, however often the app is reconciled", async () => {
    const mark = proxy.requests.length;
    await world.poke("sweep");
    await world.poke("sweep");
    expect(writesTo(mark, "configmaps")).to.deep.equal([]);
    expect(await looked()).to.equal(OBJECTS + 1);
  });
});
