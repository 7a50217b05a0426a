import { expect } from "chai";
import { type ControlPlane, startControlPlane } from "../../../tools/control-plane.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { ApiProxy } from "../../support/api-proxy.js";
import { TestKube } from "../../support/kube.js";
import { fastClock, WatchedConfigMaps } from "../../support/watched-config-maps.js";

describe("A restart of the API server", function () {
  this.timeout(180_000);
  let plane: ControlPlane;
  let kube: TestKube;
  let proxy: ApiProxy;
  let maps: WatchedConfigMaps;
  before(async () => {
    plane = await startControlPlane({ controllerManager: false, scheduler: false, kwok: false });
    kube = await TestKube.connect(plane.kubeconfigPath);
    proxy = await ApiProxy.start(plane);
    maps = await WatchedConfigMaps.through(kube, await proxy.kubeconfig(), fastClock(20));
    for (const name of ["a", "b", "c"]) await maps.put(name);
    maps.reflector.start();
    await maps.same();
    maps.take();
  });
  after(async () => {
    await maps?.remove();
    await proxy?.stop();
    await kube?.client.close();
    await plane?.stop();
  });

  const lists = (): number => proxy.count(({ query }) => query.get("sendInitialEvents") === "true");

  /** Resolves when the watch stands again and follows. */
  const following = (): Promise<unknown> =>
    waitUntil({ what: "the watch", timeoutMs: 60_000, intervalMs: 10 }, () => proxy.watches.size === 1);

  for (const kill of [true, false]) {
    it(`(${kill ? "killed" : "in good order"}) loses nothing, tells nothing twice, and costs one list at most`, async () => {
      proxy.requests.length = 0;
      await plane.apiServer.stop({ kill });
      await plane.apiServer.start();
      await maps.put("a");
      await maps.delete("b");
      await maps.put("d");
      await following();
      await maps.same();
      expect(maps.take().sort()).to.deep.equal(["+d", "-b", "~a"]);
      expect(lists()).to.be.at.most(1);
      await maps.put("b");
      await maps.delete("d");
      await maps.same();
      expect(maps.take()).to.deep.equal(["+b", "-d"]);
    });
  }

  it("that answers 410 leads to no event for unchanged objects", async () => {
    proxy.requests.length = 0;
    await proxy.refuse();
    await plane.apiServer.stop({ kill: true });
    await plane.apiServer.start();
    await maps.put("c");
    await proxy.listen();
    await following();
    await maps.same();
    expect(maps.take()).to.deep.equal(["~c"]);
    expect(proxy.requests.length, "no more requests than need be").to.be.below(12);
  });
});
