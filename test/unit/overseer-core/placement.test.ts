import { expect } from "chai";
import { eventually } from "../support/eventually.js";
import { FakeClock } from "../support/fake-clock.js";
import { COMPOSE, CoreRig, type Json, list } from "./rig.js";

const WITH_DATA = "services: {db: {image: x, volumes: ['data:/d']}}\nvolumes: {data: {}}";

describe("placement of apps on a Core", () => {
  let core: CoreRig;
  const clock = new FakeClock();
  beforeEach(async () => {
    core = await CoreRig.start({ clock, heartbeatTimeoutMs: 10_000 });
  });
  afterEach(() => core.remove());

  type Node = Awaited<ReturnType<CoreRig["node"]>>;
  const label = (node: Node, labels: object, more: object = {}) =>
    core.call("PUT", `/api/nodes/${node.id}/config`, { config: { labels, ...more }, metadata: {} });
  const deploy = (id: string) => core.post(`/api/apps/${id}/deploy`);
  const appOf = async (id: string): Promise<Json | undefined> => (await core.get(`/api/apps/${id}`)).body.app;
  const nodeOf = async (id: string) => `${(await appOf(id))?.assignedNodeId}`;
  const drain = (node: Node, body: object = {}) => core.post(`/api/nodes/${node.id}/drain`, body);
  const finish = async (node: Node, end: Record<string, unknown> = { status: "completed" }): Promise<Json> => {
    const work = await core.claim(node);
    await core.end(String(work?.job?.id), node.token, end);
    return work?.job ?? {};
  };
  const run = async (name: string, node: Node, fields: object = {}): Promise<string> => {
    const id = await core.app(name, { ...fields });
    expect((await deploy(id)).status).to.equal(202);
    await finish(node);
    return id;
  };
  const goOffline = async (node: Node, others: readonly Node[]): Promise<void> => {
    const status = async () => `${(await core.get(`/api/nodes/${node.id}/status`)).body.status}`;
    for (let step = 0; step < 6; step++) {
      for (const { id, token } of others) await core.post(`/api/nodes/${id}/heartbeat`, undefined, { token });
      clock.advance(2500);
    }
    await eventually("offline", async () => (await status()) === "offline");
  };

  it("chooses the node with the labels and the fewest apps, and keeps its choice", async () => {
    const [one, two, three] = [await core.node("one"), await core.node("two"), await core.node("three")];
    await label(two, { disk: "ssd" });
    await label(three, { disk: "ssd" });
    const ids = [];
    for (const name of ["a", "b"]) {
      const id = await core.app(name, { nodeLabels: { disk: "ssd" } });
      expect((await deploy(id)).status).to.equal(202);
      ids.push(await nodeOf(id));
    }
    expect(ids).to.deep.equal([three.id, two.id]);
    const free = await core.app("free");
    await deploy(free);
    expect(await nodeOf(free), "the emptiest node").to.equal(one.id);
    const again = await core.app("again", { nodeLabels: { disk: "ssd" } });
    await deploy(again);
    const first = await nodeOf(again);
    await core.call("PUT", `/api/apps/${again}`, { compose: `${COMPOSE}# 2\n`, nodeLabels: { disk: "ssd" } });
    await deploy(again);
    expect(await nodeOf(again)).to.equal(first);
    const nowhere = await core.app("nowhere", { nodeLabels: { disk: "tape" } });
    const refused = await deploy(nowhere);
    expect(refused.status).to.equal(409);
    expect(refused.body.detail).to.equal(
      "no node fits nowhere: the node one does not have the label disk=tape; the node three does not have the label disk=tape; the node two does not have the label disk=tape",
    );
    expect((await core.post(`/api/apps/${again}/rollback`, { version: 1 })).body.job?.nodeId).to.equal(first);
  });

  it("never moves an app away from its data because labels change", async () => {
    const [one, two] = [await core.node("one"), await core.node("two")];
    await label(one, { disk: "ssd" });
    const fields = { nodeLabels: { disk: "ssd" } };
    const db = await run("db", one, { ...fields, compose: WITH_DATA });
    const web = await run("web", one, fields);
    await label(one, {});
    await label(two, { disk: "ssd" });
    const refused = await deploy(db);
    expect(refused.body.detail).to.equal(
      "db stays on the node one, where its data is (volume data), and the node one does not have the label disk=ssd",
    );
    expect((await appOf(db))?.status).to.equal("running");
    const observed = { version: 1, services: [], drift: ["service web was stopped"] };
    const apps = ["db", "web"].map((app) => ({ app, observed, redeploy: true }));
    const report = await core.post(`/api/nodes/${one.id}/report`, { problem: null, apps }, { token: one.token });
    expect(report.status).to.equal(204);
    expect((await finish(one)).payload, "drift is reverted where the app is").to.include({ app: "db", revert: true });
    expect((await finish(one)).payload).to.include({ app: "web", revert: true });
    expect((await deploy(web)).body.job?.nodeId).to.equal(two.id);
    expect(await core.claim(one), "runs until it runs elsewhere").to.equal(undefined);
    await finish(two);
    expect((await core.claim(one))?.job, "removed where it was").to.include({ type: "remove" });
  });

  it("never moves an app away from volumes of its images, which only the agent knows", async () => {
    const [one, two] = [await core.node("one"), await core.node("two")];
    const db = await run("db", one, { compose: COMPOSE });
    const seen = ["anonymous volume /var/lib/data of db"];
    const report = async (node: Node, volumes?: string[]) => {
      const app = { app: "db", observed: { version: 1, services: [], drift: [] }, redeploy: false };
      const apps = [volumes === undefined ? app : { ...app, volumes }];
      return (await core.post(`/api/nodes/${node.id}/report`, { problem: null, apps }, { token: node.token })).status;
    };
    const stays = async (node: Node) => list((await drain(node, { dryRun: true })).body.plan?.stays);
    expect(await report(one), "of an earlier agent").to.equal(204);
    expect(await stays(one)).to.deep.equal([]);
    expect(await report(one, Array(21).fill("x"))).to.equal(400);
    expect(await report(one, seen)).to.equal(204);
    expect(await report(two, []), "of a node that does not run it").to.equal(204);
    expect((await stays(one))[0]?.data).to.deep.equal(seen);
    await deploy(db);
    await finish(one);
    expect((await stays(one))[0]?.data, "after another deployment").to.deep.equal(seen);
    await core.call("PUT", `/api/apps/${db}`, { compose: COMPOSE, nodeId: two.id });
    expect((await deploy(db)).body.detail).to.match(/^db has data on the node one that does not move to two: anon/);
    expect((await core.post(`/api/apps/${db}/deploy`, { leaveData: true })).status).to.equal(202);
    await finish(two);
    expect((await stays(two))[0], "on the other node").to.deep.include({ app: "db", data: [] });
  });

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
    await finish(two);
    expect(await nodeOf(web)).to.equal(two.id);
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
});
