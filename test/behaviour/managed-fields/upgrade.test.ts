import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { InProcessOperator, quickClock } from "../../support/in-process-operator.js";
import { configMap, deployment, World } from "../../support/world.js";
import { RecordingProxy } from "./recording-proxy.js";

/** The half minute after a lost connection goes by in a second. */
const FASTER = 30;
/** More than are looked at in one go. */
const MAPS = 11;

describe("An API server that has become another version", function () {
  this.timeout(120_000);
  let world: World;
  let proxy: RecordingProxy;
  let operator: InProcessOperator;
  before(async () => {
    world = await World.create("upgrade", { withoutOperator: true });
    proxy = await RecordingProxy.start(world.controlPlane);
    operator = await InProcessOperator.start({
      kubeconfigPath: proxy.kubeconfigPath,
      trustedNamespaces: [world.namespace],
      clock: quickClock(FASTER),
    });
    const files = Object.fromEntries(
      Array.from({ length: MAPS }, (_, index) => [`${index}.yaml`, configMap(`one-${index}`, { a: "one" })]),
    );
    const repo = await world.repository("app", { ...files, "web.yaml": deployment("web") });
    await world.app("app", "app", ".");
    await world.synced("app", await repo.head(), 60_000);
    await waitUntil({ what: "its version is known", timeoutMs: 60_000 }, () => asked(0) > 0);
    // The controller of Deployments annotates the new one, which is looked at for that, though not twice in a moment.
    await waitUntil({ what: "three reconciles look at nothing", timeoutMs: 60_000 }, async () => {
      const mark = proxy.requests.length;
      for (const _ of [1, 2, 3]) await world.poke("app");
      return looks(mark).length === 0;
    });
  });
  after(async () => {
    await operator?.stop();
    await world?.remove();
    await proxy?.stop();
  });

  const asked = (mark: number): number => proxy.requests.slice(mark).filter(({ path }) => path === "/version").length;
  const looks = (mark: number): string[] =>
    proxy.requests
      .slice(mark)
      .filter(({ method, path }) => method === "PATCH" && /\/(configmaps|deployments)\/[^/]+$/.test(path))
      .map(({ path }) => path.slice(path.lastIndexOf("/") + 1));
  const states = async (): Promise<string[]> => {
    const maps = await world.kube.list<RawObject>("v1", "ConfigMap", world.namespace);
    const web = await world.kube.list<RawObject>("apps/v1", "Deployment", world.namespace);
    return [
      ...maps.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`),
      ...web.map(({ metadata }) => `${metadata.name} ${metadata.generation}`),
    ].sort();
  };

  it("that only was away is asked for its version, and nothing is looked at", async () => {
    const mark = proxy.requests.length;
    proxy.cut();
    await waitUntil({ what: "it is asked", timeoutMs: 60_000 }, () => asked(mark) > 0);
    await world.poke("app");
    expect(looks(mark)).to.deep.equal([]);
  });

  it("has all objects looked at, each once, and nothing is written where nothing differs", async () => {
    const before = await states();
    const mark = proxy.requests.length;
    proxy.gitVersion = "v1.36.0";
    proxy.cut();
    await waitUntil({ what: "all are looked at", timeoutMs: 60_000 }, () => new Set(looks(mark)).size === MAPS + 1);
    await world.poke("app");
    await world.poke("app");
    expect(looks(mark), "each once").to.have.length(MAPS + 1);
    expect(await states()).to.deep.equal(before);
    await world.synced("app");
  });
});
