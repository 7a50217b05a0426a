import { expect } from "chai";
import { KubeConnectionError, KubeStatusError } from "../../../../src/kube/errors.js";
import { Reflector } from "../../../../src/kube/watch/reflector.js";
import { eventually } from "../../support/eventually.js";
import type { Call } from "../../support/fake-api-server.js";
import { RawServer } from "../../support/raw-server.js";
import { added, bookmark, errorEvent, modified, object, Rig } from "../../support/reflector-rig.js";

describe("kube/reflector: failures", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await Rig.start();
  });
  afterEach(() => rig.stop());

  const list = (call: Call, version: string, items: object[] | null, token?: string): void =>
    call.json({ metadata: { resourceVersion: version, ...(token ? { continue: token } : {}) }, items });

  for (const code of [400, 422]) {
    it(`lists by pages when the server cannot stream lists (${code}), and does not ask again`, async () => {
      (await rig.nextWatch()).status(code, "Invalid");
      const first = await rig.server.next();
      expect(first.query).to.deep.equal({ limit: "500" });
      list(first, "9", [object("a", 1, 1)], "page/2+");
      const second = await rig.server.next();
      expect(second.query).to.deep.equal({ limit: "500", continue: "page/2+" });
      expect(rig.told).to.deep.equal([]);
      list(second, "9", [object("b", 2, 1)]);
      const watch = await rig.nextWatch();
      expect(watch.query.resourceVersion).to.equal("9");
      expect(rig.take()).to.deep.equal(["+a!", "+b!"]);
      watch.status(410, "Expired");
      list(await rig.server.next(), "20", null);
      expect((await rig.nextWatch()).query.resourceVersion).to.equal("20");
      expect(rig.take()).to.deep.equal(["-a", "-b"]);
      expect(rig.observed).to.include({ listed: 2 });
      expect(rig.syncs).to.deep.equal([undefined, undefined]);
    });
  }

  it("restarts the list when a page has expired", async () => {
    (await rig.nextWatch()).status(400, "BadRequest");
    list(await rig.server.next(), "9", [object("a", 1, 1)], "next");
    (await rig.server.next()).status(410, "Expired");
    list(await rig.server.next(), "12", [object("b", 1, 1)]);
    await rig.nextWatch();
    expect(rig.take()).to.deep.equal(["+b!"]);
  });

  it("accepts an empty list whose items are null", async () => {
    (await rig.nextWatch()).status(400, "BadRequest");
    list(await rig.server.next(), "9", null);
    await rig.nextWatch();
    expect(rig.syncs).to.deep.equal([undefined]);
    expect(rig.store).to.equal("");
  });

  for (const [how, refuse] of [
    ["as HTTP status", (call: Call) => call.status(410, "Expired")],
    ["as an event", (call: Call) => void call.open().send(errorEvent(410, "Expired"))],
    ["as an event with another code", (call: Call) => void call.open().send(errorEvent(500, "Expired"))],
    [
      "because it is in the future (etcd was restored)",
      (call: Call) =>
        call.status(504, "Timeout", { details: { causes: [{ reason: "ResourceVersionTooLarge", message: "x" }] } }),
    ],
  ] as const) {
    it(`lists again at once when its version cannot be had (${how}), and tells the difference`, async () => {
      (await rig.synced(5, object("a", 1, 1), object("b", 2, 1), object("c", 3, 1))).end();
      await rig.skipPause();
      const old = await rig.nextWatch();
      rig.take();
      refuse(old);
      const again = await rig.nextWatch();
      expect(again.query).to.include({ sendInitialEvents: "true" });
      expect(rig.reflector.synced).to.equal(true);
      const present = [object("b", 8, 2), object("c", 9, 1, "uid-new"), object("d", 10, 1)];
      again.open().send(...present.map((one) => ({ type: "ADDED", object: one })), bookmark(11, true));
      await eventually("the list", () => rig.syncs.length === 2);
      expect(rig.take()).to.deep.equal(["-a", "~b", "-c", "+c", "+d"]);
      expect(rig.syncs).to.deep.equal([undefined, undefined]);
    });
  }

  it("does not list in a loop when each list is followed by 410", async () => {
    const pauses: number[] = [];
    let watch = await rig.synced(5);
    for (let i = 0; i < 6; i++) {
      watch.send(errorEvent(410, "Expired"));
      if (i > 0) {
        pauses.push(await rig.skipPause());
      }
      watch = await rig.synced(6 + i);
    }
    expect(pauses.map((ms) => 2 ** Math.round(Math.log2(ms / 800)))).to.deep.equal([1, 2, 4, 8, 16]);
  });

  it("discards a list whose stream breaks, and keeps its previous copy", async () => {
    (await rig.synced(5, object("a", 1, 1))).send(errorEvent(410, "Expired"));
    const half = await rig.nextWatch();
    rig.take();
    half.open().send(added("b", 6, 1));
    await eventually("connected", () => rig.server.open > 0);
    half.cut();
    await rig.skipPause();
    expect(rig.store).to.equal("a=1");
    expect(rig.take()).to.deep.equal([]);
    const again = await rig.nextWatch();
    expect(again.query).to.include({ sendInitialEvents: "true" });
    again.open().send(added("c", 7, 1), bookmark(8, true));
    await eventually("the list", () => rig.told.length === 2);
    expect(rig.take()).to.deep.equal(["-a", "+c"]);
  });

  it("lists in pages after a stream that ended normally before its list was complete", async () => {
    (await rig.nextWatch())
      .open()
      .send(added("a", 1, 1))
      .end();
    await rig.skipPause();
    const call = await rig.server.next();
    expect(call.query).to.deep.equal({ limit: "500" });
  });

  it("resumes at the last valid event after an invalid line, without quoting it", async () => {
    const watch = await rig.synced(5);
    watch
      .send(added("a", 6, 1))
      .write('{"type":"ADDED","object":{"data":"hunter2}\n')
      .send(added("c", 8, 1));
    await rig.skipPause();
    const error = rig.syncs[1] as Error;
    expect(error).to.be.instanceOf(KubeConnectionError);
    expect(JSON.stringify([error.message, rig.logger.lines])).not.to.include("hunter2");
    const next = await rig.nextWatch();
    expect(next.query.resourceVersion).to.equal("6");
    next.open().send(added("b", 7, 1), added("c", 8, 1));
    await eventually("all events", () => rig.told.length === 3);
    expect(rig.take()).to.deep.equal(["+a", "+b", "+c"]);
  });

  it("reports other errors, with a backoff of up to half a minute", async () => {
    const first = await rig.synced(5);
    first.send(errorEvent(500, "InternalError"));
    const pauses: number[] = [];
    for (let i = 0; i < 8; i++) {
      pauses.push(await rig.skipPause());
      (await rig.nextWatch()).status(503, "ServiceUnavailable");
    }
    await rig.pause();
    expect(rig.syncs[1]).to.be.instanceOf(KubeStatusError).and.include({ statusCode: 500, reason: "InternalError" });
    expect(rig.syncs.length).to.equal(10);
    for (const [index, ms] of pauses.entries()) {
      const base = Math.min(30_000, 800 * 2 ** index);
      expect(ms).to.be.within(base * 0.8, base * 1.2);
    }
    const lines = rig.logger.lines.map(({ level, message }) => `${level} ${message}`);
    expect(lines, "the same again and again is warned of once").to.deep.equal([
      ...Array(2).fill("warn watch failed"),
      ...Array(7).fill("debug watch failed"),
    ]);
  });

  it("reports recovery when a watch is restored after a failure, without a list", async () => {
    const first = await rig.synced(5, object("a", 1, 1));
    first.end();
    await rig.skipPause();
    (await rig.nextWatch()).status(403, "Forbidden");
    await rig.skipPause();
    (await rig.nextWatch()).status(403, "Forbidden");
    await rig.pause();
    rig.reflector.retryNow();
    const next = await rig.nextWatch();
    expect(next.query.resourceVersion).to.equal("5");
    next.open().end();
    await eventually("it is told", () => rig.syncs.length === 4);
    expect(rig.syncs.map((error) => error === undefined)).to.deep.equal([true, false, false, true]);
  });

  it("honors the server's Retry-After up to a maximum", async () => {
    (await rig.nextWatch()).status(429, "TooManyRequests", { details: { retryAfterSeconds: 17 } });
    expect(await rig.pause()).to.equal(17_000);
    rig.clock.advance(17_000);
    (await rig.nextWatch()).status(429, "TooManyRequests", {}, { "retry-after": "86400" });
    expect(await rig.pause()).to.equal(60_000);
  });

  it("waits after each short watch, and not at all after a long one", async () => {
    let watch = await rig.synced(5);
    for (let i = 0; i < 6; i++) {
      await eventually("events are followed", () => rig.reflector.synced);
      rig.clock.advance(60_000);
      watch.end();
      expect(await rig.skipPause()).to.be.within(640, 960);
      watch = await rig.nextWatch();
      watch.open().send(added(`a${i}`, 10 + i));
      await eventually("the event", () => rig.told.length === i + 1);
    }
    rig.clock.advance(200_000);
    watch.end();
    expect((await rig.nextWatch()).query.resourceVersion).to.equal("15");
  });

  it("lists again if the server sends no versions", async () => {
    for (const version of ["", "0"]) {
      const own = await Rig.start();
      (await own.nextWatch()).status(400, "BadRequest");
      list(await own.server.next(), version, [object("a", 1, 1)]);
      const watch = await own.nextWatch();
      expect(watch.query).not.to.have.property("resourceVersion");
      watch.open().end();
      await own.skipPause();
      expect((await own.server.next()).query).to.deep.equal({ limit: "500" });
      await own.stop();
    }
  });

  it("receives an event again whose handler failed", async () => {
    let broken = true;
    const own = await Rig.start({
      reduce: (raw) => {
        if (raw.value === "odd" && broken) throw new Error("cannot reduce");
        return { uid: raw.metadata.uid, value: raw.value };
      },
    });
    (await own.synced(5)).send(added("a", 6, 1), modified("a", 7, "odd"));
    await own.pause();
    broken = false;
    await own.skipPause();
    const next = await own.nextWatch();
    expect(next.query.resourceVersion).to.equal("6");
    next.open().send(modified("a", 7, "odd"));
    await eventually("the event", () => own.store === "a=odd");
    await own.stop();
  });
});

