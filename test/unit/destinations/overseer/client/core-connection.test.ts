import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { openGate } from "../../../../../src/base/write-gate.js";
import { coreAccess } from "../../../../../src/destinations/overseer/client/core-access.js";
import { CoreConnections } from "../../../../../src/destinations/overseer/client/core-connection.js";
import { FakeClock } from "../../../support/fake-clock.js";
import { FakeLogger } from "../../../support/fake-logger.js";

describe("connections to Cores", () => {
  let server: Server;
  let url: string;
  let requests = 0;
  before(async () => {
    server = createServer((_, response) => {
      requests++;
      response.writeHead(500).end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const access = (token: string) =>
    coreAccess(url, { where: "Secret", data: { token: Buffer.from(token).toString("base64") } }, undefined, "k");
  const make = (told: string[] = []) =>
    new CoreConnections({
      clock: new FakeClock(),
      logger: new FakeLogger(),
      userAgent: "test",
      onRequest: () => {},
      gate: openGate,
      onEvent: (apps) => told.push([...apps].sort().join()),
    });

  it("are shared by apps with the same access and interval, and by no others", async () => {
    const connections = make();
    const first = connections.use("a/one", access("x"), "30s");
    expect(connections.use("a/two", access("x"), "30s")).to.equal(first);
    expect(connections.use("a/one", access("x"), "30s")).to.equal(first);
    expect(connections.use("a/three", access("y"), "30s")).not.to.equal(first);
    expect(connections.use("a/four", access("x"), "1m")).not.to.equal(first);
    await connections.close();
  });

  it("are closed when their last app leaves or changes its connection", async () => {
    const connections = make();
    const first = connections.use("a/one", access("x"), "30s");
    connections.use("a/two", access("x"), "30s");
    connections.use("a/one", access("y"), "30s");
    expect([...first.apps]).to.deep.equal(["a/two"]);
    connections.release("a/two");
    connections.release("a/two");
    await first.follower.stop();
    expect(connections.use("a/five", access("x"), "30s")).not.to.equal(first);
    await connections.close();
  });

  it("report a failure to all apps, also to later ones", async () => {
    const told: string[] = [];
    const connections = make(told);
    const connection = connections.use("a/one", access("x"), "30s");
    connections.use("a/two", access("x"), "30s");
    await connection.follower.settled();
    expect(connection.follower.problem?.code).to.equal("CORE_FAILED");
    expect(told).to.include("a/one,a/two");
    expect(requests).to.be.greaterThan(0);
    await connections.close();
  });
});
