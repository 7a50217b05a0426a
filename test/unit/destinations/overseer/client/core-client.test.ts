import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { coreAccess } from "../../../../../src/destinations/overseer/client/core-access.js";
import { CoreClient } from "../../../../../src/destinations/overseer/client/core-client.js";
import { CoreError, isCoreError } from "../../../../../src/destinations/overseer/client/core-error.js";

describe("requests to a Core", () => {
  let server: Server;
  let client: CoreClient;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  const counted: string[] = [];
  before(async () => {
    server = createServer((request, response) => answer(request, response)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/behind`;
    const secret = { where: "Secret a/b", data: { token: Buffer.from("hush-hush").toString("base64") } };
    client = new CoreClient(coreAccess(url, secret, undefined, "k"), {
      userAgent: "test",
      onRequest: (method, code) => counted.push(`${method} ${code}`),
    });
  });
  after(async () => {
    await client.close();
    server.closeAllConnections();
    server.close();
  });
  const get = () => client.request({ method: "GET", path: "/api/apps?x=1" });
  const failure = async (work: Promise<unknown>): Promise<CoreError> => {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof CoreError)) throw new Error(`expected a CoreError, not ${String(error)}`);
    return error;
  };

  it("send the token, preconditions and a body", async () => {
    let seen: IncomingMessage | undefined;
    let text = "";
    answer = (request, response) => {
      seen = request;
      request.on("data", (chunk: Buffer) => (text += chunk.toString()));
      request.on("end", () => response.writeHead(200, { etag: 'W/"7"' }).end('{"a":1}'));
    };
    const result = await client.request({
      method: "PUT",
      path: "/api/apps/1",
      body: { é: 1 },
      ifMatch: "5",
      waitSeconds: 3,
    });
    expect(result).to.include({ status: 200, etag: "7" });
    expect(result.body).to.deep.equal({ a: 1 });
    expect(seen?.url).to.equal("/behind/api/apps/1");
    expect(seen?.headers).to.include({ authorization: "Bearer hush-hush", "if-match": '"5"', prefer: "wait=3" });
    expect(JSON.parse(text)).to.deep.equal({ é: 1 });
    expect(counted.at(-1)).to.equal("PUT 200");
  });

  for (const [status, code, uncertain] of [
    [400, "CORE_REFUSED", false],
    [401, "CORE_UNAUTHENTICATED", false],
    [403, "CORE_FORBIDDEN", false],
    [404, "CORE_NOT_FOUND", false],
    [405, "CORE_NOT_FOUND", false],
    [408, "CORE_FAILED", true],
    [409, "CORE_CONFLICT", false],
    [412, "CORE_CHANGED", false],
    [422, "CORE_REFUSED", false],
    [429, "CORE_FAILED", true],
    [500, "CORE_FAILED", true],
    [503, "CORE_FAILED", true],
  ] as const) {
    it(`that are answered ${status} fail with ${code}, in the Core's own words, without the token`, async () => {
      answer = (_, response) =>
        response.writeHead(status, { "retry-after": "2" }).end('{"error":{"code":"X","message":"because"}}');
      const error = await failure(get());
      expect(error.code).to.equal(code);
      expect(error.message).to.match(/: because \(GET \/api\/apps\)$/);
      expect(error.message).not.to.contain("hush");
      expect(error.uncertain).to.equal(uncertain);
      expect(error.retryAfterMs).to.equal(2_000);
    });
  }

  it("accept errors in other formats and of any length", async () => {
    answer = (_, response) => response.writeHead(500).end(JSON.stringify({ error: "x".repeat(5_000) }));
    expect((await failure(get())).message.length).to.be.lessThan(600);
    answer = (_, response) => response.writeHead(500).end("<html>");
    expect((await failure(get())).message).to.match(/failed \(500\) \(GET/);
    answer = (_, response) => response.writeHead(500).end("null");
    expect((await failure(get())).message).to.match(/failed \(500\) \(GET/);
  });

  it("fail on unexpected responses, and do not follow redirects", async () => {
    answer = (_, response) => response.writeHead(200).end("<html>");
    expect((await failure(get())).code).to.equal("CORE_INVALID_RESPONSE");
    answer = (_, response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end("moved");
    expect((await failure(get())).code).to.equal("CORE_INVALID_RESPONSE");
  });

  it("fail with an uncertain outcome when the connection breaks", async () => {
    answer = (request) => request.socket.destroy();
    const before = await failure(get());
    expect([before.code, before.uncertain]).to.deep.equal(["CORE_UNREACHABLE", true]);
    expect(counted.at(-1)).to.equal("GET error");
    answer = (request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("{", () => request.socket.destroy());
    };
    const within = await failure(get());
    expect([within.code, within.uncertain]).to.deep.equal(["CORE_INVALID_RESPONSE", true]);
  });

  it("return an empty response if nothing changed", async () => {
    answer = (_, response) => response.writeHead(304, { etag: '"9"' }).end();
    expect(await get()).to.deep.include({ status: 304, body: undefined, etag: "9" });
  });

  it("can be aborted", async () => {
    const stop = new AbortController();
    answer = () => stop.abort();
    const error = await client.request({ method: "GET", path: "/x", signal: stop.signal }).catch((thrown) => thrown);
    expect(isCoreError(error)).to.equal(false);
  });
});