describe("kube/reflector: stop", () => {
  it("ends at once while watching, waiting for a response, or backing off", async () => {
    for (const at of ["following", "asking", "pausing"] as const) {
      const rig = await Rig.start();
      const watch = await rig.nextWatch();
      if (at === "following") {
        watch.open().send(bookmark(5, true));
        await eventually("synced", () => rig.reflector.synced);
      } else if (at === "pausing") {
        watch.status(500, "InternalError");
        await rig.pause();
      }
      const syncs = rig.syncs.length;
      await rig.reflector.stop();
      await rig.reflector.stop();
      expect(rig.clock.timers, at).to.deep.equal([]);
      expect(rig.syncs.length, at).to.equal(syncs);
      await eventually("the watch is closed", () => at === "pausing" || watch.left);
      await rig.stop();
    }
  });

  it("ends at once while listing or connecting", async () => {
    const rig = await Rig.start();
    (await rig.nextWatch()).status(400, "BadRequest");
    await rig.server.next();
    await rig.reflector.stop();
    const mute = await RawServer.start();
    const client = rig.server.client({ access: rig.server.access({ server: `https://127.0.0.1:${mute.port}` }) });
    const { clock, logger } = rig;
    const other = new Reflector({
      client,
      clock,
      logger,
      path: "/x",
      mode: "full",
      reduce: (raw) => raw,
      uidOf: (raw) => raw.metadata.uid,
      onEvent: () => {},
    });
    other.start();
    await eventually("it connects", () => mute.sockets.size > 0);
    await other.stop();
    expect(clock.timers).to.deep.equal([]);
    await rig.stop();
    await mute.close();
  });

  it("before the start prevents the start", async () => {
    const rig = await Rig.start();
    const idle = await Rig.start();
    await rig.reflector.stop();
    await idle.stop();
    rig.reflector.start();
    await rig.stop();
    expect(rig.clock.timers).to.deep.equal([]);
  });
});
