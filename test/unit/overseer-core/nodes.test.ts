import { expect } from "chai";
import { eventually } from "../support/eventually.js";
import { FakeClock } from "../support/fake-clock.js";
import { CoreRig } from "./rig.js";

const said = (name: string, fields: object = {}) => ({
  name,
  hostname: "h",
  version: "1",
  runner: "simulated",
  ...fields,
});

describe("nodes of a Core", () => {
  let core: CoreRig;
  const clock = new FakeClock();
  before(async () => {
    core = await CoreRig.start({ clock, heartbeatTimeoutMs: 10_000 });
  });
  after(() => core.remove());

  it("are the same when their agent comes back", async () => {
    const node = await core.node("back");
    const again = await core.post("/api/nodes/register", said("back", { hostname: "back.example.com" }), {
      token: node.token,
    });
    expect([again.status, again.body.node?.id]).to.deep.equal([200, node.id]);
    const { etag } = await core.get("/api/changes");
    await core.post("/api/nodes/register", said("back", { hostname: "back.example.com" }), { token: node.token });
    expect((await core.get("/api/changes")).etag, "nothing new was said").to.equal(etag);
    const newer = await core.post("/api/nodes/register", said("back", { version: "2" }), { token: node.token });
    expect(newer.body.node).to.include({ version: "2", status: "online" });
  });

  it("are not taken by another token, unless it was made for that very name", async () => {
    const first = await core.token("first", "agent");
    expect((await core.post("/api/nodes/register", said("held"), { token: first })).status).to.equal(201);
    const second = await core.token("second", "agent");
    const refused = await core.post("/api/nodes/register", said("held"), { token: second });
    expect([refused.status, refused.body.code]).to.deep.equal([409, "CONFLICT"]);
    const bound = await core.token("bound", "agent", "held");
    expect((await core.post("/api/nodes/register", said("other"), { token: bound })).status).to.equal(403);
    expect((await core.post("/api/nodes/register", said("held"), { token: bound })).status).to.equal(200);
    const id = (await core.post("/api/nodes/register", said("held"), { token: bound })).body.node?.id;
    const beat = await core.post(`/api/nodes/${id}/heartbeat`, undefined, { token: first });
    expect(beat.status, "it is no longer its own").to.equal(403);
  });

  it("go offline when they are silent, and are back with a word", async () => {
    const node = await core.node("silent");
    const status = async () => (await core.get(`/api/nodes/${node.id}/status`)).body.status;
    clock.advance(8000);
    await core.post(`/api/nodes/${node.id}/heartbeat`, undefined, { token: node.token });
    clock.advance(9000);
    expect(await status()).to.equal("online");
    const { etag } = await core.get("/api/changes");
    clock.advance(4000);
    expect(await status()).to.equal("offline");
    expect((await core.get("/api/changes")).etag, "that is a change").not.to.equal(etag);
    await core.post(`/api/nodes/${node.id}/heartbeat`, undefined, { token: node.token });
    expect(await status()).to.equal("online");
  });

  it("show the memory and the disk of the last heartbeat, which is no change", async () => {
    const node = await core.node("measured");
    const shown = async () => (await core.get(`/api/nodes/${node.id}`)).body.node;
    const before = await shown();
    expect(before?.usage).to.equal(null);
    const usage = { memory: 2048, memoryAvailable: 1024, disk: 4096, diskAvailable: 1 };
    await core.post(`/api/nodes/${node.id}/heartbeat`, { usage }, { token: node.token });
    expect(await shown()).to.deep.include({ usage, revision: before?.revision });
    await core.post(`/api/nodes/${node.id}/heartbeat`, undefined, { token: node.token });
    expect((await shown())?.usage, "an agent of an earlier version").to.deep.equal(usage);
    const refused = await core.post(
      `/api/nodes/${node.id}/heartbeat`,
      { usage: { memory: -1 } },
      { token: node.token },
    );
    expect(refused.status).to.equal(400);
  });

  it("are given their time again when the Core was away", async () => {
    const node = await core.node("patient");
    await core.close();
    clock.advance(60_000);
    await core.open();
    const status = async () => (await core.get(`/api/nodes/${node.id}/status`)).body.status;
    clock.advance(9000);
    expect(await status()).to.equal("online");
    clock.advance(4000);
    await eventually("the look", () => true);
    expect(await status()).to.equal("offline");
  });

  it("are configured, and not deleted while something names them", async () => {
    const node = await core.node("named");
    const put = (body: object) => core.call("PUT", `/api/nodes/${node.id}/config`, body);
    const first = await put({ config: { labels: { zone: "a" } }, metadata: { by: "me" } });
    expect(first.body.node).to.deep.include({
      config: { labels: { zone: "a" }, schedulable: true },
      metadata: { by: "me" },
    });
    expect((await put({ config: { labels: { zone: "a" } }, metadata: { by: "me" } })).body.message).to.equal(
      "nothing changed",
    );
    const app = await core.app("shop", { nodeId: node.id });
    const refused = await core.call("DELETE", `/api/nodes/${node.id}`);
    expect([refused.status, refused.body.code]).to.deep.equal([409, "IN_USE"]);
    expect(refused.body.detail).to.include("app shop");
    await core.call("DELETE", `/api/apps/${app}`);
    expect((await core.call("DELETE", `/api/nodes/${node.id}`)).status).to.equal(204);
    const beat = await core.post(`/api/nodes/${node.id}/heartbeat`, undefined, { token: node.token });
    expect(beat.status, "its agent is to register again").to.equal(404);
  });
});
