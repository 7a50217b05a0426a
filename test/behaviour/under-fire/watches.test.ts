import { expect } from "chai";
import { waitUntil } from "../../../tools/wait-until.js";
import { ApiProxy } from "../../support/api-proxy.js";
import { sharedControlPlane } from "../../support/control-plane.js";
import { TestKube } from "../../support/kube.js";
import type { ProxiedWatch } from "../../support/proxied-watch.js";
import { fastClock, WatchedConfigMaps } from "../../support/watched-config-maps.js";

/** Time runs this much faster, so that pauses of half a minute are over soon. */
const FASTER = 40;

const error = (code: number, reason: string): object => ({
  type: "ERROR",
  object: { kind: "Status", code, reason, message: `no: ${reason}` },
});

/** Whether it is the question whether a server that went away has come back with an older state. */
const isProbe = (query: URLSearchParams): boolean => query.get("limit") === "1";

describe("A watch loses no event and tells none twice", function () {
  this.timeout(120_000);
  let kube: TestKube;
  let proxy: ApiProxy;
  let maps: WatchedConfigMaps;
  const clock = fastClock(FASTER);
  before(async () => {
    const plane = await sharedControlPlane();
    kube = await TestKube.connect(plane.kubeconfigPath);
    proxy = await ApiProxy.start(plane);
    maps = await WatchedConfigMaps.through(kube, await proxy.kubeconfig(), clock);
    for (const name of ["a", "b", "c"]) await maps.put(name);
    maps.reflector.start();
    await maps.same();
  });
  after(async () => {
    await maps?.remove();
    await proxy?.stop();
    await kube?.client.close();
  });
  beforeEach(async () => {
    await maps.same();
    proxy.rule = () => undefined;
    maps.take();
    proxy.requests.length = 0;
  });

  const watch = async (): Promise<ProxiedWatch> => {
    await waitUntil({ what: "one watch", timeoutMs: 60_000, intervalMs: 10 }, () => proxy.watches.size === 1);
    return [...proxy.watches][0] as ProxiedWatch;
  };

  /** Lists since the test began. */
  const lists = (): number =>
    proxy.count(({ watch: opens, query }) => (!opens && !isProbe(query)) || query.get("sendInitialEvents") === "true");

  /** Changes three objects while something goes wrong, and expects to be told of each once. */
  async function changeAll(): Promise<void> {
    await maps.put("a");
    await maps.delete("b");
    await maps.put("d");
    await maps.same();
    expect(maps.take().sort()).to.deep.equal(["+d", "-b", "~a"]);
    await maps.put("b");
    await maps.delete("d");
    await maps.same();
    expect(maps.take().sort()).to.deep.equal(["+b", "-d"]);
  }

  it("when it ends, again and again", async () => {
    for (let round = 0; round < 3; round++) {
      (await watch()).end();
      await changeAll();
    }
    expect(lists()).to.equal(0);
  });

  it("when it is cut in the middle of an event", async () => {
    (await watch()).cutInNextEvent();
    await changeAll();
    expect(lists()).to.equal(0);
  });

  it("when events come byte by byte, and are as large as can be", async () => {
    proxy.faults(1, (request) => request.watch, { kind: "drip" });
    (await watch()).end();
    await watch();
    await changeAll();
    await maps.put("large", 900_000);
    await maps.same();
    expect(maps.take()).to.deep.equal(["+large"]);
    (await watch()).cutInNextEvent();
    await maps.put("large", 900_000);
    await maps.same();
    expect(maps.take()).to.deep.equal(["~large"]);
    expect(lists()).to.equal(0);
  });

  for (const status of [429, 500, 503, 504]) {
    it(`when it is refused with ${status} for a while, which it waits for as long as it is told to`, async () => {
      const times = 3;
      const retryAfter = 5;
      const asked: number[] = [];
      proxy.rule = ({ watch: opens }) => void (opens && asked.push(clock.monotonic()));
      proxy.faults(times, (request) => (request.watch ? asked.push(clock.monotonic()) > 0 : false), {
        kind: "answer",
        status,
        reason: "No",
        retryAfter,
      });
      (await watch()).end();
      await changeAll();
      expect(lists()).to.equal(0);
      expect(
        proxy.count((request) => request.watch),
        "no more requests than need be",
      ).to.equal(times + 1);
      const probes = proxy.count(({ query }) => isProbe(query));
      expect(probes, "whether it is still the same server").to.equal(status === 503 ? times : 0);
      // By itself it would wait for less, even for the third time. A timer may be early by a millisecond.
      const pauses = asked.slice(1).map((at, index) => (at - (asked[index] ?? 0)) / 1000);
      expect(pauses).to.have.length(times);
      expect(Math.min(...pauses), "Retry-After").to.be.above(retryAfter - 0.1);
    });
  }

  it("when connections are refused, reset and lost for a while", async () => {
    proxy.faults(2, (request) => request.watch, { kind: "cut" });
    await proxy.refuse();
    const done = changeAll();
    await waitUntil({ what: "it was refused", timeoutMs: 60_000 }, () =>
      maps.errors.some((one) => String(one).includes("ECONNREFUSED")),
    );
    await proxy.listen();
    await done;
    expect(lists()).to.equal(0);
  });

  for (const [how, expire] of [
    ["as an event", async () => (await watch()).inject(error(410, "Expired"))],
    [
      "as a status",
      async () => {
        proxy.faults(1, (request) => request.watch, { kind: "answer", status: 410, reason: "Gone" });
        (await watch()).end();
      },
    ],
  ] as const) {
    it(`when its version is too old (${how}): one new list, which tells of nothing that has not changed`, async () => {
      await expire();
      await waitUntil({ what: "a new list", timeoutMs: 60_000 }, () => lists() === 1);
      await maps.same();
      expect(maps.take()).to.deep.equal([]);
      await changeAll();
      expect(lists()).to.equal(1);
    });
  }

  it("when the server tells of an error of its own", async () => {
    (await watch()).inject(error(500, "InternalError"));
    await changeAll();
    expect(lists()).to.equal(0);
  });
});
