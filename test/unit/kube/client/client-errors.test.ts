import { expect } from "chai";
import type { KubeRequest } from "../../../../src/kube/client/kube-client.js";
import { KubeConnectionError, KubeStatusError } from "../../../../src/kube/errors.js";
import { rejection } from "../../support/eventually.js";
import { FakeApiServer } from "../../support/fake-api-server.js";
import { RawServer } from "../../support/raw-server.js";

const GET: KubeRequest = { method: "GET", path: "/api/v1/pods" };

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = await RawServer.start();
  await server.close();
  return server.port;
}

describe("kube/client: failures", () => {
  let server: FakeApiServer;
  beforeEach(async () => {
    server = await FakeApiServer.start();
  });
  afterEach(() => server.close());

  async function failure(request: KubeRequest = GET, client = server.client()): Promise<unknown> {
    return rejection(client.request(request));
  }

  it("keeps reason, causes and the HTTP status of what the API server refuses", async () => {
    const causes = [{ reason: "FieldValueInvalid", message: "no", field: "spec.x" }];
    server.onCall = (call) => call.status(422, "Invalid", { details: { name: "a", kind: "Pod", causes } });
    const error = (await failure()) as KubeStatusError;
    expect(error).to.be.instanceOf(KubeStatusError);
    expect(error).to.include({ statusCode: 422, code: "KUBE_422", reason: "Invalid", message: "no: Invalid" });
    expect(error.status.details?.causes).to.deep.equal(causes);
    expect(error.retryAfterMs).to.equal(undefined);
  });

  it("keeps the time to wait, of the header before that of the body", async () => {
    server.onCall = (call) =>
      call.query.header === undefined
        ? call.status(429, "TooManyRequests", { details: { retryAfterSeconds: 3 } })
        : call.status(
            429,
            "TooManyRequests",
            { details: { retryAfterSeconds: 3 } },
            { "retry-after": call.query.header },
          );
    expect(await failure()).to.include({ retryAfterMs: 3000 });
    expect(await failure({ ...GET, query: { header: "7" } })).to.include({ retryAfterMs: 7000 });
    expect(await failure({ ...GET, query: { header: "Wed, 21 Oct 2026 07:28:00 GMT" } })).to.include({
      retryAfterMs: 3000,
    });
  });

  for (const body of [
    "<html>bad gateway</html>",
    "",
    "null",
    "[]",
    '{"message":1}',
    '{"kind":"Other","message":"x"}',
  ]) {
    it(`makes a status error of an answer that is no Status: ${body || "nothing"}`, async () => {
      server.onCall = (call) => call.text(body, 502);
      const error = (await failure()) as KubeStatusError;
      expect(error).to.be.instanceOf(KubeStatusError);
      expect(error).to.include({ statusCode: 502, code: "KUBE_502", reason: "ApiServerError" });
      expect(error.message).to.be.a("string");
    });
  }

  it("cuts a long page of a gateway short, and says what was asked", async () => {
    server.onCall = (call) => call.text("x".repeat(10_000), 503);
    const error = (await failure()) as KubeStatusError;
    expect(error.message.length).to.be.lessThan(400);
    expect(error.message).to.include("503").and.to.include("GET /api/v1/pods");
  });

  it("reports a refused connection", async () => {
    const access = server.access({ server: `http://127.0.0.1:${await freePort()}` });
    const error = (await failure(GET, server.client({ access }))) as KubeConnectionError;
    expect(error).to.be.instanceOf(KubeConnectionError);
    expect(error).to.include({ code: "KUBE_UNREACHABLE", class: "retryable" });
    expect(error.message).to.include("ECONNREFUSED").and.to.include("GET /api/v1/pods");
  });

  it("reports it also for a name with several addresses, whose error has no message", async () => {
    const access = server.access({ server: `http://localhost:${await freePort()}` });
    const error = (await failure(GET, server.client({ access }))) as KubeConnectionError;
    expect(error.message).to.match(/no response from the API server: .*ECONNREFUSED/);
  });

  it("reports a server that closes without a response", async () => {
    server.onCall = (call) => call.cut();
    const error = (await failure({ method: "POST", path: "/x", body: {} })) as KubeConnectionError;
    expect(error).to.be.instanceOf(KubeConnectionError);
    expect(error.message).to.include("no response from the API server");
  });

  it("treats a truncated response as an error, with or without a content length", async () => {
    server.onCall = (call) => {
      call.open(call.query.length === undefined ? undefined : 1000).write('{"items":[]}');
      setImmediate(() => call.cut());
    };
    for (const query of [{}, { length: "1" }]) {
      const error = (await failure({ ...GET, query })) as KubeConnectionError;
      expect(error).to.be.instanceOf(KubeConnectionError);
      expect(error.message).to.include("cut short");
    }
  });

  it("reports invalid JSON without quoting it", async () => {
    server.onCall = (call) => call.text('{"data":{"password":"hunter2');
    const error = (await failure()) as KubeConnectionError;
    expect(error).to.be.instanceOf(KubeConnectionError);
    expect(error.message).to.include("28 characters").and.to.include("not valid JSON");
    expect(`${error.message} ${String(error.cause)} ${error.stack}`).not.to.include("hunter2");
  });

  it("reports text instead of JSON", async () => {
    server.onCall = (call) => call.text("<html>log in</html>");
    expect(((await failure()) as Error).message).to.include("not valid JSON");
  });

  it("rejects requests after it was closed", async () => {
    const client = server.client();
    await client.close();
    expect(await failure(GET, client)).to.be.instanceOf(KubeConnectionError);
  });

  it("notifies the observer once per request, with the status code", async () => {
    const seen: string[] = [];
    const onRequest = (method: string, code: string, seconds: number): void => {
      expect(seconds).to.be.at.least(0);
      seen.push(`${method} ${code}`);
    };
    const client = server.client({ onRequest });
    server.onCall = (call) => {
      if (call.path === "/cut") call.cut();
      else if (call.path === "/half") call.text("{");
      else if (call.path === "/no") call.status(404, "NotFound");
      else call.json({}, call.method === "POST" ? 201 : 200);
    };
    await client.request({ ...GET, path: "/ok" });
    await client.request({ method: "POST", path: "/ok", body: {} });
    await failure({ ...GET, path: "/no" }, client);
    await failure({ ...GET, path: "/half" }, client);
    await failure({ method: "POST", path: "/cut", body: {} }, client);
    for await (const _ of await client.stream({ ...GET, path: "/ok" }));
    await rejection(client.stream({ ...GET, path: "/no" }));
    expect(seen).to.deep.equal(["GET 200", "POST 201", "GET 404", "GET 200", "POST error", "WATCH 200", "WATCH 404"]);
  });

  it("returns a stream in chunks, and a connection error when it breaks", async () => {
    server.onCall = (call) => call.open().write("one");
    const pieces: string[] = [];
    const stream = await server.client().stream(GET);
    const error = await rejection(
      (async () => {
        for await (const piece of stream) {
          pieces.push(piece.toString());
          server.calls[0]?.cut();
        }
      })(),
    );
    expect(pieces).to.deep.equal(["one"]);
    expect(error).to.be.instanceOf(KubeConnectionError);
    expect((error as Error).message).to.include("cut short");
  });

  it("reports an address that is not an HTTP server", async () => {
    const mail = await RawServer.start((socket) => socket.end("220 mail\r\n"));
    const client = server.client({ access: server.access({ server: `http://127.0.0.1:${mail.port}` }) });
    expect(await failure(GET, client)).to.be.instanceOf(KubeConnectionError);
    await mail.close();
  });
});
