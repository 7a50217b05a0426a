import { expect } from "chai";
import { localData } from "../../../src/overseer-core/operations/local-data.js";
import { COMPOSE, CoreRig, type Json, list } from "./rig.js";

describe("deployments of a Core", () => {
  let core: CoreRig;
  beforeEach(async () => {
    core = await CoreRig.start();
  });
  afterEach(() => core.remove());

  const deploy = (id: string) => core.post(`/api/apps/${id}/deploy`, {});
  const statusOf = async (id: string) => (await core.get(`/api/apps/${id}`)).body.app?.status;
  const jobs = async () =>
    list((await core.get("/api/jobs")).body.jobs)
      .map(({ type, status, payload, nodeId }) => ({ type, status, version: payload?.version, nodeId }))
      .reverse();

  it("need a node that takes deployments", async () => {
    const id = await core.app("shop");
    const none = await deploy(id);
    expect([none.status, none.body.code]).to.deep.equal([409, "CONFLICT"]);
    expect(none.body.detail).to.include("no node is registered");
    const one = await core.node("one");
    await core.call("PUT", `/api/nodes/${one.id}/config`, { config: { schedulable: false } });
    expect((await deploy(id)).body.detail).to.include("schedulable");
    await core.call("PUT", `/api/nodes/${one.id}/config`, { config: {} });
    await core.call("PUT", `/api/apps/${id}`, { compose: COMPOSE, nodeId: one.id });
    const job = await deploy(id);
    expect(job.status).to.equal(202);
    expect(job.body.message).to.include("simulated");
    expect(job.body.job).to.deep.include({ status: "pending", nodeId: one.id, payload: { app: "shop", version: 2 } });
  });

  it("make the app what its job is", async () => {
    const node = await core.node("one");
    const id = await core.app("shop");
    await deploy(id);
    expect(await statusOf(id)).to.equal("deploying");
    const work = await core.claim(node);
    expect(work).to.deep.include({ compose: COMPOSE, secrets: [], nextLine: 0 });
    expect(work?.job?.status).to.equal("running");
    expect(await statusOf(id)).to.equal("deploying");
    await core.end(String(work?.job?.id), node.token);
    expect(await statusOf(id)).to.equal("running");
    await deploy(id);
    const again = await core.claim(node);
    await core.end(String(again?.job?.id), node.token, { status: "failed", error: "no" });
    expect(await statusOf(id)).to.equal("error");
    const retried = await core.post(`/api/jobs/${again?.job?.id}/retry`);
    expect(retried.status).to.equal(202);
    expect(retried.body.job).to.include({ status: "pending", error: null, result: null });
    expect(await statusOf(id)).to.equal("deploying");
  });

  it("of the same version are one job while it has not ended", async () => {
    const node = await core.node("one");
    const id = await core.app("shop");
    const first = await deploy(id);
    expect((await deploy(id)).body.job?.id).to.equal(first.body.job?.id);
    await core.claim(node);
    expect((await deploy(id)).body.job?.id).to.equal(first.body.job?.id);
    await core.end(String(first.body.job?.id), node.token);
    expect((await deploy(id)).body.job?.id).not.to.equal(first.body.job?.id);
  });

  it("that revert drift are marked, and make room for one that a person starts", async () => {
    const node = await core.node("one");
    const id = await core.app("shop");
    const run = async () => core.end(String((await core.claim(node))?.job?.id), node.token);
    await deploy(id);
    await run();
    const observed = { version: 1, services: [], drift: ["service web: a container was removed"] };
    const report = { problem: null, apps: [{ app: "shop", observed, redeploy: true }] };
    const send = () => core.post(`/api/nodes/${node.id}/report`, report, { token: node.token });
    expect((await send()).status).to.equal(204);
    const [revert] = list((await core.get("/api/jobs?status=pending")).body.jobs);
    expect(revert?.payload).to.deep.equal({ app: "shop", version: 1, revert: true });
    const own = await deploy(id);
    expect(own.body.job?.payload, "it may pull newer images").to.deep.equal({ app: "shop", version: 1 });
    expect((await core.get(`/api/jobs/${revert?.id}`)).body.job?.error).to.include(`by job ${own.body.job?.id}`);
    await send();
    expect(await core.get("/api/jobs?status=pending").then(({ body }) => list(body.jobs))).to.have.length(1);
  });

  it("of a newer version take the place of one that waits, not of one that runs", async () => {
    const node = await core.node("one");
    const id = await core.app("shop");
    await deploy(id);
    await core.call("PUT", `/api/apps/${id}`, { compose: `${COMPOSE}# 2\n` });
    const second = await deploy(id);
    expect((await jobs()).map(({ status, version }) => [version, status])).to.deep.equal([
      [1, "failed"],
      [2, "pending"],
    ]);
    const superseded = list((await core.get("/api/jobs?status=failed")).body.jobs)[0];
    expect(superseded?.error).to.include(`superseded by job ${second.body.job?.id}`);
    expect((await core.post(`/api/jobs/${superseded?.id}/retry`)).status, "it would undo the later one").to.equal(409);
    await core.claim(node);
    await core.call("PUT", `/api/apps/${id}`, { compose: `${COMPOSE}# 3\n` });
    await deploy(id);
    await core.end(String(second.body.job?.id), node.token, { status: "failed", error: "no" });
    expect(await statusOf(id), "the newest is still under way").to.equal("deploying");
  });

  it("go back to an earlier version as a new one", async () => {
    const node = await core.node("one");
    const id = await core.app("shop", { domain: "a.example.com" });
    await core.call("PUT", `/api/apps/${id}`, { compose: `${COMPOSE}# 2\n`, description: "kept" });
    expect((await core.post(`/api/apps/${id}/rollback`, { version: 2 })).status).to.equal(409);
    expect((await core.post(`/api/apps/${id}/rollback`, { version: 7 })).body).to.include({ code: "NOT_FOUND" });
    const back = await core.post(`/api/apps/${id}/rollback`, { version: 1 });
    expect(back.status).to.equal(202);
    expect(back.body.job).to.deep.include({ type: "rollback", payload: { app: "shop", version: 3 } });
    expect((await core.get(`/api/apps/${id}`)).body.app).to.include({
      version: 3,
      compose: COMPOSE,
      domain: "a.example.com",
      description: "kept",
      status: "deploying",
    });
    expect((await core.claim(node))?.compose).to.equal(COMPOSE);
  });

  it("leave nothing written when they are refused", async () => {
    const id = await core.app("shop");
    await core.call("PUT", `/api/apps/${id}`, { compose: `${COMPOSE}# 2\n` });
    const before = (await core.get(`/api/apps/${id}`)).body;
    expect((await core.post(`/api/apps/${id}/rollback`, { version: 1 })).status, "no node").to.equal(409);
    expect((await core.get(`/api/apps/${id}`)).body).to.deep.equal(before);
  });

  it("to another node have the old one remove the app", async () => {
    const [one, two] = [await core.node("one"), await core.node("two")];
    const id = await core.app("shop", { nodeId: one.id });
    const finish = async (node: typeof one): Promise<Json | undefined> => {
      const work = await core.claim(node);
      await core.end(String(work?.job?.id), node.token);
      return work;
    };
    await deploy(id);
    await finish(one);
    await core.call("PUT", `/api/apps/${id}`, { compose: COMPOSE, nodeId: two.id });
    await deploy(id);
    expect((await jobs()).slice(1)).to.deep.equal([
      { type: "remove", status: "pending", version: null, nodeId: one.id },
      { type: "deploy", status: "pending", version: 2, nodeId: two.id },
    ]);
    const removal = await finish(one);
    expect(removal).to.deep.include({ compose: null });
    expect(removal?.job?.appId, "the newest job of the app is its deployment").to.equal(null);
    await finish(two);
    expect(await statusOf(id)).to.equal("running");
    expect((await core.call("DELETE", `/api/apps/${id}`)).status).to.equal(204);
    expect((await jobs()).slice(3)).to.deep.equal([
      { type: "remove", status: "pending", version: null, nodeId: two.id },
    ]);
  });

  it("that wait end with their app, and one that runs is followed by a removal", async () => {
    const node = await core.node("one");
    const [waiting, running] = [await core.app("waiting"), await core.app("running")];
    await deploy(running);
    await core.claim(node);
    await deploy(waiting);
    await core.call("DELETE", `/api/apps/${waiting}`);
    await core.call("DELETE", `/api/apps/${running}`);
    expect((await jobs()).map(({ type, status }) => [type, status])).to.deep.equal([
      ["deploy", "running"],
      ["deploy", "failed"],
      ["remove", "pending"],
    ]);
    const again = await core.claim(node);
    expect(again, "its document is gone, so that there is nothing left to deploy").to.deep.include({ compose: null });
    expect(again?.job?.type).to.equal("remove");
  });

  it("does not move an app away from its data, unless told", async () => {
    const [one, two] = [await core.node("one"), await core.node("two")];
    const compose =
      "services: {db: {image: x, volumes: ['data:/d', './files:/f', '/etc/localtime:/l']}}\nvolumes: {data: {}}";
    const id = await core.app("shop", { nodeId: one.id, compose });
    await core.post(`/api/apps/${id}/deploy`);
    await core.end(String((await core.claim(one))?.job?.id), one.token);
    await core.call("PUT", `/api/apps/${id}`, { compose: COMPOSE, nodeId: two.id });
    const refused = await core.post(`/api/apps/${id}/deploy`);
    expect(refused.status).to.equal(409);
    expect(refused.body.detail).to.equal(
      'shop has data on the node one that does not move to two: ./files, volume data. To move the app, back it up, deploy it with {"leaveData": true}, and restore the backup; otherwise set its node back',
    );
    expect((await core.get(`/api/apps/${id}`)).body.app?.status).to.equal("running");
    expect(await core.claim(one), "nothing is removed").to.equal(undefined);
    expect((await core.post(`/api/apps/${id}/deploy`, { leaveData: true })).status).to.equal(202);
    await core.end(String((await core.claim(two))?.job?.id), two.token);
    await core.call("PUT", `/api/apps/${id}`, { compose: COMPOSE, nodeId: one.id });
    expect((await core.post(`/api/apps/${id}/deploy`)).status, "without data").to.equal(202);
  });

  it("knows what a document stores on its node", () => {
    const shared = { driver: "local", driver_opts: { type: "nfs" } };
    const local = { driver: "local" };
    const disk = { driver: "local", driver_opts: { type: "none", o: "bind", device: "/srv/db" } };
    const bind = { type: "bind", source: "./b", target: "/b" };
    const others = [
      { type: "volume", target: "/e" },
      { type: "tmpfs", target: "/f" },
      "/run/docker.sock:/s",
      "/etc/ssl:/t",
      { type: "bind", source: "plain", target: "/h" },
      "${DATA:-/srv/y}:/i",
    ];
    const mounts = ["named:/a", "/d", bind, "/srv/x:/c:ro", "~/y:/g", ...others];
    const volumes = { named: null, local, disk, shared, other: { driver: "rclone" } };
    const document = { services: { web: { volumes: mounts }, bad: 1 }, volumes };
    expect(localData(JSON.stringify(document))).to.deep.equal([
      "${DATA:-/srv/y}:/i",
      "./b",
      "/srv/x",
      "anonymous volume /d of web",
      "anonymous volume /e of web",
      "plain",
      "volume disk",
      "volume local",
      "volume named",
      "~/y",
    ]);
    expect(localData("{")).to.deep.equal([]);
  });
});
