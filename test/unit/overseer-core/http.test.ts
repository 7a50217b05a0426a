import { connect } from "node:net";
import { expect } from "chai";
import fc from "fast-check";
import { routeTable } from "../../../src/overseer-core/http/table.js";
import type { Liveness } from "../../../src/overseer-core/operations/liveness.js";
import type { Store } from "../../../src/overseer-core/store/store.js";
import { FakeLogger } from "../support/fake-logger.js";
import { CoreRig, list } from "./rig.js";

describe("the API of a Core", () => {
  let core: CoreRig;
  const logger = new FakeLogger();
  before(async () => {
    core = await CoreRig.start({ logger });
  });
  after(() => core.remove());

  it("asks for a token, but for health and its own description", async () => {
    for (const path of ["/health", "/openapi.json"])
      expect((await core.get(path, { token: null })).status).to.equal(200);
    for (const token of [
      null,
      "x",
      "ovc_0_0",
      `${core.admin}0`,
      core.admin.slice(0, -1),
      core.admin.replace(/_.*_/, "_x_"),
    ]) {
      const { status, body, headers } = await core.get("/api/apps", { token });
      expect([status, body.code], `${token?.length}`).to.deep.equal([401, "UNAUTHENTICATED"]);
      expect(headers.get("www-authenticate")).to.equal("Bearer");
    }
  });

  it("lets each role do its part", async () => {
    const reader = await core.token("reader", "reader");
    const node = await core.node("one");
    const other = await core.node("two");
    const status = async (token: string, method: string, path: string, body?: unknown) =>
      (await core.call(method, path, body, { token })).status;
    for (const path of [
      "/api/apps",
      "/api/routes",
      "/api/secrets",
      "/api/nodes",
      "/api/jobs",
      "/api/audit",
      "/api/changes",
    ]) {
      expect(await status(reader, "GET", path), path).to.equal(200);
      expect(await status(node.token, "GET", path), path).to.equal(403);
    }
    expect(await status(reader, "GET", "/api/tokens")).to.equal(403);
    expect(await status(reader, "POST", "/api/apps", { name: "a", compose: "services: {}" })).to.equal(403);
    expect(await status(reader, "POST", "/api/jobs/claim", { nodeId: node.id })).to.equal(403);
    expect(await status(node.token, "GET", `/api/nodes/${node.id}`)).to.equal(200);
    expect(await status(node.token, "GET", `/api/nodes/${other.id}`)).to.equal(403);
    expect(await status(node.token, "PUT", `/api/nodes/${node.id}/config`, { config: {} })).to.equal(403);
  });

  it("gives a secret-reader the values of global secrets, and nothing else", async () => {
    const token = await core.token("gitops", "secret-reader");
    const app = (await core.post("/api/apps", { name: "own", compose: "services: {}" })).body.app as unknown as {
      id: string;
    };
    const made = async (body: object): Promise<string> =>
      ((await core.post("/api/secrets", body)).body.secret as unknown as { id: string }).id;
    const global = await made({ name: "g", value: "v1", valueTag: "t1", metadata: { a: "b" } });
    const scoped = await made({ name: "s", scope: "app", scopeId: app.id, value: "v2" });
    const value = (id: string) => core.call("POST", `/api/secrets/${id}/value`, undefined, { token });
    expect((await value(global)).body).to.deep.equal({ value: "v1" });
    expect((await value(scoped)).status).to.equal(403);
    const backup = await value(await made({ name: "backup.RESTIC_PASSWORD", value: "v4" }));
    expect(backup.status).to.equal(403);
    expect(backup.body.detail).to.match(/^the secret backup\.RESTIC_PASSWORD is for backups or registries/);
    expect((await core.call("POST", `/api/secrets/${global}/value`)).status).to.equal(403);
    for (const path of ["/api/apps", "/api/changes", "/api/audit", "/api/tokens", `/api/secrets/${global}`])
      expect((await core.get(path, { token })).status, path).to.equal(403);
    expect((await core.call("PUT", `/api/secrets/${global}`, { value: "v3" }, { token })).status).to.equal(403);
    // A value of another writer has no tag; the owner stays.
    const after = (await core.call("PUT", `/api/secrets/${global}`, { value: "v3" })).body.secret;
    expect(after).to.deep.include({ valueTag: null, metadata: { a: "b" } });
    await core.call("DELETE", `/api/secrets/${scoped}`);
    await core.call("DELETE", `/api/secrets/${global}`);
    await core.call("DELETE", `/api/apps/${app.id}`);
  });

  it("forgets a token that is deleted, and keeps the last of an admin", async () => {
    const value = await core.token("short", "reader");
    const tokens = list((await core.get("/api/tokens")).body.tokens);
    expect(JSON.stringify(tokens)).not.to.include(value);
    const id = (name: string) => tokens.find((token) => `${token.name}` === name)?.id;
    expect((await core.call("DELETE", `/api/tokens/${id("short")}`)).status).to.equal(204);
    expect((await core.get("/api/apps", { token: value })).status).to.equal(401);
    expect((await core.call("DELETE", `/api/tokens/${id("admin")}`)).body.code).to.equal("IN_USE");
    expect((await core.post("/api/tokens", { name: "x", role: "reader", node: "one" })).status).to.equal(400);
    expect((await core.post("/api/tokens", { name: "admin", role: "reader" })).status).to.equal(409);
  });

  it("answers what waits with a token that is deleted at once, and gives it no job", async () => {
    const reader = await core.token("waiting-reader", "reader");
    const node = await core.node("waiting");
    const app = await core.app("wanted", { nodeId: node.id });
    const prefer = "wait=60";
    const [changes, routes] = await Promise.all([
      core.get("/api/changes", { token: reader }),
      core.get(`/api/nodes/${node.id}/routes`, { token: node.token }),
    ]);
    const since = (etag: string | null) => ({ prefer, "if-none-match": etag ?? "" });
    const waiting = [
      core.get("/api/changes", { token: reader, headers: since(changes.etag) }),
      core.get(`/api/nodes/${node.id}/routes`, { token: node.token, headers: since(routes.etag) }),
      core.post("/api/jobs/claim", { nodeId: node.id }, { token: node.token, headers: { prefer } }),
    ];
    const tokens = list((await core.get("/api/tokens")).body.tokens);
    for (const name of ["waiting-reader", "agent-waiting"]) {
      const id = tokens.find((token) => `${token.name}` === name)?.id;
      expect((await core.call("DELETE", `/api/tokens/${id}`)).status).to.equal(204);
    }
    const { body } = await core.post(`/api/apps/${app}/deploy`);
    for (const answer of await Promise.all(waiting)) {
      expect(answer.status).to.equal(401);
      expect(String(answer.body.detail)).to.match(/was deleted: use another one$/);
    }
    expect((await core.get(`/api/jobs/${body.job?.id}`)).body.job?.status).to.equal("pending");
  });

  it("makes the first token once", async () => {
    const before = core.admin;
    await core.reopen();
    expect(core.admin).to.equal(before);
    expect((await core.get("/api/apps")).status).to.equal(200);
  });

  it("gives every list and resource an ETag, and 304 to who has it", async () => {
    const app = await core.app("tagged");
    const paths = ["apps", "routes", "secrets", "nodes", "jobs", "tokens", "sign-in-providers", "backups/policies"];
    for (const path of [...paths.map((name) => `/api/${name}`), `/api/apps/${app}`, `/api/apps/${app}/versions`]) {
      const { etag } = await core.get(path);
      expect(etag, path).to.match(/^"[^"]+"$/);
      const again = await core.get(path, { headers: { "if-none-match": `"other", W/${etag}` } });
      expect([again.status, again.etag], path).to.deep.equal([304, etag]);
    }
    const before = (await core.get("/api/apps")).etag;
    await core.call("DELETE", `/api/apps/${app}`);
    expect((await core.get("/api/apps")).etag, "a deletion changes the list").not.to.equal(before);
  });

  for (const [what, body, headers, status, code] of [
    ["no JSON", "{", {}, 400, "INVALID"],
    ["no body", undefined, {}, 400, "INVALID"],
    ["an empty body", "", {}, 400, "INVALID"],
    ["null", "null", {}, 400, "INVALID"],
    ["a list", "[]", {}, 400, "INVALID"],
    ["a body that is nested a thousand levels deep", `${'{"a":'.repeat(1000)}1${"}".repeat(1000)}`, {}, 400, "INVALID"],
    ["100,000 brackets", "[".repeat(100_000), {}, 400, "INVALID"],
    [
      "a member __proto__",
      '{"name":"p","compose":"services: {}","metadata":{"__proto__":{"a":1}}}',
      {},
      400,
      "INVALID",
    ],
    [
      "another media type",
      "name=x",
      { "content-type": "application/x-www-form-urlencoded" },
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    ],
    [
      "more than a mebibyte",
      JSON.stringify({ name: "x", compose: "x".repeat(1024 * 1024) }),
      {},
      413,
      "BODY_TOO_LARGE",
    ],
    ["half a character", '{"name":"half","compose":"services: {}","description":"\\ud800"}', {}, 400, "INVALID"],
  ] as const) {
    it(`answers ${what} with ${code}`, async () => {
      const answer = await core.call("POST", "/api/apps", body, { headers });
      expect([answer.status, answer.body.code]).to.deep.equal([status, code]);
    });
  }

  it("answers a path that is not there, a method that is not, and a query that is not", async () => {
    for (const [method, path] of [
      ["GET", "/api/none"],
      ["GET", "/"],
      ["GET", "/api/apps/"],
    ] as const) {
      const { status, body } = await core.call(method, path);
      expect([status, body.code], path).to.deep.equal([404, "NOT_FOUND"]);
    }
    const patch = await core.call("PATCH", "/api/apps", {});
    expect([patch.status, patch.headers.get("allow")]).to.deep.equal([405, "GET, HEAD, POST"]);
    expect((await core.get("/api/apps/%zz")).body.code).to.equal("INVALID");
    expect(await core.get("/api/audit?limit=1001")).to.deep.include({ status: 400, field: "limit" });
    expect((await core.get("/api/audit?limit=1&limit=2")).status).to.equal(400);
    expect((await core.get("/api/jobs?state=x")).status).to.equal(400);
    expect((await core.get("/api/jobs?status=done")).field).to.equal("status");
    expect((await core.get(`/api/apps/${"x".repeat(5000)}`)).body.code).to.equal("INVALID");
  });

  it("writes down who did what, the newest first", async () => {
    const id = await core.app("audited");
    await core.call("PUT", `/api/apps/${id}`, { compose: "services: {}" });
    const events = list((await core.get("/api/audit?limit=2")).body.events);
    expect(
      events.map(({ actor, action, resource, resourceId }) => ({ actor, action, resource, resourceId })),
    ).to.deep.equal([
      { actor: "admin", action: "app.update", resource: "app", resourceId: id },
      { actor: "admin", action: "app.create", resource: "app", resourceId: id },
    ]);
    const before = (await core.get("/api/audit?limit=1")).etag;
    await core.call("PUT", `/api/apps/${id}`, { compose: "services: {}" });
    await core.post("/api/apps", { name: "audited", compose: "services: {}" });
    expect((await core.get("/api/audit?limit=1")).etag, "neither nothing nor a refusal is a deed").to.equal(before);
  });

  it("answers what makes no sense on every route, and never fails itself", async function () {
    this.timeout(120_000);
    const app = await core.app("target");
    const values = fc.sample(fc.jsonValue({ maxDepth: 3 }), { numRuns: 12, seed: 4711 });
    const routes = routeTable({} as Store, {} as Liveness);
    for (const { method, path } of routes.filter((route) => route.path !== "/api/jobs/claim")) {
      for (const value of [...values, { name: [], compose: 1 }, { config: null }]) {
        const id = method === "DELETE" ? "%00%ff%2e%2e" : app;
        const options = { headers: { "if-match": '"1', prefer: "wait=-1, wait=x" } };
        const place = path.replace(
          ":id",
          method === "GET" ? encodeURIComponent(JSON.stringify(value)).slice(0, 90) : id,
        );
        const { status } = await core.call(
          method,
          place,
          method === "GET" ? undefined : JSON.stringify(value),
          options,
        );
        expect(status, `${method} ${place} ${JSON.stringify(value)}`).to.be.lessThan(500);
      }
    }
  });

  it("answers what is no HTTP, and lives on", async () => {
    const answer = await raw(core.url, "GARBAGE\r\n\r\n");
    expect(answer).to.match(/^HTTP\/1\.1 400/);
    expect(JSON.parse(answer.split("\r\n\r\n")[1] ?? "").code).to.equal("INVALID");
    expect((await core.get("/health")).status).to.equal(200);
  });

  it("has logged nothing that nobody expected", () => {
    expect(logger.lines.filter(({ level }) => level === "error")).to.deep.equal([]);
  });
});

/** Sends bytes, and gives all that comes back until the other side closes. */
function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let all = "";
    socket.on("data", (chunk) => {
      all += chunk.toString();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(all));
  });
}
