import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { expect } from "chai";
import { LeadershipGate, LeadershipLostError } from "../../../../src/base/write-gate.js";
import { type Connections, fencedPool } from "../../../../src/kube/client/fenced-pool.js";
import { type Certificates, makeCertificates } from "../../../support/certificates.js";
import { eventually, rejection } from "../../support/eventually.js";
import { FakeApiServer } from "../../support/fake-api-server.js";
import { FakeClock } from "../../support/fake-clock.js";
import { turn } from "../../support/fake-leases.js";

describe("A client behind a gate", () => {
  let server: FakeApiServer;
  let gate: LeadershipGate;
  let clock: FakeClock;
  beforeEach(async () => {
    server = await FakeApiServer.start();
    clock = new FakeClock();
    gate = new LeadershipGate(clock);
  });
  afterEach(() => server.close());

  const write = { method: "PATCH", path: "/thing", body: { a: 1 } } as const;

  it("reads while the gate is closed, and writes nothing", async () => {
    server.onCall = (call) => call.json({ ok: true });
    const client = server.client({ gate });
    for (const method of ["POST", "PUT", "PATCH", "DELETE"] as const) {
      expect(await rejection(client.request({ ...write, method }))).to.be.instanceOf(LeadershipLostError);
    }
    expect((await client.request({ method: "GET", path: "/thing" })).body).to.deep.equal({ ok: true });
    expect(server.calls.map(({ method }) => method)).to.deep.equal(["GET"]);
  });

  it("writes while it is open", async () => {
    server.onCall = (call) => call.json({ ok: true });
    gate.openUntil(1000);
    expect((await server.client({ gate }).request(write)).body).to.deep.equal({ ok: true });
  });

  it("aborts writes in flight when it closes, with the reason, and writes nothing more", async () => {
    gate.openUntil(1000);
    const client = server.client({ gate });
    const answer = rejection(client.request(write));
    const call = await server.next();
    clock.advance(1000);
    expect(await answer)
      .to.be.instanceOf(LeadershipLostError)
      .with.property("code", "LEADERSHIP_LOST");
    await eventually("the connection is gone", () => call.left);
    expect(await rejection(client.request(write))).to.be.instanceOf(LeadershipLostError);
    expect(server.calls).to.have.length(1);
  });

  it("does not send a request that waited for a connection while the gate closed", async () => {
    clock.after = () => ({ cancel() {} });
    gate.openUntil(1000);
    const client = server.client({ gate, connections: 1 });
    const first = client.request({ method: "GET", path: "/slow" });
    const waiting = rejection(client.request(write));
    const slow = await server.next();
    clock.advance(1000);
    slow.json({});
    expect(await waiting).to.be.instanceOf(LeadershipLostError);
    await first.catch(() => {});
    expect(server.calls.map(({ method }) => method)).to.deep.equal(["GET"]);
  });

  it("reports a refused connection", async () => {
    gate.openUntil(1000);
    const pool = fencedPool("http://127.0.0.1:1", { connect: { timeout: 5000 } }, gate);
    expect(await rejection(pool.request({ method: "PUT", path: "/" }))).to.have.property("code", "ECONNREFUSED");
    await pool.destroy();
  });
});

for (const protocol of ["http", "https"] as const) {
  describe(`A write that has left by ${protocol}, but not arrived`, () => {
    const BYTES = 700_000;
    let certificates: Certificates | undefined;
    let server: Server;
    let socket: Socket | undefined;
    let received: number;
    before(function () {
      if (protocol === "http") return;
      certificates = makeCertificates();
      if (certificates === undefined) this.skip();
    });
    beforeEach(async () => {
      received = 0;
      socket = undefined;
      server = certificates ? createTlsServer(certificates.server, stopReading) : createServer(stopReading);
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
    });
    afterEach(async () => {
      socket?.destroy();
      const closed = once(server, "close");
      server.close();
      await closed;
    });

    /** Reads the first piece of what comes, and then no more. */
    function stopReading(connected: Socket): void {
      socket = connected;
      connected.on("error", () => {}).once("data", () => connected.pause());
      connected.on("data", (chunk) => {
        received += chunk.length;
      });
    }

    /** Sends a request, ends it by `end`, and gives how much of it the server can read afterwards. */
    async function arrives(end: (gate: LeadershipGate, pool: Connections) => void): Promise<number> {
      const gate = new LeadershipGate(new FakeClock());
      gate.openUntil(1000);
      const { port } = server.address() as AddressInfo;
      const connect = { timeout: 5000, ...(certificates && { ca: certificates.ca }) };
      const pool = fencedPool(`${protocol}://127.0.0.1:${port}`, { connect }, gate);
      const answer = rejection(pool.request({ method: "PUT", path: "/", body: "x".repeat(BYTES) }));
      const connected = await eventually("the beginning", () => received > 0 && socket);
      // TLS hands its pieces over one by one; after these turns all are in the buffers of the system.
      await turn(300);
      end(gate, pool);
      await answer;
      // A reset is an error of the socket, or is not, depending on the version of Node.
      const closed = new Promise((resolve) => connected.once("close", resolve));
      connected.resume();
      await closed;
      return received;
    }

    it("is taken back when the gate closes", async () => {
      expect(await arrives((gate) => gate.close("test"))).to.be.lessThan(BYTES);
    });

    it("would arrive if the connection were closed in the usual manner", async () => {
      expect(await arrives((_, pool) => void pool.destroy())).to.be.greaterThan(BYTES);
    });
  });
}
