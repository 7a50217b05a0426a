import { expect } from "chai";
import { HealthJudge } from "../../../../../src/destinations/kubernetes/health/expressions.js";
import { KindWatch } from "../../../../../src/destinations/kubernetes/watch/kind-watch.js";
import { type ObservedObject, observe } from "../../../../../src/destinations/kubernetes/watch/observed-object.js";
import { Tracker } from "../../../../../src/destinations/kubernetes/watch/tracker.js";
import { eventually } from "../../../support/eventually.js";
import { FakeApiServer } from "../../../support/fake-api-server.js";
import { FakeClock } from "../../../support/fake-clock.js";
import { FakeLogger } from "../../../support/fake-logger.js";
import { added, bookmark } from "../../../support/reflector-rig.js";

const THINGS = {
  ...{ group: "", version: "v1", kind: "Thing", plural: "things", namespaced: true, hasStatus: false },
  verbs: new Set(["list", "watch"]),
};
const LIMITS = { responseBytes: 10_000, values: 1_000, page: 10, objects: 2 };

describe("KindWatch", () => {
  it("reports a kind with too many objects, until it has fewer", async () => {
    const server = await FakeApiServer.start();
    const clock = new FakeClock();
    const told: (string | undefined)[] = [];
    const watch: KindWatch = new KindWatch(
      {
        ...{ client: server.client({ limits: LIMITS }), clock, logger: new FakeLogger(), instance: "i" },
        ...{ tracker: new Tracker(() => {}), judge: new HealthJudge(), observer: undefined, reader: "the user" },
        onSync: () => told.push(watch.problem),
      },
      THINGS,
      undefined,
    );
    watch.start();
    const says = "cannot be listed: /api/v1/things has more than 2 objects";
    try {
      const call = await server.next();
      call.open().send(added("a", 1), added("b", 2), bookmark(5, true));
      await watch.settled();
      expect(told).to.deep.equal([undefined]);
      call.send(added("c", 6));
      await eventually("the failure", () => told.length === 2);
      expect(told[1]).to.equal(says);
      expect(watch.objects().map(({ id }) => id.name)).to.deep.equal(["a", "b"]);
      clock.advance(60_000);
      const again = await server.next();
      again.open().send(added("a", 1), added("c", 6), bookmark(7, true));
      await eventually("the list", () => told.length === 3);
      expect(told[2]).to.equal(undefined);
      expect(watch.objects().map(({ id }) => id.name)).to.deep.equal(["a", "c"]);
    } finally {
      await watch.stop();
      await server.close();
    }
  });

  for (const [what, limits] of [
    ["30 s for a server with limits", LIMITS],
    ["for ever for the own one", undefined],
  ] as const)
    it(`waits for the first list ${what}`, async () => {
      const server = await FakeApiServer.start();
      const clock = new FakeClock();
      const watch = new KindWatch(
        {
          ...{ client: server.client(limits ? { limits } : {}), clock, logger: new FakeLogger(), instance: "i" },
          ...{ tracker: new Tracker(() => {}), judge: new HealthJudge(), observer: undefined, reader: "the user" },
          onSync: () => {},
        },
        THINGS,
        undefined,
      );
      watch.start();
      try {
        const call = await server.next();
        const stream = call.open();
        stream.send(added("a", 1));
        let settled: boolean | undefined;
        void watch.settled().then((result) => (settled = result));
        clock.advance(30_000);
        await new Promise(setImmediate);
        expect(settled).to.equal(limits ? false : undefined);
        call.send(bookmark(5, true));
        expect(await watch.settled()).to.equal(true);
      } finally {
        await watch.stop();
        await server.close();
      }
    });

  it("reports a kind that the server has failed to serve for five minutes, and for no shorter", async () => {
    const server = await FakeApiServer.start();
    const clock = new FakeClock();
    const failures: { readonly at: number; readonly problem: string | undefined }[] = [];
    const watch: KindWatch = new KindWatch(
      {
        ...{ client: server.client(), clock, logger: new FakeLogger(), instance: "i" },
        ...{ tracker: new Tracker(() => {}), judge: new HealthJudge(), observer: undefined, reader: "the user" },
        onSync: (error) => {
          if (error !== undefined) failures.push({ at: clock.monotonic(), problem: watch.problem });
        },
      },
      THINGS,
      undefined,
    );
    watch.start();
    /** Lets time pass, and the requests that are due be answered, until `done`. */
    const pass = async (done: () => boolean): Promise<void> => {
      for (let step = 0; step < 500 && !done(); step++) {
        clock.advance(10_000);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      expect(done()).to.equal(true);
    };
    try {
      const first = await server.next();
      first.open().send(added("a", 1), bookmark(5, true));
      await watch.settled();
      server.onCall = (call) => call.status(500, "InternalError");
      first.end();
      await pass(() => watch.problem !== undefined);
      expect(watch.problem).to.match(/^cannot be listed: no: InternalError/);
      const began = failures[0]?.at ?? 0;
      for (const { at, problem } of failures)
        expect(problem === undefined, `${at - began}`).to.equal(at - began < 300_000);
      expect(failures.length).to.be.greaterThan(2);
      server.onCall = (call) => call.open().send(added("a", 1), bookmark(9, true));
      await pass(() => watch.problem === undefined);
    } finally {
      await watch.stop();
      await server.close();
    }
  });

  it("knows which deleted states it has passed, so that older responses are ignored", async () => {
    const server = await FakeApiServer.start();
    const tracker = new Tracker(() => {});
    const watch: KindWatch = new KindWatch(
      {
        ...{ client: server.client({ limits: LIMITS }), clock: new FakeClock(), logger: new FakeLogger() },
        ...{
          instance: "i",
          tracker,
          judge: new HealthJudge(),
          observer: undefined,
          reader: "the user",
          onSync: () => {},
        },
      },
      THINGS,
      undefined,
    );
    const { group, version, kind } = THINGS;
    const answer = (name: string, resourceVersion: string): ObservedObject => {
      const uid = `uid-${name}`;
      const metadata = { name, namespace: "shop", uid, resourceVersion };
      return observe({ metadata }, { group, version, kind }, { status: "Healthy" });
    };
    watch.start();
    try {
      expect(watch.hasPassed(answer("a", "1")), "nothing is known yet").to.equal(false);
      const call = await server.next();
      call.open().send(added("a", 1), bookmark(5, true));
      await watch.settled();
      const live = watch.objects()[0] as ObservedObject;
      expect(watch.hasPassed(live), "it is there").to.equal(false);
      expect(watch.hasPassed({ ...live, uid: "the one before" }), "another has its name").to.equal(true);
      expect(watch.hasPassed(answer("b", "4")), "made and deleted before").to.equal(true);
      expect(watch.hasPassed(answer("b", "6")), "its event is still to come").to.equal(false);
    } finally {
      await watch.stop();
      await server.close();
    }
  });
});
