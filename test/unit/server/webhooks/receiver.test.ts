import { createHmac, randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { expect } from "chai";
import { systemClock } from "../../../../src/base/clock.js";
import { type LogFields, silentLogger } from "../../../../src/base/logger.js";
import type { ServerLimits } from "../../../../src/http/fastify-instance.js";
import { HttpServer } from "../../../../src/http/server.js";
import { WebhookReceiver } from "../../../../src/server/webhooks/receiver.js";
import { RefusalLog } from "../../../../src/server/webhooks/refusal-log.js";
import { webhookRoute } from "../../../../src/server/webhooks/route.js";
import { Slots } from "../../../../src/server/webhooks/slots.js";
import { waitUntil } from "../../../../tools/wait-until.js";
import { eventually } from "../../support/eventually.js";
import { FakeClock } from "../../support/fake-clock.js";

const TOKEN = randomBytes(16).toString("hex");
const MAX = 100_000;
const ADDRESS = {
  host: "127.0.0.1",
  port: 0,
  addressFlags: "--server-address",
  clock: systemClock,
  logger: silentLogger,
};

/** A server with the repository a/shop, and `b/broken` whose token cannot be had. */
async function startServer(limits: Partial<ServerLimits> = {}) {
  const pushes: string[] = [];
  const results: string[] = [];
  const log: string[] = [];
  const warn = (message: string, fields?: LogFields): void => void log.push(`${message} ${JSON.stringify(fields)}`);
  const receiver = new WebhookReceiver({
    secretOf: (repository) => ({ "a/shop": "hook", "b/broken": "hook" })[repository],
    tokenOf: async (namespace) => {
      if (namespace === "b") throw new Error("the Secret b/hook does not exist");
      return TOKEN;
    },
    onPush: (repository) => pushes.push(repository),
    slots: new Slots({ total: 2, perRepository: 1 }),
    maxBodyBytes: MAX,
    refusals: new RefusalLog(new FakeClock(), { ...silentLogger, warn }),
    observe: (provider, result) => results.push(`${provider} ${result}`),
  });
  const server = new HttpServer({ ...ADDRESS, limits });
  server.mount([webhookRoute(receiver)], { authorize: () => undefined });
  await server.start();
  return { server, url: `http://127.0.0.1:${server.port}`, pushes, results, log };
}

function signed(body: string | Buffer, headers: Record<string, string> = {}): RequestInit {
  const signature = `sha256=${createHmac("sha256", TOKEN).update(body).digest("hex")}`;
  return {
    method: "POST",
    body: new Uint8Array(Buffer.from(body)),
    headers: { "x-hub-signature-256": signature, ...headers },
  };
}

/** Everything that comes back on a connection until its end. */
function untilEnd(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    socket.on("data", (data: Buffer) => {
      text += data.toString();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
  });
}

function head(path: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ host: "localhost", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

describe("WebhookReceiver, over HTTP", () => {
  let rig: Awaited<ReturnType<typeof startServer>>;
  beforeEach(async () => {
    rig = await startServer();
  });
  afterEach(() => rig.server.stop());

  const post = async (path: string, init: RequestInit): Promise<[number, unknown]> => {
    const answer = await fetch(`${rig.url}${path}`, init);
    return [answer.status, await answer.json()];
  };

  /** Waits until the body of another webhook is being read. */
  const turnedAway = (): Promise<true> =>
    waitUntil({ what: "the slot is taken", timeoutMs: 10_000, intervalMs: 5 }, async () => {
      return (await post("/hooks/a/shop", signed("{}")))[0] === 503 || undefined;
    });

  it("takes a push, whatever media type it has", async () => {
    const accepted = [202, { result: "accepted", repository: "a/shop" }];
    for (const type of ["application/json", "application/x-www-form-urlencoded", "text/plain"]) {
      expect(await post("/hooks/a/shop", signed("{}", { "content-type": type })), type).to.deep.equal(accepted);
    }
    expect(await post("/hooks/a/shop", signed("", { "content-type": "application/json" }))).to.deep.equal(accepted);
    expect(await post("/hooks/a/shop", signed(Buffer.alloc(MAX)))).to.deep.equal(accepted);
    const token = { method: "POST", headers: { "x-gitlab-token": TOKEN }, body: "not signed" };
    expect(await post("/hooks/a/shop", token)).to.deep.equal(accepted);
    expect(rig.pushes).to.have.length(6);
    expect(rig.log).to.deep.equal([]);
  });

  it("does nothing for a ping or another event, but only to who knows the token", async () => {
    const ping = { "x-github-event": "ping" };
    expect(await post("/hooks/a/shop", signed("{}", ping))).to.deep.equal([200, { result: "pong" }]);
    const issue = signed("{}", { "x-github-event": "issues" });
    expect(await post("/hooks/a/shop", issue)).to.deep.equal([202, { result: "ignored" }]);
    expect((await post("/hooks/a/shop", { method: "POST", body: "{}", headers: ping }))[0]).to.equal(401);
    expect(rig.pushes).to.deep.equal([]);
    expect(rig.results).to.deep.equal(["github ignored", "github ignored", "github refused"]);
  });

  it("refuses what is not signed, or wrongly, in the same words", async () => {
    const body = "{}";
    const wrong = { ...signed(body), body: "{ }" };
    const refused = await post("/hooks/a/shop", wrong);
    expect(refused[0]).to.equal(401);
    expect(refused[1]).to.include({ code: "SIGNATURE_INVALID", status: 401 });
    expect(await post("/hooks/a/shop", { method: "POST", body })).to.deep.equal(refused);
    expect(await post("/hooks/a/shop", { method: "POST", body, headers: { "x-gitlab-token": "x" } })).to.deep.equal(
      refused,
    );
    expect(rig.pushes).to.deep.equal([]);
    expect(rig.log).to.have.length(1);
    expect(rig.log[0]).to.contain("a/shop").and.not.contain(TOKEN);
  });

  it("says the same of everything that is not there", async () => {
    const nothing = await post("/", signed("{}"));
    expect(nothing[0]).to.equal(404);
    expect(nothing[1]).to.include({ code: "NOT_FOUND" });
    for (const path of ["/hooks/a/other", "/hooks/c/shop", "/hooks/a/__proto__", "/hooks/a", "/hooks/a/shop/x"]) {
      expect(await post(path, signed("{}")), path).to.deep.equal(nothing);
    }
    expect(await post(`/hooks/a/${"x".repeat(253)}`, signed("{}"))).to.deep.equal(nothing);
    const get = await fetch(`${rig.url}/hooks/a/other`);
    expect([get.status, get.headers.get("allow")], "for any name").to.deep.equal([405, "POST"]);
  });

  it("answers a path that cannot be decoded, as JSON and without details", async () => {
    const [status, body] = await post("/hooks/%zz/shop", signed("{}"));
    expect([status, (body as { code: string }).code]).to.deep.equal([400, "INVALID"]);
  });

  it("says when a token cannot be had, and why only to the log", async () => {
    const [status, body] = await post("/hooks/b/broken", signed("{}"));
    expect(status).to.equal(503);
    expect(JSON.stringify(body)).to.not.contain("Secret");
    expect(rig.log.join()).to.contain("the Secret b/hook does not exist");
  });

  it("cuts off a body that says that it is too large, without reading it", async () => {
    const socket = connect(rig.server.port ?? 0, "127.0.0.1");
    const answer = untilEnd(socket);
    socket.write(
      head("/hooks/a/shop", { "content-length": String(MAX + 1), "x-hub-signature-256": `sha256=${"0".repeat(64)}` }),
    );
    expect(await answer)
      .to.match(/^HTTP\/1.1 413 /)
      .and.contain("BODY_TOO_LARGE");
    expect(rig.results).to.deep.equal(["generic too_large"]);
  });

  it("cuts off a body that turns out to be too large", async () => {
    const socket = connect(rig.server.port ?? 0, "127.0.0.1");
    const answer = untilEnd(socket);
    socket.write(
      head("/hooks/a/shop", { "transfer-encoding": "chunked", "x-hub-signature-256": `sha256=${"0".repeat(64)}` }),
    );
    const piece = `1000\r\n${"x".repeat(0x1000)}\r\n`;
    const more = (): void => {
      if (socket.writable) socket.write(piece, () => setImmediate(more));
    };
    more();
    expect(await answer).to.match(/^HTTP\/1.1 413 /);
    expect(rig.results).to.deep.equal(["generic too_large"]);
  });

  it("does not wait for the body of a stranger", async () => {
    for (const [path, headers, status] of [
      ["/hooks/a/shop", {}, 401],
      ["/hooks/a/shop", { "x-gitlab-token": "x" }, 401],
      ["/hooks/a/other", {}, 404],
    ] as const) {
      const socket = connect(rig.server.port ?? 0, "127.0.0.1");
      const answer = untilEnd(socket);
      socket.write(head(path, { "content-length": String(MAX), ...headers }));
      expect(await answer).to.match(new RegExp(`^HTTP/1.1 ${status} `));
    }
  });

  it("cuts off a body that is too slow", async () => {
    await rig.server.stop();
    rig = await startServer({ requestMs: 300, headersMs: 200 });
    const socket = connect(rig.server.port ?? 0, "127.0.0.1");
    const answer = untilEnd(socket);
    socket.write(head("/hooks/a/shop", { "content-length": "100", "x-hub-signature-256": `sha256=${"0".repeat(64)}` }));
    const drip = setInterval(() => socket.write("x"), 50);
    const text = await answer;
    clearInterval(drip);
    expect(text)
      .to.match(/^HTTP\/1.1 408 /)
      .and.contain("TOO_SLOW");
    await eventually("the receiver has noticed", () => rig.results.length > 0);
    expect(rig.results).to.deep.equal(["generic cut_off"]);
    const after = await post("/hooks/a/shop", signed("{}"));
    expect(after[0], "its slot is free again").to.equal(202);
  });

  it("turns away more than it reads at once, and not those of other repositories", async () => {
    const socket = connect(rig.server.port ?? 0, "127.0.0.1");
    const body = "{}";
    const { headers } = signed(body) as { headers: Record<string, string> };
    const answer = untilEnd(socket);
    socket.write(`${head("/hooks/a/shop", { ...headers, "content-length": "2", connection: "close" })}{`);
    await turnedAway();
    expect((await post("/hooks/b/broken", signed(body)))[1]).to.include({ code: "NOT_READY" });
    socket.write("}");
    expect(await answer).to.match(/^HTTP\/1.1 202 /);
    expect((await post("/hooks/a/shop", signed(body)))[0]).to.equal(202);
  });

  it("ends what is under way when it is stopped, and takes nothing more", async () => {
    const { headers } = signed("{}") as { headers: Record<string, string> };
    const socket = connect(rig.server.port ?? 0, "127.0.0.1");
    const answer = untilEnd(socket);
    socket.write(`${head("/hooks/a/shop", { ...headers, "content-length": "2" })}{`);
    await turnedAway();
    const { port } = rig.server;
    const stopped = rig.server.stop();
    const refused = await new Promise((resolve) => connect(port ?? 0, "127.0.0.1").on("error", resolve));
    expect(refused).to.have.property("code", "ECONNREFUSED");
    socket.write("}");
    expect(await answer).to.match(/^HTTP\/1.1 202 /);
    await stopped;
  });

  it("says when its address is taken", async () => {
    const second = new HttpServer({ ...ADDRESS, port: rig.server.port ?? 0 });
    const error = await second.start().catch((reason: unknown) => reason);
    await second.stop();
    expect(error)
      .to.include({ code: "SERVER_LISTEN_FAILED" })
      .and.have.property("message")
      .that.contains("--server-address");
  });
});
