import { expect } from "chai";
import { type ApiFault, ApiProxy, type ProxiedRequest } from "../../support/api-proxy.js";
import { sharedControlPlane } from "../../support/control-plane.js";
import { TestKube } from "../../support/kube.js";
import { fastClock, WatchedConfigMaps } from "../../support/watched-config-maps.js";

const streamed = ({ query }: ProxiedRequest): boolean => query.get("sendInitialEvents") === "true";
const page = ({ query, watch }: ProxiedRequest): boolean => !watch && query.has("limit");
const secondPage = (request: ProxiedRequest): boolean => page(request) && request.query.has("continue");

const NAMES = ["a", "b", "c", "d", "e"];

describe("A first list is whole or is made anew", function () {
  this.timeout(120_000);
  let kube: TestKube;
  let proxy: ApiProxy;
  let maps: WatchedConfigMaps;
  before(async () => {
    const plane = await sharedControlPlane();
    kube = await TestKube.connect(plane.kubeconfigPath);
    proxy = await ApiProxy.start(plane);
    proxy.pageSize = 2;
  });
  beforeEach(async () => {
    proxy.rule = () => undefined;
    proxy.requests.length = 0;
    maps = await WatchedConfigMaps.through(kube, await proxy.kubeconfig(), fastClock(40));
    for (const name of NAMES) await maps.put(name);
  });
  afterEach(() => maps?.remove());
  after(async () => {
    await proxy?.stop();
    await kube?.client.close();
  });

  /** Every object is told once, however often the list was begun. */
  async function expectWhole(): Promise<void> {
    maps.reflector.start();
    await maps.same();
    expect(maps.take().sort()).to.deep.equal(NAMES.map((name) => `+${name}`));
  }

  const withoutStreams = (): void => proxy.faults(1, streamed, { kind: "answer", status: 400, reason: "BadRequest" });

  it("where lists cannot be streamed: page by page", async () => {
    withoutStreams();
    await expectWhole();
    expect(proxy.count(page)).to.equal(3);
    expect(proxy.count(streamed)).to.equal(1);
  });

  const faults: readonly (readonly [string, ApiFault])[] = [
    ["is too old by then", { kind: "answer", status: 410, reason: "Expired" }],
    ["is refused for now", { kind: "answer", status: 429, reason: "TooManyRequests", retryAfter: 2 }],
    ["comes by half", { kind: "half" }],
    ["is half its JSON", { kind: "truncate" }],
    ["is lost", { kind: "lose" }],
  ];
  for (const [how, fault] of faults) {
    it(`where the second page ${how}`, async () => {
      withoutStreams();
      proxy.faults(1, secondPage, fault);
      await expectWhole();
      expect(maps.errors.map(String).join()).not.to.include("value");
    });
  }

  it("where it comes byte by byte", async () => {
    withoutStreams();
    proxy.faults(3, page, { kind: "drip" });
    await expectWhole();
  });

  it("where nothing is there, and where the stream of the list is cut", async () => {
    for (const name of NAMES) await maps.delete(name);
    proxy.faults(1, streamed, { kind: "cut" });
    maps.reflector.start();
    await maps.same();
    expect(maps.take()).to.deep.equal([]);
    await maps.put("a");
    await maps.same();
    expect(maps.take()).to.deep.equal(["+a"]);
  });
});
