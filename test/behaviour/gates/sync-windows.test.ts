import { expect } from "chai";
import { API_VERSION } from "../../../src/api/group.js";
import { condition, configMap, type LiveApp, World } from "../../support/world.js";

const ALWAYS = { schedule: "* * * * *", duration: "1h" };
const CLOSED = { sync: { windows: [{ kind: "Deny", ...ALWAYS }] } };
const OPEN = { sync: { windows: [{ kind: "Allow", ...ALWAYS }] } };

describe("spec.sync.windows", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("windows");
    await world.repository("one", { "c.yaml": configMap("one", { a: "1" }) });
  });
  after(() => world?.remove());

  const data = async (name: string): Promise<unknown> => (await world.kube.get(world.configMap(name)))?.data;

  it("hold a Change while a Deny window is active, and let it go on when the window is removed", async () => {
    await world.app("one", "one", ".", CLOSED);
    const waiting = await world.untilCondition("one", "Waiting", "True", "SyncWindow");
    expect(condition(waiting, "Waiting")?.message).to.match(
      /^Change one-1 waits: syncWindows: sync\.windows\[0\] \(Deny, \* \* \* \* \* UTC\) permits no sync/,
    );
    expect(await data("one")).to.equal(undefined);
    const gates = (await world.changes("one"))[0]?.status?.gates;
    expect(gates?.map(({ name, state }) => `${name} ${state}`)).to.include("syncWindows Wait");
    await world.kube.patch(world.appRef("one"), { spec: OPEN });
    await world.synced("one");
    expect(await data("one")).to.deep.equal({ a: "1" });
  });

  it("let a Change go on by themselves at the time that the message gives", async () => {
    await world.repository("timed", { "c.yaml": configMap("timed", {}) });
    const now = new Date();
    const schedule = `${now.getUTCMinutes()} ${now.getUTCHours()} * * *`;
    const end = Math.ceil((now.getTime() % 60_000) / 1000) + 4;
    await world.app("timed", "timed", ".", { sync: { windows: [{ kind: "Deny", schedule, duration: `${end}s` }] } });
    const waiting = await world.untilCondition("timed", "Waiting", "True", "SyncWindow");
    const until = /permits no sync until (\S+Z)$/.exec(condition(waiting, "Waiting")?.message ?? "")?.[1];
    const app = await world.synced("timed");
    const written = await world.kube.get(world.configMap("timed"));
    expect(Date.parse(String(written?.metadata.creationTimestamp))).to.be.at.least(Date.parse(until ?? ""));
    expect(app.metadata.generation).to.equal(1);
  });

  it("hold a new revision, while drift is reverted to the applied one", async () => {
    const repo = await world.repository("drift", { "c.yaml": configMap("drift", { a: "1" }) });
    await world.app("drift", "drift", ".");
    await world.synced("drift");
    await world.kube.patch(world.appRef("drift"), { spec: CLOSED });
    await repo.commit({ "c.yaml": configMap("drift", { a: "2" }) }, "next");
    await world.poll("drift");
    await world.untilCondition("drift", "Waiting", "True", "SyncWindow");
    await world.kube.patch(world.configMap("drift"), { data: { a: "by hand" } });
    await world.kube.until(world.configMap("drift"), "reverted", (object) => (object.data as { a?: string }).a === "1");
    await world.kube.patch(world.appRef("drift"), { spec: OPEN });
    await world.kube.until(world.configMap("drift"), "applied", (object) => (object.data as { a?: string }).a === "2");
    await world.synced("drift");
  });

  it("reject a Change with an invalid window, also after a restart, until the app is edited", async () => {
    await world.repository("bad", { "c.yaml": configMap("bad", {}) });
    const windows = [{ kind: "Deny", schedule: "61 * * * *", duration: "1h" }];
    await world.app("bad", "bad", ".", { sync: { windows } });
    const app = await world.untilCondition("bad", "Stalled", "True", "InvalidSyncWindow");
    expect(condition(app, "Ready")?.message).to.equal(
      'Change bad-1 is rejected: syncWindows: sync.windows[0].schedule "61 * * * *" is not a cron schedule of 5 fields: Invalid value for minute: 61',
    );
    await world.operator.stop();
    await world.operator.start();
    const again = await world.poke("bad");
    expect(condition(again, "Stalled")?.reason).to.equal("InvalidSyncWindow");
    expect((await world.changes("bad")).map(({ status }) => status?.phase)).to.deep.equal(["Rejected"]);
    expect(await world.kube.get(world.configMap("bad"))).to.equal(undefined);
    // Without its record, the same inputs are judged again.
    await world.kube.delete(world.object(API_VERSION, "Change", "bad-1"));
    await world.kube.until<LiveApp>(world.appRef("bad"), "judged again", (one) =>
      Boolean(condition(one, "Ready")?.message.startsWith("Change bad-2 is rejected")),
    );
    await world.kube.patch(world.appRef("bad"), { spec: OPEN });
    await world.synced("bad");
    expect((await world.changes("bad")).map(({ status }) => status?.phase)).to.deep.equal(["Rejected", "Succeeded"]);
  });

  it("do not stop a Change that has begun to write, even across a crash", async () => {
    await world.repository("begun", {
      "a.yaml": configMap("begun-a", {}),
      "b.yaml": configMap("begun-b", {}),
    });
    await world.operator.stop();
    await world.app("begun", "begun", ".", OPEN);
    await world.operator.start({ failpoint: "app:after-first-write" });
    await world.operator.ended();
    await world.kube.patch(world.appRef("begun"), { spec: CLOSED });
    await world.operator.start({ failpoint: undefined });
    const app: LiveApp = await world.synced("begun");
    expect(app.status?.counts).to.deep.equal({ objects: 2, healthy: 2 });
  });
});
