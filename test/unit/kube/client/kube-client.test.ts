import { getEventListeners } from "node:events";
import { expect } from "chai";
import { KubeConnectionError, KubeStatusError } from "../../../../src/kube/errors.js";
import { eventually, rejection } from "../../support/eventually.js";
import { FakeApiServer } from "../../support/fake-api-server.js";
import { RawServer } from "../../support/raw-server.js";

const GET = { method: "GET", path: "/api/v1/pods" } as const;

describe("kube/client", () => {
  let server: FakeApiServer;
  beforeEach(async () => {
    server = await FakeApiServer.start();
  });
  afterEach(() => server.close());

  describe("requests", () => {
    it("sends method, headers, body and the impersonated user", async () => {
      server.onCall = (call) => call.json({ ok: true }, 201);
      const impersonate = "system:serviceaccount:shop:deployer";
      const request = { method: "PATCH", path: "/x", body: { a: "ü" }, contentType: "application/apply-patch+yaml" };
      const answer = await server.client().request({ ...request, method: "PATCH", impersonate });
      expect(answer).to.deep.equal({ status: 201, body: { ok: true }, warnings: [] });
      const call = await server.next();
      expect(call).to.deep.include({ method: "PATCH", path: "/x", body: { a: "ü" } });
      expect(call.headers).to.deep.include({
        accept: "application/json",
        "content-type": "application/apply-patch+yaml",
        "impersonate-user": impersonate,
        "user-agent": "tests",
      });
    });

    it("sends no content type and no impersonation unless asked to", async () => {
      server.onCall = (call) => call.json({});
      await server.client().request({ ...GET, impersonate: undefined });
      const { headers } = await server.next();
      expect(headers).not.to.have.any.keys("content-type", "impersonate-user", "authorization");
    });

    it("escapes the query, and leaves out what is undefined", async () => {
      server.onCall = (call) => call.json({});
      const query = { labelSelector: "a in (b,c),d!=e&f", continue: undefined, fieldSelector: "metadata.name=ü+ /" };
      await server.client().request({ ...GET, query });
      await server.client().request({ ...GET, query: { nothing: undefined } });
      const call = await server.next();
      expect(call.rawQuery).to.match(/^[\w=&.%+*-]+$/);
      expect(call.query).to.deep.equal({ labelSelector: query.labelSelector, fieldSelector: query.fieldSelector });
      expect((await server.next()).rawQuery).to.equal("");
    });

    it("puts the path of the server's address before each path", async () => {
      server.onCall = (call) => call.json({});
      const client = server.client({ access: server.access({ server: `${server.url}/k8s/clusters/c-1` }) });
      await client.request(GET);
      for await (const _ of await client.stream(GET));
      expect(server.calls.map(({ path }) => path)).to.deep.equal(Array(2).fill("/k8s/clusters/c-1/api/v1/pods"));
    });

    it("tells the time of the server, from the header Date", async () => {
      const client = server.client();
      expect(client.serverTime(), "before the first response").to.equal(undefined);
      const date = new Date(Date.now() + 7 * 86_400_000);
      server.onCall = (call) => call.json({}, 200, { date: date.toUTCString() });
      await client.request(GET);
      expect(client.serverTime()).to.be.closeTo(date.getTime(), 60_000);
    });

    it("returns undefined for an empty response", async () => {
      server.onCall = (call) => call.text("");
      expect((await server.client().request(GET)).body).to.equal(undefined);
    });

    it("reads the warnings, of one header or of several", async () => {
      const warning = ['299 - "v1beta1 is \\"old\\", use v1"', '299 - "second", 299 kube "third" "Sat, 25 Aug 2012"'];
      server.onCall = (call) => call.json({}, 200, { warning });
      const { warnings } = await server.client().request(GET);
      expect(warnings).to.deep.equal(['v1beta1 is "old", use v1', "second", "third"]);
    });
  });

  describe("retries", () => {
    for (const [method, tries] of [
      ["GET", 3],
      ["PUT", 3],
      ["PATCH", 3],
      ["POST", 1],
      ["DELETE", 1],
    ] as const) {
      it(`sends a ${method} whose connection broke ${tries === 1 ? "once" : `${tries} times`}`, async () => {
        server.onCall = (call) => call.cut();
        const error = await rejection(server.client().request({ method, path: "/x" }));
        expect(error).to.be.instanceOf(KubeConnectionError);
        expect(server.calls.length).to.equal(tries);
      });
    }

    it("do not repeat a JSON patch whose connection broke: it may append", async () => {
      server.onCall = (call) => call.cut();
      const contentType = "application/json-patch+json";
      const body = [{ op: "add", path: "/metadata/finalizers/-", value: "a/b" }];
      const error = await rejection(server.client().request({ method: "PATCH", path: "/x", contentType, body }));
      expect(error).to.be.instanceOf(KubeConnectionError);
      expect(server.calls.length).to.equal(1);
    });

    it("end with the first response", async () => {
      server.onCall = (call) => (server.calls.length < 2 ? call.cut() : call.json({ a: 1 }));
      expect((await server.client().request({ method: "PATCH", path: "/x", body: {} })).body).to.deep.equal({ a: 1 });
      expect(server.calls.map(({ body }) => body)).to.deep.equal([{}, {}]);
    });

    it("leave rejected requests to the caller", async () => {
      server.onCall = (call) => call.status(503, "ServiceUnavailable");
      await rejection(server.client().request(GET));
      expect(server.calls.length).to.equal(1);
    });
  });

  describe("credentials", () => {
    it("are renewed once after a 401, also for a POST, which was not carried out", async () => {
      const asked: boolean[] = [];
      const authHeaders = async (refresh: boolean): Promise<Record<string, string>> => {
        asked.push(refresh);
        return { authorization: refresh ? "Bearer new" : "Bearer old" };
      };
      server.onCall = (call) =>
        call.headers.authorization === "Bearer new" ? call.json({ a: 1 }) : call.status(401, "Unauthorized");
      const client = server.client({ access: server.access({ authHeaders }) });
      expect((await client.request({ method: "POST", path: "/x", body: {} })).body).to.deep.equal({ a: 1 });
      expect(asked).to.deep.equal([false, true]);
    });

    it("that stay invalid are an error after the second attempt", async () => {
      server.onCall = (call) => call.status(401, "Unauthorized");
      expect(await rejection(server.client().request(GET)))
        .to.be.instanceOf(KubeStatusError)
        .and.include({ statusCode: 401 });
      await rejection(server.client().stream(GET));
      expect(server.calls.length).to.equal(4);
    });

    it("that stay invalid: names their source and the remedy", async () => {
      server.onCall = (call) => call.status(401, "Unauthorized");
      const access = server.access({ signIn: "the token in here" });
      const error = (await rejection(server.client({ access }).request(GET))) as KubeStatusError;
      expect(error.message).to.equal(
        "authentication to the API server failed (401 Unauthorized) with the token in here, even after reloading it: renew the credential",
      );
      expect(error).to.include({ code: "KUBE_401", reason: "Unauthorized" });
    });

    it("that cannot be obtained are a connection error", async () => {
      const authHeaders = async (): Promise<never> => {
        throw new Error("no token");
      };
      const client = server.client({ access: server.access({ authHeaders }) });
      const error = await rejection(client.request(GET));
      expect(error).to.be.instanceOf(KubeConnectionError);
      expect((error as Error).message).to.include("no token");
    });
  });

  describe("connections", () => {
    it("are used again: 100 requests in a row need at most two", async () => {
      server.onCall = (call) => call.json({});
      const client = server.client();
      for (let i = 0; i < 100; i++) await client.request(GET);
      expect(server.connections).to.be.at.most(2);
    });

    it("are never more than allowed, and none is lost by errors: 100 requests at once, twice", async () => {
      server.onCall = (call) => (server.calls.length % 2 === 0 ? call.json({}) : call.status(404, "NotFound"));
      const client = server.client({ connections: 8 });
      for (let round = 0; round < 2; round++) {
        await Promise.allSettled(Array.from({ length: 100 }, () => client.request(GET)));
      }
      expect(server.calls.length).to.equal(200);
      expect(server.connections).to.be.at.most(8);
    });

    it("of watches are their own: they do not use up those of requests", async () => {
      server.onCall = (call) => (call.query.watch ? void call.open() : call.json({}));
      const client = server.client({ connections: 1 });
      await Promise.all(Array.from({ length: 20 }, () => client.stream({ ...GET, query: { watch: "1" } })));
      await client.request(GET);
      expect(server.open).to.equal(21);
    });
  });

  describe("abort", () => {
    it("ends a request that waits for its answer, and its connection", async () => {
      const abort = new AbortController();
      const request = server.client().request({ ...GET, signal: abort.signal });
      const call = await server.next();
      abort.abort();
      expect(await rejection(request)).to.equal(abort.signal.reason);
      await eventually("the connection is closed", () => call.left);
    });

    it("ends a request in the middle of the answer", async () => {
      const abort = new AbortController();
      const request = server.client().request({ ...GET, signal: abort.signal });
      (await server.next()).open().write("{");
      abort.abort();
      expect(await rejection(request)).to.equal(abort.signal.reason);
    });

    it("ends a request that waits for a free connection, and this one is never sent", async () => {
      const client = server.client({ connections: 1 });
      const first = client.request(GET);
      const call = await server.next();
      const abort = new AbortController();
      const second = client.request({ ...GET, signal: abort.signal });
      abort.abort();
      expect(await rejection(second)).to.equal(abort.signal.reason);
      call.json({});
      await first;
      server.onCall = (later) => later.json({});
      await client.request({ ...GET, path: "/later" });
      expect(server.calls.map(({ path }) => path)).to.deep.equal([GET.path, "/later"]);
    });

    it("ends a request whose connection does not come about", async () => {
      const mute = await RawServer.start();
      const client = server.client({ access: server.access({ server: `https://127.0.0.1:${mute.port}` }) });
      const abort = new AbortController();
      const request = client.request({ ...GET, signal: abort.signal });
      await eventually("the client connects", () => mute.sockets.size > 0);
      abort.abort();
      expect(await rejection(request)).to.equal(abort.signal.reason);
      await client.close();
      await mute.close();
    });

    it("before the beginning sends nothing", async () => {
      const signal = AbortSignal.abort();
      expect(await rejection(server.client().request({ ...GET, signal }))).to.equal(signal.reason);
      expect(server.connections).to.equal(0);
    });

    it("leaves no listener on a signal that lives on", async () => {
      const { signal } = new AbortController();
      const client = server.client();
      server.onCall = (call) => (call.path === "/no" ? call.status(404, "NotFound") : call.json({}));
      for (let i = 0; i < 20; i++) {
        await client.request({ ...GET, signal });
        await rejection(client.request({ ...GET, path: "/no", signal }));
        for await (const _ of await client.stream({ ...GET, signal }));
      }
      await eventually("no listener", () => getEventListeners(signal, "abort").length === 0);
    });
  });
});
