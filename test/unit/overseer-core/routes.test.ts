import { join } from "node:path";
import { expect } from "chai";
import { Database } from "../../../src/overseer-core/store/database.js";
import { CoreRig, list } from "./rig.js";

describe("routes of a Core", () => {
  let core: CoreRig;
  before(async () => {
    core = await CoreRig.start();
  });
  after(() => core.remove());

  it("are made, replaced and deleted; nothing is written when nothing changes", async () => {
    const app = await core.app("shop");
    const made = await core.post("/api/routes", { hostname: "a.example.com", target: "web:80", appId: app });
    expect(made.status).to.equal(201);
    expect(made.body.route).to.deep.include({ path: "/", tls: true, middleware: {}, metadata: {}, appId: app });
    const id = made.body.route?.id;
    const same = await core.call("PUT", `/api/routes/${id}`, {
      hostname: "a.example.com",
      target: "web:80",
      appId: app,
    });
    expect(same.etag).to.equal(made.etag);
    const put = await core.call("PUT", `/api/routes/${id}`, {
      hostname: "a.example.com",
      path: "/x",
      target: "web:81",
    });
    expect(put.body.route).to.include({ path: "/x", target: "web:81", appId: null });
    expect(put.etag).not.to.equal(made.etag);
    expect((await core.call("DELETE", `/api/routes/${id}`)).status).to.equal(204);
    expect((await core.get(`/api/routes/${id}`)).status).to.equal(404);
  });

  it("have one of each host name and path; the holder is named", async () => {
    const app = await core.app("holder");
    await core.post("/api/routes", { hostname: "b.example.com", target: "web:80", appId: app });
    const other = await core.post("/api/routes", { hostname: "b.example.com", path: "/api", target: "web:80" });
    const second = await core.post("/api/routes", { hostname: "b.example.com", target: "other:80" });
    expect([second.status, second.body.code]).to.deep.equal([409, "CONFLICT"]);
    expect(second.body.detail).to.include("of app holder");
    const id = other.body.route?.id;
    expect(
      (await core.call("PUT", `/api/routes/${id}`, { hostname: "b.example.com", target: "web:80" })).status,
    ).to.equal(409);
  });

  it("are the same place however a proxy may read their path", async () => {
    const hostname = "e.example.com";
    expect((await core.post("/api/routes", { hostname, path: "/admin", target: "web:80" })).status).to.equal(201);
    const other = await core.post("/api/routes", { hostname, path: "/Admin", target: "other:80" });
    expect([other.status, other.body.code]).to.deep.equal([409, "CONFLICT"]);
    expect(other.body.detail).to.match(/^e\.example\.com\/admin is already used/);
  });

  it("lose spellings of earlier versions when the Core starts, unless the name is taken", async () => {
    const hostname = "f.example.com";
    for (const path of ["/one", "/two", "/taken", "/other"])
      expect((await core.post("/api/routes", { hostname, path, target: "web:80" })).status).to.equal(201);
    await core.close();
    const database = Database.open(join(core.dataDir, "core.db"));
    const rename = database.query("UPDATE routes SET path = ? WHERE hostname = ? AND path = ?");
    for (const [from, to] of [
      ["/one", "/one//X/"],
      ["/two", "/[two]"],
      ["/other", "/taken/"],
    ] as const)
      rename.run(to, hostname, from);
    database.close();
    await core.open();
    const { routes } = (await core.get("/api/routes")).body;
    const paths = list(routes).flatMap((one) => (String(one.hostname) === hostname ? [String(one.path)] : []));
    expect(paths.sort()).to.deep.equal(["/[two]", "/one/x", "/taken", "/taken/"]);
  });

  it("are never open where a sign-in provider is asked for that is not there", async () => {
    const appId = await core.app("protected");
    const wanted = { hostname: "c.example.com", target: "web:80", appId, middleware: { auth: "corp" } };
    const { appId: _, ...homeless } = wanted;
    const unprotected = await core.post("/api/routes", homeless);
    expect([unprotected.status, unprotected.field]).to.deep.equal([400, "appId"]);
    const refused = await core.post("/api/routes", wanted);
    expect([refused.status, refused.field]).to.deep.equal([409, "middleware.auth"]);
    const provider = await core.post("/api/sign-in-providers", { name: "corp", type: "simulated" });
    expect(provider.status).to.equal(201);
    const made = await core.post("/api/routes", wanted);
    expect(made.status).to.equal(201);
    const gone = await core.call("DELETE", `/api/sign-in-providers/${provider.body.provider?.id}`);
    expect([gone.status, gone.body.code]).to.deep.equal([409, "IN_USE"]);
    expect(gone.body.detail).to.include("c.example.com/");
    await core.call("PUT", `/api/routes/${made.body.route?.id}`, { ...wanted, middleware: {} });
    expect((await core.call("DELETE", `/api/sign-in-providers/${provider.body.provider?.id}`)).status).to.equal(204);
  });

  for (const [what, fields, field] of [
    ["a port that is none", { target: "web:99999" }, "target"],
    ["a target without port", { target: "web" }, "target"],
    ["a host name with capitals", { hostname: "A.example.com" }, "hostname"],
    ["an app that is not there", { appId: "x" }, "appId"],
    ["a path that is none", { path: "x" }, "path"],
    ["a path with a slash at its end", { path: "/x/" }, "path"],
    ["a path of slashes", { path: "///" }, "path"],
    ["a path with a parent", { path: "/x/../y" }, "path"],
    ["a path with a pattern", { path: "/[x]" }, "path"],
    ["a path with a backslash", { path: "/x\\y" }, "path"],
    ["a path with an escape", { path: "/%61" }, "path"],
    ["a path with a letter that another one is the lowercase of", { path: "/adm\u0130n" }, "path"],
  ] as const) {
    it(`are refused with ${what}`, async () => {
      const { status, body, ...answer } = await core.post("/api/routes", {
        hostname: "d.example.com",
        target: "web:80",
        ...fields,
      });
      expect([status, body.code, answer.field]).to.deep.equal([400, "INVALID", field]);
    });
  }

  it("find an oidc provider without issuer wrong", async () => {
    expect((await core.post("/api/sign-in-providers", { name: "x", type: "oidc" })).field).to.equal("issuer");
  });
});

describe("backup policies of a Core", () => {
  let core: CoreRig;
  before(async () => {
    core = await CoreRig.start();
  });
  after(() => core.remove());

  const policy = { name: "daily", schedule: "0 2 * * *", retentionDays: 7 };

  it("are made, replaced and deleted", async () => {
    const made = await core.post("/api/backups/policies", policy);
    expect(made.status).to.equal(201);
    expect(made.body.policy).to.deep.include({ ...policy, enabled: true, appId: null, metadata: {} });
    const path = made.headers.get("location") ?? "";
    expect((await core.call("PUT", path, policy)).etag).to.equal(made.etag);
    const put = await core.call("PUT", path, { ...policy, enabled: false });
    expect(put.body.policy?.enabled).to.equal(false);
    expect((await core.get(path)).body.policy).to.deep.equal(put.body.policy);
    expect((await core.post("/api/backups/policies", policy)).status).to.equal(409);
    expect((await core.post("/api/backups/policies", { ...policy, name: "b", schedule: "daily" })).status).to.equal(
      400,
    );
    expect((await core.call("DELETE", path)).status).to.equal(204);
  });
});
