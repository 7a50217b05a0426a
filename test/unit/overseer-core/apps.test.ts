import { expect } from "chai";
import { COMPOSE, CoreRig, list } from "./rig.js";

describe("apps of a Core", () => {
  let core: CoreRig;
  before(async () => {
    core = await CoreRig.start();
  });
  after(() => core.remove());

  it("are made, shown, replaced and deleted", async () => {
    const made = await core.post("/api/apps", { name: "shop", compose: COMPOSE, domain: "shop.example.com" });
    expect(made.status).to.equal(201);
    const id = String(made.body.app?.id);
    expect(made.headers.get("location")).to.equal(`/api/apps/${id}`);
    expect(made.etag).to.equal(`"${made.body.app?.revision}"`);
    expect(made.body.app).to.include({ version: 1, status: "stopped", nodeId: null, description: null });
    expect((await core.get(`/api/apps/${id}`)).body.app).to.deep.equal(made.body.app);
    const put = await core.call("PUT", `/api/apps/${id}`, { compose: COMPOSE, description: "sells" });
    expect(put.body.app).to.include({ version: 2, description: "sells", domain: null, name: "shop" });
    expect((await core.call("DELETE", `/api/apps/${id}`)).status).to.equal(204);
    expect((await core.get(`/api/apps/${id}`)).status).to.equal(404);
    expect(list((await core.get("/api/jobs")).body.jobs), "never deployed: nothing to remove").to.deep.equal([]);
  });

  it("count a version for compose, domain and node alone", async () => {
    const id = await core.app("versions");
    const put = async (fields: object) =>
      (await core.call("PUT", `/api/apps/${id}`, { compose: COMPOSE, ...fields })).body.app;
    expect((await put({ description: "d", metadata: { a: 1 } }))?.version).to.equal(1);
    expect((await put({ domain: "a.example.com" }))?.version).to.equal(2);
    expect((await put({ domain: "a.example.com", compose: `${COMPOSE}# more\n` }))?.version).to.equal(3);
    const { body } = await core.get(`/api/apps/${id}/versions`);
    expect(list(body.versions).map(({ version, domain }) => [version, domain])).to.deep.equal([
      [3, "a.example.com"],
      [2, "a.example.com"],
      [1, null],
    ]);
  });

  it("are not written when nothing changes", async () => {
    const id = await core.app("same", { metadata: { b: 1, a: [2] } });
    const before = await core.get(`/api/apps/${id}`);
    const changes = await core.get("/api/changes");
    const put = await core.call("PUT", `/api/apps/${id}`, { compose: COMPOSE, metadata: { a: [2], b: 1 } });
    expect(put.body).to.deep.include({ message: "nothing changed", app: before.body.app });
    expect(put.etag).to.equal(before.etag);
    expect((await core.get("/api/changes")).etag).to.equal(changes.etag);
  });

  it("are written to the revision that was seen, or not at all", async () => {
    const id = await core.app("matched");
    const { etag } = await core.get(`/api/apps/${id}`);
    const headers = { "if-match": etag ?? "" };
    const put = (domain: string) => core.call("PUT", `/api/apps/${id}`, { compose: COMPOSE, domain }, { headers });
    const first = await put("a.example.com");
    expect(first.status).to.equal(200);
    const second = await put("b.example.com");
    expect(second.status).to.equal(412);
    expect(second.body.code).to.equal("PRECONDITION_FAILED");
    expect(second.body.detail).to.include(first.etag);
    expect(second.etag).to.equal(first.etag);
    expect((await core.call("DELETE", `/api/apps/${id}`, undefined, { headers })).status).to.equal(412);
    expect((await core.post(`/api/apps/${id}/deploy`, {}, { headers })).status).to.equal(412);
    const star = { "if-match": '"1", *' };
    expect((await core.call("DELETE", `/api/apps/${id}`, undefined, { headers: star })).status).to.equal(412);
    expect((await core.call("DELETE", `/api/apps/${id}`, undefined, { headers: { "if-match": "*" } })).status).to.equal(
      204,
    );
  });

  it("have one of each name", async () => {
    const id = await core.app("only");
    const { status, body, field } = await core.post("/api/apps", { name: "only", compose: COMPOSE });
    expect(status).to.equal(409);
    expect(body.code).to.equal("CONFLICT");
    expect(field).to.equal("name");
    expect(body.detail).to.include(id);
  });

  for (const [what, fields, field, message] of [
    ["no YAML", { compose: "services: [" }, "compose", /not valid YAML.* line 1/],
    ["no mapping", { compose: "- a" }, "compose", /not a mapping/],
    ["no services", { compose: "version: '3'" }, "compose", /services/],
    ["a node that is not there", { nodeId: "nowhere" }, "nodeId", /node "nowhere" not found/],
    ["a name with capitals", { name: "Shop" }, "name", /lowercase/],
    ["a field that is not known", { composed: 1 }, undefined, /composed/],
    ["too large a document", { compose: `services: {}\n#${"é".repeat(300 * 1024)}` }, "compose", /524288/],
  ] as const) {
    it(`are refused with ${what}`, async () => {
      const {
        status,
        body,
        field: invalid,
      } = await core.post("/api/apps", { name: "bad", compose: COMPOSE, ...fields });
      expect(status).to.equal(400);
      expect(body.code).to.equal("INVALID");
      expect(invalid).to.equal(field);
      expect(body.detail).to.match(message);
    });
  }

  it("are not deleted while something names them", async () => {
    const id = await core.app("named");
    const route = await core.post("/api/routes", { hostname: "n.example.com", target: "web:80", appId: id });
    const policy = await core.post("/api/backups/policies", {
      name: "p",
      appId: id,
      schedule: "0 2 * * *",
      retentionDays: 7,
    });
    const secret = await core.post("/api/secrets", { name: "s", scope: "app", scopeId: id, value: "v" });
    const refused = await core.call("DELETE", `/api/apps/${id}`);
    expect(refused.status).to.equal(409);
    expect(refused.body.code).to.equal("IN_USE");
    expect(refused.body.detail).to.match(/route n\.example\.com\/, backup policy p, secret s/);
    await core.call("DELETE", `/api/routes/${route.body.route?.id}`);
    await core.call("DELETE", `/api/backups/policies/${policy.body.policy?.id}`);
    await core.call("DELETE", `/api/secrets/${secret.body.secret?.id}`);
    expect((await core.call("DELETE", `/api/apps/${id}`)).status).to.equal(204);
  });
});
