import { expect } from "chai";
import { isNewer } from "../../../src/kube/object.js";
import { SILENCE_MS } from "../../../src/kube/watch/watch-liveness.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { ApiProxy, type ProxiedRequest } from "../../support/api-proxy.js";
import { sharedControlPlane } from "../../support/control-plane.js";
import { TestKube } from "../../support/kube.js";
import type { ProxiedWatch } from "../../support/proxied-watch.js";
import { fastClock, WatchedConfigMaps } from "../../support/watched-config-maps.js";
import { FakeClock } from "../../unit/support/fake-clock.js";

const streamed = ({ query }: ProxiedRequest): boolean => query.get("sendInitialEvents") === "true";
const resumed = ({ watch, query }: ProxiedRequest): boolean => watch && query.has("resourceVersion");
const page = ({ query, watch }: ProxiedRequest): boolean => !watch && query.has("limit");

const MINUTE_MS = 60_000;
/** Unless a test is about it, no watch ends for its silence, however busy the machine is. */
const NO_SILENCE_MS = 600_000;

/** What users of other clients have met, each by the number of its thread. Others: `half-open`, `watches`, `outage`, `restart`, `lists`. */
describe("What went wrong with watches of others goes well here", function () {
  this.timeout(120_000);
  let kube: TestKube;
  let proxy: ApiProxy;
  let maps: WatchedConfigMaps;
  let second: WatchedConfigMaps | undefined;
  before(async () => {
    const plane = await sharedControlPlane();
    kube = await TestKube.connect(plane.kubeconfigPath);
    proxy = await ApiProxy.start(plane);
  });
  afterEach(async () => {
    await maps?.remove();
    await second?.remove();
    second = undefined;
  });
  after(async () => {
    await kube?.delete(BESIDE);
    await proxy?.stop();
    await kube?.client.close();
  });

  /** A copy of three ConfigMaps that is whole. */
  async function follow(clock = fastClock(40), silenceMs = NO_SILENCE_MS): Promise<void> {
    proxy.rule = () => undefined;
    proxy.pageSize = undefined;
    maps = await WatchedConfigMaps.through(kube, await proxy.kubeconfig(), clock, silenceMs);
    for (const name of ["a", "b", "c"]) await maps.put(name);
    maps.reflector.start();
    await maps.same();
    maps.take();
    proxy.requests.length = 0;
  }

  const watch = async (): Promise<ProxiedWatch> => {
    await waitUntil({ what: "one watch", timeoutMs: 60_000, intervalMs: 10 }, () => proxy.watches.size === 1);
    return [...proxy.watches][0] as ProxiedWatch;
  };

  /** Changes three objects, and expects to be told of each once. */
  async function changeAll(): Promise<void> {
    await maps.put("a");
    await maps.delete("b");
    await maps.put("d");
    await maps.same();
    expect(maps.take().sort()).to.deep.equal(["+d", "-b", "~a"]);
  }

  const BESIDE = { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "beside-quiet-watches" };

  /** What the API server sends each minute, also where nothing happens: a bookmark, of a version that others have moved on. */
  async function bookmark(): Promise<void> {
    const { apiVersion, kind, name, namespace } = BESIDE;
    const data = { n: `${performance.now()}` };
    const { metadata } = await kube.apply({ apiVersion, kind, metadata: { name, namespace }, data });
    (await watch()).inject({ type: "BOOKMARK", object: { metadata: { resourceVersion: metadata.resourceVersion } } });
    await waitUntil({ what: "it is heard", timeoutMs: 60_000, intervalMs: 5 }, () => {
      const reached = maps.reflector.resourceVersion;
      return reached !== undefined && !isNewer(metadata.resourceVersion, reached);
    });
  }

  it("a watch refused with 400 lists its objects again (kubernetes-fluent-client #979)", async () => {
    await follow();
    proxy.faults(1, resumed, { kind: "answer", status: 400, reason: "BadRequest" });
    (await watch()).end();
    await changeAll();
    expect(proxy.count(streamed), "one new list").to.equal(1);
    expect(String(maps.errors[0])).to.include("no: BadRequest");
  });

  it("a failed list after an expired watch is retried (client-javascript #447, #680)", async () => {
    const leftOver: unknown[] = [];
    const note = (error: unknown): void => void leftOver.push(error);
    process.on("unhandledRejection", note);
    try {
      await follow();
      proxy.faults(1, streamed, { kind: "cut" });
      proxy.faults(1, streamed, { kind: "answer", status: 500, reason: "InternalError" });
      const status = { kind: "Status", code: 410, reason: "Expired", message: "too old" };
      (await watch()).inject({ type: "ERROR", object: status });
      await changeAll();
      expect(proxy.count(streamed), "it is tried until it goes well").to.equal(3);
      expect(leftOver).to.deep.equal([]);
    } finally {
      process.off("unhandledRejection", note);
    }
  });

  it("a watch without events stays open for minutes (client-javascript #3020, #3022)", async () => {
    const clock = new FakeClock();
    await follow(clock, SILENCE_MS);
    const quiet = await watch();
    for (let minute = 0; minute < 4; minute++) {
      clock.advance(MINUTE_MS);
      await bookmark();
    }
    expect(await watch()).to.equal(quiet);
    expect(proxy.requests).to.deep.equal([]);
    expect(maps.errors).to.deep.equal([]);
    await changeAll();
    expect(proxy.requests).to.deep.equal([]);
  });

  it("a watch that the server does not end in time is ended (client-javascript #2432, #608)", async () => {
    const clock = new FakeClock();
    await follow(clock, SILENCE_MS);
    const old = await watch();
    const asked = Number(old.query.get("timeoutSeconds")) * 1000;
    for (let gone = 0; gone + MINUTE_MS < asked; gone += MINUTE_MS) {
      clock.advance(MINUTE_MS);
      await bookmark();
    }
    expect(proxy.requests, "not before").to.deep.equal([]);
    clock.advance(MINUTE_MS + 10_000);
    await waitUntil({ what: "it is ended", timeoutMs: 60_000, intervalMs: 5 }, () => !proxy.watches.has(old));
    await watch();
    await changeAll();
    expect(proxy.requests.map(resumed), "it goes on where it stood").to.deep.equal([true]);
  });

  it("later pages of a list are requested by their token only (gardener/dashboard #1641)", async () => {
    await follow();
    await maps.reflector.stop();
    proxy.pageSize = 2;
    proxy.faults(1, streamed, { kind: "answer", status: 400, reason: "BadRequest" });
    const again = await WatchedConfigMaps.through(kube, await proxy.kubeconfig(), fastClock(40), NO_SILENCE_MS);
    second = again;
    for (const name of ["a", "b", "c", "d", "e"]) await again.put(name);
    again.reflector.start();
    await again.same();
    const later = proxy.requests.filter((request) => page(request) && request.query.has("continue"));
    expect(later.map(({ query }) => [...query.keys()].sort())).to.deep.equal(
      Array(2).fill(["continue", "labelSelector", "limit"]),
    );
    expect(again.take().sort()).to.deep.equal(["+a", "+b", "+c", "+d", "+e"]);
  });
});
