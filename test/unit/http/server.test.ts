import { connect } from "node:net";
import { expect } from "chai";
import { z } from "zod";
import { systemClock } from "../../../src/base/clock.js";
import { OverseerError } from "../../../src/base/errors.js";
import { ProblemError } from "../../../src/http/problem.js";
import { SECURITY_HEADERS } from "../../../src/http/response.js";
import { routesFor } from "../../../src/http/route.js";
import { HttpServer } from "../../../src/http/server.js";
import { FakeLogger } from "../support/fake-logger.js";
import { HttpRig } from "./support/http-rig.js";

type Role = "anonymous" | "writer";
const route = routesFor<Role, string>();
const JSON_TYPE = { "content-type": "application/json" };
const SECRET = "s3cret-value";
const Item = z.strictObject({ name: z.string().max(8), tags: z.array(z.string().max(3)).default([]) });

describe("HttpServer", () => {
  const aborted: string[] = [];
  const routes = [
    route({
      method: "GET",
      path: "/items/:id",
      summary: "Returns an item.",
      access: "anonymous",
      query: z.strictObject({ limit: z.coerce.number().int().max(9).optional() }),
      responses: { 200: z.object({ id: z.string(), caller: z.string(), limit: z.number().optional() }) },
      handle: ({ params: { id }, caller, query }) => ({ status: 200, body: { id, caller, ...query } }),
    }),
    route({
      method: "PUT",
      path: "/items/:id",
      summary: "Replaces an item.",
      access: "writer",
      conditional: true,
      maxBodyBytes: 200,
      body: Item,
      responses: { 200: Item, 204: "empty" },
      handle: ({ body, expectRevision }) => {
        expectRevision({ revision: 7 });
        return body.name === "none" ? { status: 204 } : { status: 200, body, etag: '"8"' };
      },
    }),
    route({
      method: "POST",
      path: "/bugs",
      summary: "Fails.",
      access: "anonymous",
      body: z.object({ kind: z.string() }),
      responses: { 200: "text" },
      handle: ({ body: { kind } }) => {
        if (kind === "thrown") throw new Error(`cannot use ${SECRET}`);
        if (kind === "busy") throw new ProblemError("BUSY", "retry later", { retryAfter: 5 });
        return { status: 200, body: kind };
      },
    }),
    route({
      method: "POST",
      path: "/slow",
      summary: "Takes too long.",
      access: "anonymous",
      timeoutMs: 50,
      responses: { 204: "empty" },
      handle: ({ signal }) =>
        new Promise<never>((_, reject) => {
          signal.addEventListener("abort", () => {
            aborted.push("slow");
            reject(new Error("aborted"));
          });
        }),
    }),
  ];
  let rig: HttpRig;
  before(async () => {
    rig = await HttpRig.start(routes, {
      authorize: (access, { authorization }) => {
        if (access === "writer" && authorization !== "Bearer w") throw new ProblemError("UNAUTHENTICATED", "no token");
        return authorization === undefined ? "nobody" : "writer";
      },
    });
  });
  after(() => rig.server.stop());

  const put = (body: string, headers: Record<string, string> = {}) =>
    rig.call("PUT", "/items/1", body, { authorization: "Bearer w", ...JSON_TYPE, ...headers });

  it("passes validated requests on, with parameters by their names", async () => {
    expect((await rig.call("GET", "/items/a%20b?limit=3")).body).to.deep.equal({
      id: "a b",
      caller: "nobody",
      limit: 3,
    });
    const { status, body, headers } = await put('{"name":"x"}');
    expect([status, body, headers.get("etag")]).to.deep.equal([200, { name: "x", tags: [] }, '"8"']);
    expect((await put('{"name":"none"}')).status).to.equal(204);
  });

  it("lists all invalid parts of a request, and quotes no value", async () => {
    const { status, body, headers } = await put(`{"name":"${SECRET}","tags":["a","${SECRET}"]}`);
    expect(headers.get("content-type")).to.match(/^application\/problem\+json/);
    expect(body).to.include({ status, type: "tag:gitops.overseer.io,2026:INVALID", code: "INVALID" });
    expect(body.detail).to.match(/^name: .*\(and 1 more\)$/);
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer)).to.deep.equal(["#/name", "#/tags/1"]);
    expect(JSON.stringify(body)).not.to.include(SECRET);
    const query = await rig.call("GET", "/items/1?limit=10");
    expect([query.status, query.body.errors[0].parameter]).to.deep.equal([400, "limit"]);
    expect((await rig.call("GET", "/items/1?unknown=1")).status).to.equal(400);
  });

  it("checks who calls before it reads the body", async () => {
    const { status, headers } = await rig.call("PUT", "/items/1", "{", JSON_TYPE);
    expect([status, headers.get("www-authenticate")]).to.deep.equal([401, "Bearer"]);
  });

  it("honors If-Match on writes, and If-None-Match on reads", async () => {
    const stale = await put('{"name":"x"}', { "if-match": '"6"' });
    expect([stale.status, stale.body.code, stale.headers.get("etag")]).to.deep.equal([
      412,
      "PRECONDITION_FAILED",
      '"7"',
    ]);
    expect((await put('{"name":"x"}', { "if-match": '"7"' })).status).to.equal(200);
    const etag = (await rig.call("GET", "/items/1")).headers.get("etag") ?? "";
    const again = await rig.call("GET", "/items/1", undefined, { "if-none-match": etag });
    expect([again.status, again.body, again.headers.get("etag")]).to.deep.equal([304, "", etag]);
  });

  it("responds to HEAD like to GET, and names the methods of a path", async () => {
    const head = await rig.call("HEAD", "/items/1");
    expect([head.status, head.body]).to.deep.equal([200, ""]);
    for (const method of ["DELETE", "PATCH", "OPTIONS"]) {
      const { status, headers } = await rig.call(method, "/items/1");
      expect([status, headers.get("allow")], method).to.deep.equal([405, "GET, HEAD, PUT"]);
    }
  });

  it("limits the size and the type of bodies", async () => {
    expect((await put(`{"name":"${"x".repeat(300)}"}`)).body).to.include({ status: 413, code: "BODY_TOO_LARGE" });
    for (const type of ["text/plain", "application/jsonp", "application/x-www-form-urlencoded"]) {
      expect((await put('{"name":"x"}', { "content-type": type })).body.code, type).to.equal("UNSUPPORTED_MEDIA_TYPE");
    }
    expect((await put('{"name":"x"}', { "content-type": "application/json; charset=utf-8" })).status).to.equal(200);
  });

  it("ends a handler that takes too long, and aborts its work", async () => {
    const { status, body, headers } = await rig.call("POST", "/slow", "{}", JSON_TYPE);
    expect([status, body.code, headers.get("retry-after")]).to.deep.equal([503, "TIMED_OUT", "5"]);
    expect(aborted).to.deep.equal(["slow"]);
  });

  it("hides what went wrong inside, and logs it under the same name", async () => {
    const { status, body } = await rig.call("POST", "/bugs", '{"kind":"thrown"}', JSON_TYPE);
    expect([status, body.code]).to.deep.equal([500, "INTERNAL"]);
    expect(body.detail).to.include(body.instance).and.not.include(SECRET);
    expect(
      rig.logger.lines.filter(({ level }) => level === "error").map(({ fields }) => fields?.instance),
    ).to.deep.equal([body.instance]);
    const busy = await rig.call("POST", "/bugs", '{"kind":"busy"}', JSON_TYPE);
    expect([busy.status, busy.headers.get("retry-after")]).to.deep.equal([503, "5"]);
  });

  it("sends the security headers with every response", async () => {
    const responses = [
      await rig.call("GET", "/items/1"),
      await rig.call("GET", "/none"),
      await rig.call("GET", "/items/%zz"),
      await rig.call("PATCH", "/items/1"),
      await rig.call("POST", "/bugs", '{"kind":"text"}', JSON_TYPE),
    ];
    expect(responses.map(({ status }) => status)).to.deep.equal([200, 404, 400, 405, 200]);
    for (const { headers, status } of responses) {
      for (const [name, value] of Object.entries(SECURITY_HEADERS))
        expect(headers.get(name), `${status}`).to.equal(value);
    }
    const raw = await garbage(rig.server.port ?? 0);
    expect(raw)
      .to.match(/^HTTP\/1\.1 400 Bad Request\r\n/)
      .and.include("x-content-type-options: nosniff");
    expect(JSON.parse(raw.split("\r\n\r\n")[1] ?? "")).to.include({ code: "INVALID", status: 400 });
  });

  it("refuses an address that is taken, and names the flag", async () => {
    const options = { host: "127.0.0.1", port: rig.server.port ?? 0, addressFlags: "--metrics-address" };
    const second = new HttpServer({ ...options, clock: systemClock, logger: new FakeLogger() });
    const error = await second.start().catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(OverseerError).and.include({ code: "SERVER_LISTEN_FAILED", class: "terminal" });
    expect((error as Error).message).to.include("--metrics-address");
    await second.stop();
  });
});

/** Sends what is no HTTP; returns everything up to the end of the connection. */
function garbage(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("GARBAGE\r\n\r\n"));
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}
