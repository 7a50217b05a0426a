import { expect } from "chai";
import { EventRecorder } from "../../../src/kube/event-recorder.js";
import { FakeApiServer } from "../support/fake-api-server.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeLogger } from "../support/fake-logger.js";

const SUBJECT = {
  apiVersion: "gitops.overseer.io/v1alpha1",
  kind: "OverseerApp",
  namespace: "shop",
  name: "web",
  uid: "u1",
};
const NOTE = { type: "Normal", reason: "Applied", action: "Apply", message: "12 objects" } as const;

interface SentEvent {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly message: string;
  readonly eventTime: string;
}

describe("kube/event-recorder", () => {
  let server: FakeApiServer;
  let clock: FakeClock;
  let logger: FakeLogger;
  let recorder: EventRecorder;

  beforeEach(async () => {
    server = await FakeApiServer.start();
    clock = new FakeClock();
    logger = new FakeLogger();
    const client = server.client();
    recorder = new EventRecorder({ client, clock, logger, controller: "overseer.io/gitops", instance: "pod-1" });
    server.onCall = (call) => call.json({});
  });
  afterEach(() => server.close());

  const sent = (index: number): SentEvent => server.calls[index]?.body as SentEvent;

  it("writes an Event with its time of occurrence", async () => {
    recorder.record(SUBJECT, NOTE);
    clock.advance(5000);
    await recorder.flush();
    const call = await server.next();
    expect(call).to.include({ method: "POST", path: "/api/v1/namespaces/shop/events" });
    expect(call.body).to.deep.equal({
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: sent(0).metadata.name, namespace: "shop" },
      eventTime: "2026-01-01T00:00:00.000000Z",
      firstTimestamp: "2026-01-01T00:00:00Z",
      lastTimestamp: "2026-01-01T00:00:00Z",
      count: 1,
      reportingComponent: "overseer.io/gitops",
      reportingInstance: "pod-1",
      action: "Apply",
      reason: "Applied",
      involvedObject: SUBJECT,
      message: "12 objects",
      type: "Normal",
    });
  });

  it("writes Events of cluster-scoped objects into default", async () => {
    recorder.record({ ...SUBJECT, namespace: "" }, NOTE);
    await recorder.flush();
    expect((await server.next()).path).to.equal("/api/v1/namespaces/default/events");
    expect(sent(0).metadata.namespace).to.equal("default");
  });

  for (const set of [86_400_000, -86_400_000]) {
    it(`goes on with a series when the clock is set ${set > 0 ? "forward" : "back"} by a day, and ends it in time`, async () => {
      recorder.record(SUBJECT, NOTE);
      clock.set(set);
      clock.advance(60_000);
      recorder.record(SUBJECT, NOTE);
      clock.advance(6 * 60_000);
      recorder.record(SUBJECT, NOTE);
      await recorder.flush();
      expect(server.calls.map(({ method }) => method)).to.deep.equal(["POST", "PATCH", "POST"]);
      expect(logger.lines).to.deep.equal([]);
    });
  }

  it("counts repetitions within six minutes in a series", async () => {
    for (let i = 0; i < 3; i++) {
      recorder.record(SUBJECT, NOTE);
      clock.advance(300_000);
    }
    clock.advance(60_000);
    recorder.record(SUBJECT, NOTE);
    await recorder.flush();
    expect(server.calls.map(({ method }) => method)).to.deep.equal(["POST", "PATCH", "PATCH", "POST"]);
    expect(server.calls[1]?.path).to.equal(`${server.calls[0]?.path}/${sent(0).metadata.name}`);
    expect(server.calls[2]?.headers["content-type"]).to.equal("application/merge-patch+json");
    expect(server.calls[2]?.body).to.deep.equal({
      count: 3,
      lastTimestamp: "2026-01-01T00:10:00Z",
      series: { count: 3, lastObservedTime: "2026-01-01T00:10:00.000000Z" },
    });
    expect(sent(3).metadata.name).not.to.equal(sent(0).metadata.name);
  });

  it("does not merge Events with another object, reason, type or text", async () => {
    recorder.record(SUBJECT, NOTE);
    recorder.record({ ...SUBJECT, uid: "u2" }, NOTE);
    recorder.record(SUBJECT, { ...NOTE, reason: "Pruned" });
    recorder.record(SUBJECT, { ...NOTE, type: "Warning" });
    recorder.record(SUBJECT, { ...NOTE, message: "13 objects" });
    await recorder.flush();
    expect(server.calls.map(({ method }) => method)).to.deep.equal(Array(5).fill("POST"));
    expect(new Set(server.calls.map((_, index) => sent(index).metadata.name)).size).to.equal(5);
  });

  it("creates a new Event when that of the series was deleted", async () => {
    server.onCall = (call) => (call.method === "PATCH" ? call.status(404, "NotFound") : call.json({}));
    recorder.record(SUBJECT, NOTE);
    clock.advance(1);
    recorder.record(SUBJECT, NOTE);
    await recorder.flush();
    expect(server.calls.map(({ method }) => method)).to.deep.equal(["POST", "PATCH", "POST"]);
    expect(sent(2).metadata.name).not.to.equal(sent(0).metadata.name);
  });

  it("allows each object a burst of 25 and one more every five minutes", async () => {
    const talk = (times: number, uid = "u1"): void => {
      for (let i = 0; i < times; i++) recorder.record({ ...SUBJECT, uid }, { ...NOTE, message: `${clock.now()} ${i}` });
    };
    talk(40);
    talk(1, "u2");
    await recorder.flush();
    expect(server.calls.length).to.equal(26);
    for (let i = 0; i < 5; i++) {
      clock.advance(60_000);
      talk(1);
    }
    await recorder.flush();
    expect(server.calls.length).to.equal(27);
    clock.advance(10 * 3_600_000);
    talk(40);
    await recorder.flush();
    expect(server.calls.length).to.equal(52);
  });

  it("never fails: logs write errors and continues", async () => {
    server.onCall = (call) => (server.calls.length === 1 ? call.status(403, "Forbidden") : call.json({}));
    recorder.record(SUBJECT, NOTE);
    recorder.record(SUBJECT, { ...NOTE, reason: "Pruned" });
    await recorder.flush();
    expect(logger.lines).to.deep.equal([
      { level: "warn", message: "failed to write an event", fields: { reason: "Applied", error: "no: Forbidden" } },
    ]);
    expect(server.calls.length).to.equal(2);
  });

  it("does not wait when nothing was recorded", () => recorder.flush());

  for (const [what, message] of [
    ["letters", "x".repeat(3000)],
    ["letters of two bytes", "ü".repeat(3000)],
    ["letters of three bytes", `a${"€".repeat(3000)}`],
    ["letters of four bytes", `ab${"😀".repeat(3000)}`],
  ] as const) {
    it(`cuts a note of many ${what} at 1 kB, and no character in two`, async () => {
      recorder.record(SUBJECT, { ...NOTE, message });
      await recorder.flush();
      const { message: note } = sent(0);
      expect(Buffer.byteLength(note)).to.be.within(1020, 1024);
      expect(note.endsWith("…")).to.equal(true);
      expect(message.startsWith(note.slice(0, -1))).to.equal(true);
      expect(note).not.to.include("\ufffd");
    });
  }

  it("leaves a note of exactly 1 kB as it is", async () => {
    recorder.record(SUBJECT, { ...NOTE, message: "ü".repeat(512) });
    await recorder.flush();
    expect(sent(0).message).to.equal("ü".repeat(512));
  });

  for (const name of [
    "web",
    "a".repeat(253),
    `${"a".repeat(199)}.${"b".repeat(53)}`,
    "system:Node",
    "-._-",
    "x..y",
    "Ü",
  ]) {
    it(`gives the Event of ${name.slice(0, 20)} (${name.length} characters) a name that the API server takes`, async () => {
      recorder.record({ ...SUBJECT, name }, NOTE);
      await recorder.flush();
      const { length } = sent(0).metadata.name;
      expect(length).to.be.at.most(253);
      expect(sent(0).metadata.name).to.match(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
    });
  }
});
