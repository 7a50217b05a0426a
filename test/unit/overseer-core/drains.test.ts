import { expect } from "chai";
import { FakeClock } from "../support/fake-clock.js";
import { HEARTBEAT_TIMEOUT_MS, placing, WITH_DATA } from "./placing.js";
import { COMPOSE, CoreRig, list } from "./rig.js";

describe("drained nodes of a Core", () => {
  let core: CoreRig;
  const clock = new FakeClock();
  const { label, deploy, appOf, nodeOf, drain, finish, run, goOffline } = placing(() => core, clock);
  beforeEach(async () => {
    core = await CoreRig.start({ clock, heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS });
  });
  afterEach(() => core.remove());

  it("drains a node: names what happens, moves what has no data, and keeps the rest running", async () => {
    const one = await core.node("one");
    const web = await run("web", one);
    const db = await run("db", one, { compose: WITH_DATA });
    const pinned = await run("pinned", one, { nodeId: one.id });
    const alone = await drain(one, { dryRun: true });
    expect(list(alone.body.plan?.stays).map(({ app, reason }) => `${app}: ${reason}`)).to.deep.equal([
      'db: its data is on one: back it up, deploy it to another node with {"leaveData": true}, and restore the backup there',
      "pinned: it names the node one: change that to another node, or to labels",
      "web: there is no other node",
    ]);
    const two = await core.node("two");
    const plan = (await drain(one, { dryRun: true })).body.plan;
    expect(plan?.moves).to.deep.equal([{ app: "web", to: "two" }]);
    expect(list(plan?.stays).map(({ app, data }) => [app, data])).to.deep.equal([
      ["db", ["volume data"]],
      ["pinned", []],
    ]);
    expect((await core.get(`/api/nodes/${one.id}`)).body.node?.drained, "a dry run").to.equal(false);
    expect((await drain(one, { moves: [] })).status, "something else than was confirmed").to.equal(409);
    expect((await drain(one, { moves: ["web"] })).status).to.equal(200);
    expect((await core.get(`/api/nodes/${one.id}`)).body.node?.drained).to.equal(true);
    expect(await core.claim(one), "runs until it runs elsewhere").to.equal(undefined);
    const move = await finish(two);
    expect(move.payload).to.deep.include({ app: "web", movedFrom: "one" });
    expect((await finish(one)).type).to.equal("remove");
    expect([await nodeOf(web), await nodeOf(db), await nodeOf(pinned)]).to.deep.equal([two.id, one.id, one.id]);
    expect((await deploy(db)).body.detail).to.equal(
      `db stays on the node one, where its data is (volume data), and the node one is drained: end that with DELETE /api/nodes/${one.id}/drain`,
    );
    const deleted = await core.call("DELETE", `/api/nodes/${one.id}`);
    expect(deleted.body.detail).to.include("app pinned");
    const news = await core.app("news");
    await deploy(news);
    expect(await nodeOf(news), "a drained node gets no apps").to.equal(two.id);
    expect((await core.call("DELETE", `/api/nodes/${one.id}/drain`)).body.node?.drained).to.equal(false);
    expect((await deploy(db)).body.job?.nodeId).to.equal(one.id);
  });

  it("leaves an app on the drained node if it does not start on the other one", async () => {
    const one = await core.node("one");
    const web = await run("web", one);
    const two = await core.node("two");
    await drain(one);
    await finish(two, { status: "failed", error: "no image" });
    expect(await appOf(web)).to.deep.include({ status: "running", assignedNodeId: one.id });
    expect((await finish(two)).type, "what was started is removed").to.equal("remove");
    expect(await core.claim(one)).to.equal(undefined);
    await drain(one);
    await core.call("DELETE", `/api/nodes/${two.id}?leaveApps=true`);
    expect(await appOf(web), "also if that is deleted").to.deep.include({ status: "running", assignedNodeId: one.id });
    const three = await core.node("three");
    await drain(one);
    await finish(three);
    expect(await nodeOf(web)).to.equal(three.id);
  });

  it("keeps an app on the drained node until a newer version runs on the other one", async () => {
    const one = await core.node("one");
    const web = await run("web", one);
    const two = await core.node("two");
    await drain(one);
    await core.call("PUT", `/api/apps/${web}`, { compose: `${COMPOSE}# 2\n` });
    expect((await deploy(web)).body.job?.payload, "also without a drain").to.deep.include({ movedFrom: "one" });
    expect(await core.claim(one), "it is not removed yet").to.equal(undefined);
    const early = await core.call("DELETE", `/api/nodes/${one.id}`);
    expect(early.body.detail, "it runs only there").to.match(/^the node one runs web: drain it first/);
    await finish(two, { status: "failed", error: "no image" });
    expect(await appOf(web), "version 2 runs nowhere").to.deep.include({ status: "error", assignedNodeId: one.id });
    await finish(two);
    expect((await deploy(web)).body.job).to.deep.include({ nodeId: two.id });
    await finish(two);
    const late = await core.call("DELETE", `/api/nodes/${one.id}`);
    expect(late.body.detail).to.match(/^the node one runs web until its removal there has succeeded: /);
    expect((await finish(one)).type).to.equal("remove");
    expect(await appOf(web)).to.deep.include({ status: "running", assignedNodeId: two.id });
    expect((await core.call("DELETE", `/api/nodes/${one.id}`)).status).to.equal(204);
  });

  for (const end of ["completed", "failed", undefined] as const) {
    const title = end === undefined ? "is claimed again" : `has ${end}`;
    it(`leaves a moved app where it runs when an old deployment of the lost node ${title}`, async () => {
      const one = await core.node("one");
      const web = await run("web", one);
      const two = await core.node("two");
      await core.call("PUT", `/api/apps/${web}`, { compose: `${COMPOSE}# 2\n` });
      await deploy(web);
      const old = `${(await core.claim(one))?.job?.id}`;
      await goOffline(one, [two]);
      await drain(one);
      await finish(two);
      expect(await appOf(web)).to.deep.include({ status: "running", assignedNodeId: two.id });
      const report = async () => {
        const observed = { version: 2, services: [], drift: ["service web was stopped"] };
        const apps = [{ app: "web", observed, redeploy: true }];
        await core.post(`/api/nodes/${two.id}/report`, { problem: null, apps }, { token: two.token });
        expect((await finish(two)).payload, "drift is reverted").to.deep.include({ revert: true });
      };
      await report();
      if (end !== undefined) expect((await core.end(old, one.token, { status: end })).status).to.be.below(300);
      expect((await core.claim(one))?.job, "not started again").to.deep.include({ type: "remove" });
      expect((await core.get(`/api/jobs/${old}`)).body.job?.status).to.equal(end ?? "failed");
      expect(await appOf(web)).to.deep.include({ status: "running", assignedNodeId: two.id });
      await report();
    });
  }

  it("moves apps off a lost node when it is drained, and removes them there when it is back", async () => {
    const one = await core.node("one");
    const web = await run("web", one);
    const db = await run("db", one, { compose: WITH_DATA });
    const two = await core.node("two");
    await goOffline(one, [two]);
    await core.call("PUT", `/api/apps/${web}`, { compose: `${COMPOSE}# 2\n` });
    expect((await deploy(web)).body.job?.nodeId, "keeps its node until asked").to.equal(one.id);
    expect((await drain(one)).body.plan?.moves).to.deep.equal([{ app: "web", to: "two" }]);
    await finish(two);
    const back = await core.claim(one);
    expect(back?.job, "not started again, but removed").to.deep.include({ type: "remove" });
    await core.end(String(back?.job?.id), one.token);
    expect(await core.claim(one)).to.equal(undefined);
    expect(await nodeOf(db)).to.equal(one.id);
    const refused = await core.call("DELETE", `/api/nodes/${one.id}`);
    expect([refused.status, refused.body.code]).to.deep.equal([409, "IN_USE"]);
    expect(refused.body.detail).to.match(/^the node one runs db with volume data: drain it first/);
    expect((await core.call("DELETE", `/api/nodes/${one.id}?leaveApps=true`)).status).to.equal(204);
    expect((await deploy(db)).body.detail, "without its data only if told").to.match(
      /^db has data on a node that was deleted/,
    );
  });

  it("reverts the drift of a node when its drain ends, or when it accepts deployments", async () => {
    const one = await core.node("one");
    const [web, fixed] = [await run("web", one), await run("fixed", one)];
    await drain(one);
    const report = (app: string, drift: readonly string[], redeploy: boolean) => {
      const apps = [{ app, observed: { version: 1, services: [], drift }, redeploy }];
      return core.post(`/api/nodes/${one.id}/report`, { problem: null, apps }, { token: one.token });
    };
    for (const app of ["web", "fixed"]) await report(app, ["service web was stopped"], true);
    await report("web", ["service web was stopped"], false);
    await report("fixed", [], false);
    await label(one, {}, { schedulable: false });
    await core.call("DELETE", `/api/nodes/${one.id}/drain`);
    expect(await core.claim(one)).to.equal(undefined);
    await label(one, {});
    expect((await finish(one)).payload).to.deep.equal({ app: "web", version: 1, revert: true });
    expect(await core.claim(one), `${fixed} has no drift any more`).to.equal(undefined);
    await label(one, { disk: "ssd" });
    expect(await core.claim(one), `${web} is reverted once`).to.equal(undefined);
  });

  it("restores no data while the app is deployed to another node", async () => {
    const [one, two] = [await core.node("one"), await core.node("two")];
    const db = await run("db", one, { compose: WITH_DATA });
    await drain(one);
    expect((await deploy(db)).status, "its data would be left").to.equal(409);
    const job = (await core.post(`/api/apps/${db}/deploy`, { leaveData: true })).body.job;
    expect(job?.nodeId, "as the drained node advised").to.equal(two.id);
    const restore = () => core.post(`/api/apps/${db}/restore`, { snapshot: "0123abcd" });
    expect((await restore()).body.detail).to.equal(
      `db is being deployed to two: restore when the job ${job?.id} has ended`,
    );
    const third = await core.node("three");
    const web = await core.app("web", {});
    await core.call("PUT", `/api/nodes/${third.id}/config`, { config: { schedulable: false } });
    await deploy(web);
    await goOffline(two, [one, third]);
    await core.call("PUT", `/api/nodes/${third.id}/config`, { config: {} });
    const plan = (await drain(two)).body.plan;
    expect(plan?.moves, "one app that stays does not keep others").to.deep.equal([{ app: "web", to: "three" }]);
    expect(list(plan?.stays)).to.deep.equal([
      {
        app: "db",
        data: [],
        reason:
          'its data is on one: back it up, deploy it to another node with {"leaveData": true}, and restore the backup there',
      },
    ]);
    await core.call("DELETE", `/api/nodes/${two.id}/drain`);
    const moved = await finish(two);
    expect(moved.id).to.equal(job?.id);
    expect((await restore()).body.job?.nodeId).to.equal(two.id);
  });
});
