import { expect } from "chai";
import { Database } from "../../../src/overseer-core/store/database.js";
import { FakeClock } from "../support/fake-clock.js";
import { HEARTBEAT_TIMEOUT_MS, type Node, placing, WITH_DATA } from "./placing.js";
import { COMPOSE, CoreRig, list } from "./rig.js";

describe("placement of apps on a Core", () => {
  let core: CoreRig;
  const clock = new FakeClock();
  const { label, deploy, appOf, nodeOf, drain, finish, run } = placing(() => core, clock);
  beforeEach(async () => {
    core = await CoreRig.start({ clock, heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS });
  });
  afterEach(() => core.remove());

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

  it("knows where data is after a hundred versions, and takes what it has forgotten for data", async () => {
    const [one, two] = [await core.node("one"), await core.node("two")];
    const id = await run("db", one, { compose: WITH_DATA });
    for (let version = 2; version <= 103; version++) {
      await core.call("PUT", `/api/apps/${id}`, { compose: `${COMPOSE}# ${version}\n`, nodeId: two.id });
    }
    const refused = async () => `${(await deploy(id)).body.detail}`;
    expect(await refused()).to.match(/^db has data on the node one that does not move to two: volume data\. /);
    await core.close();
    const database = Database.open(`${core.dataDir}/core.db`);
    database.execute("DELETE FROM app_versions WHERE version = 1");
    database.close();
    await core.open();
    expect(await refused()).to.match(/: what a version stores whose document is no longer known\. /);
  });
});
