import { type IncomingMessage, request } from "node:http";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { systemClock } from "../../../src/base/clock.js";
import { silentLogger } from "../../../src/base/logger.js";
import { HttpServer } from "../../../src/http/server.js";
import { type ProbeFacts, probeRoutes } from "../../../src/server/probes.js";

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

function ask(port: number | undefined, path: string, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, method }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** A server as `wiring/probes.ts` makes it. */
function probeServer(port: number, facts: ProbeFacts): HttpServer {
  const options = { host: "127.0.0.1", port, addressFlags: "--metrics-address", limits: { stopMs: 0 } };
  const server = new HttpServer({ ...options, clock: systemClock, logger: silentLogger });
  server.mount(probeRoutes(facts), { authorize: () => undefined });
  return server;
}

describe("probes and metrics", () => {
  let missing: string[] = [];
  let standby: string | undefined;
  let metrics: ProbeFacts["metrics"] = async () => ({ contentType: "text/plain; version=0.0.4", body: "up 1\n" });
  let server: HttpServer;

  beforeEach(async () => {
    missing = [];
    standby = undefined;
    metrics = async () => ({ contentType: "text/plain; version=0.0.4", body: "up 1\n" });
    server = probeServer(0, {
      notReady: () => missing,
      standby: () => standby,
      metrics: () => metrics(),
      version: "1.2.3",
    });
    await server.start();
  });

  afterEach(() => server.stop());

  it("compresses metrics for clients that accept it, and for no others", async () => {
    metrics = async () => ({ contentType: "text/plain", body: "up 1\n", gzip: gzipSync("up 1\n") });
    const codingOf = async (accepted: string): Promise<string | null> => {
      const response = await fetch(`http://127.0.0.1:${server.port}/metrics`, {
        headers: { "accept-encoding": accepted },
      });
      expect(await response.text(), accepted).to.equal("up 1\n");
      return response.headers.get("content-encoding");
    };
    for (const accepted of ["gzip", "deflate, GZIP;q=0.5", "gzip;q=1.0"])
      expect(await codingOf(accepted), accepted).to.equal("gzip");
    for (const accepted of ["identity", "gzip;q=0", "gzip;q=0.000", "br", ""])
      expect(await codingOf(accepted), accepted).to.equal(null);
  });

  it("takes a free port and tells which", () => {
    expect(server.port).to.be.greaterThan(0);
  });

  it("is healthy while it can answer", async () => {
    expect(await ask(server.port, "/healthz")).to.include({ status: 200, body: "ok\n" });
  });

  it("is ready when nothing is missing, and says what is", async () => {
    expect(await ask(server.port, "/readyz")).to.include({ status: 200, body: "ok\n" });
    missing = ["OverseerApp", "GitRepository"];
    expect(await ask(server.port, "/readyz?verbose")).to.include({
      status: 503,
      body: "not ready: OverseerApp, GitRepository\n",
    });
  });

  it("is ready as a standby, and says who works", async () => {
    standby = "the leader is overseer-0";
    expect(await ask(server.port, "/readyz")).to.include({
      status: 200,
      body: "ok: standby, the leader is overseer-0\n",
    });
    missing = ["following the lease"];
    expect(await ask(server.port, "/readyz")).to.include({ status: 503, body: "not ready: following the lease\n" });
  });

  it("serves metrics and version", async () => {
    const answer = await ask(server.port, "/metrics");
    expect(answer).to.include({ status: 200, body: "up 1\n" });
    expect(answer.headers["content-type"]).to.equal("text/plain; version=0.0.4");
    expect(JSON.parse((await ask(server.port, "/version")).body)).to.deep.equal({
      version: "1.2.3",
      node: process.version,
    });
  });

  it("says so when the metrics cannot be had, and lives on", async () => {
    metrics = () => Promise.reject(new Error("no memory"));
    const answer = await ask(server.port, "/metrics");
    expect(answer.status).to.equal(500);
    expect(JSON.parse(answer.body)).to.include({ code: "INTERNAL", detail: "cannot collect metrics: no memory" });
    expect((await ask(server.port, "/healthz")).status).to.equal(200);
  });

  it("answers HEAD without a body, and nothing but GET and HEAD", async () => {
    const head = await ask(server.port, "/metrics", "HEAD");
    expect(head).to.include({ status: 200, body: "" });
    expect(head.headers["content-length"]).to.equal("5");
    const post = await ask(server.port, "/healthz", "POST");
    expect(post.status).to.equal(405);
    expect(post.headers.allow).to.equal("GET, HEAD");
  });

  it("has nothing else", async () => {
    for (const path of ["/", "/metrics/", "/debug", "//healthz"])
      expect((await ask(server.port, path)).status, path).to.equal(404);
  });

  it("stops at once, also with a connection that is kept, and twice", async () => {
    await ask(server.port, "/healthz");
    await server.stop();
    await server.stop();
    expect(server.port).to.equal(undefined);
  });
});
