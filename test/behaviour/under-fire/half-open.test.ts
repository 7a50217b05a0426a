import { expect } from "chai";
import { waitUntil } from "../../../tools/wait-until.js";
import { ApiProxy } from "../../support/api-proxy.js";
import { sharedControlPlane } from "../../support/control-plane.js";
import { TestKube } from "../../support/kube.js";
import { fastClock, WatchedConfigMaps } from "../../support/watched-config-maps.js";

/** The minute and a half after which silence means death goes by in less than two seconds. */
const FASTER = 60;

describe("A watch whose connection is dead without a word", function () {
  this.timeout(120_000);
  let kube: TestKube;
  let proxy: ApiProxy;
  let maps: WatchedConfigMaps;
  before(async () => {
    const plane = await sharedControlPlane();
    kube = await TestKube.connect(plane.kubeconfigPath);
    proxy = await ApiProxy.start(plane);
    maps = await WatchedConfigMaps.through(kube, await proxy.kubeconfig(), fastClock(FASTER));
    await maps.put("a");
    await maps.put("b");
    maps.reflector.start();
    await maps.same();
    maps.take();
  });
  after(async () => {
    await maps?.remove();
    await proxy?.stop();
    await kube?.client.close();
  });

  it("is resumed without a new list, and delivers missed events once", async () => {
    const [dead] = proxy.watches;
    dead?.freeze();
    proxy.requests.length = 0;
    await maps.put("a");
    await maps.delete("b");
    await maps.put("c");
    await maps.same();
    expect(maps.take()).to.deep.equal(["~a", "-b", "+c"]);
    const [watch, ...more] = proxy.requests;
    expect(watch?.query.get("resourceVersion")).to.match(/^\d+$/);
    expect(more).to.deep.equal([]);
    expect(String(maps.errors[0])).to.include("no data received for 90 s");
    await waitUntil({ what: "the dead connection is let go", timeoutMs: 60_000 }, () => proxy.watches.size === 1);
  });

  it("is found as well while the first list streams in", async () => {
    proxy.rule = () => undefined;
    const second = await WatchedConfigMaps.through(kube, await proxy.kubeconfig(), fastClock(FASTER));
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    proxy.faults(1, (request) => request.watch, { kind: "wait", until: held });
    second.reflector.start();
    await waitUntil({ what: "it was found", timeoutMs: 60_000 }, () => second.errors.length > 0);
    await second.put("x");
    await second.same();
    expect(second.take()).to.deep.equal(["+x"]);
    release();
    await second.remove();
  });
});
