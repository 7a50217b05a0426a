import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { LeadershipGate, type WriteGate } from "../../../../../src/base/write-gate.js";
import { RemoteClient } from "../../../../../src/destinations/kubernetes/remote/remote-client.js";
import { eventually } from "../../../support/eventually.js";
import { FakeClock } from "../../../support/fake-clock.js";

describe("RemoteClient", () => {
  const clock = new FakeClock();
  const seen: string[] = [];
  let server: Server;
  let doubts = 0;
  let watched: ServerResponse | undefined;
  before(async () => {
    // Takes every request, and answers some.
    server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      if (request.url === "/version") response.end("{}");
      if (request.url === "/watch") {
        watched = response.writeHead(200);
        response.flushHeaders();
      }
      if (request.url === "/drip") response.write("{");
      if (request.url === "/denied") response.writeHead(401).end("{}");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    seen.length = 0;
    doubts = 0;
  });
  const client = (gate?: WriteGate): RemoteClient =>
    new RemoteClient({
      access: {
        server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        tls: {},
        authHeaders: async () => ({}),
      },
      userAgent: "tests",
      clock,
      onConnectionFailure: () => doubts++,
      ...(gate ? { gate } : {}),
    });
  const failure = (work: Promise<unknown>): Promise<{ code?: string; message: string }> =>
    work.then(
      () => expect.fail("it was answered"),
      (error: { code?: string; message: string }) => error,
    );

  it("reports slow responses, and aborts requests in flight on demand", async () => {
    const remote = client();
    const requests = Array.from({ length: 12 }, () => failure(remote.request({ method: "PATCH", path: "/slow" })));
    clock.advance(2_999);
    expect(doubts).to.equal(0);
    clock.advance(1);
    expect(doubts).to.equal(12);
    remote.breakOff();
    const ends = await Promise.all(requests);
    expect(new Set(ends.map(({ code, message }) => `${code} ${message}`))).to.deep.equal(
      new Set(["KUBE_UNREACHABLE the cluster does not respond: the request was aborted"]),
    );
    await remote.request({ method: "GET", path: "/version" });
    await remote.close();
  });

  it("times out for responses that are sent byte by byte or never end", async () => {
    const remote = client();
    const dripping = failure(remote.request({ method: "GET", path: "/drip" }));
    const silent = failure(remote.request({ method: "GET", path: "/slow" }));
    await eventually("both were asked", () => seen.length === 2);
    clock.advance(40_000);
    for (const { code, message } of await Promise.all([dripping, silent])) {
      expect(code).to.equal("KUBE_UNREACHABLE");
      expect(message).to.match(/^GET \/(drip|slow): the response was incomplete after 40 s$/);
    }
    await remote.close();
  });

  it("aborts only watches that have not started", async () => {
    const remote = client();
    const open = await remote.stream({ method: "GET", path: "/watch" });
    const waiting = failure(remote.stream({ method: "GET", path: "/slow" }));
    clock.advance(3_000);
    expect(doubts).to.equal(1);
    remote.breakOff();
    expect((await waiting).code).to.equal("KUBE_UNREACHABLE");
    watched?.end("one line\n");
    const pieces: string[] = [];
    for await (const piece of open) pieces.push(piece.toString());
    expect(pieces.join("")).to.equal("one line\n");
    await remote.close();
  });

  it("reports no failure for responses, except when unauthenticated", async () => {
    const remote = client();
    await remote.request({ method: "GET", path: "/version" });
    clock.advance(60_000);
    expect(doubts).to.equal(0);
    await failure(remote.request({ method: "GET", path: "/denied" }));
    expect(doubts).to.equal(1);
    await remote.close();
  });

  it("writes nothing when this process no longer leads", async () => {
    const gate = new LeadershipGate(clock);
    gate.openUntil(clock.monotonic() + 10_000);
    const remote = client(gate);
    await remote.request({ method: "GET", path: "/version" });
    const underWay = failure(remote.request({ method: "PATCH", path: "/slow" }));
    while (!seen.includes("PATCH /slow")) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(10_000);
    expect((await underWay).code).to.equal("LEADERSHIP_LOST");
    expect((await failure(remote.request({ method: "PATCH", path: "/late" }))).code).to.equal("LEADERSHIP_LOST");
    expect(seen).to.deep.equal(["GET /version", "PATCH /slow"]);
    await remote.close();
  });
});
