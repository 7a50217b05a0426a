import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { ProblemError } from "../../../src/http/problem.js";
import { AgentCoreClient } from "../../../src/overseer-core/agent/core-client.js";

describe("an agent with a Core of another version", () => {
  const { signal } = new AbortController();
  const bodies: unknown[] = [];
  let respond: () => { readonly status: number; readonly body: unknown };
  let server: Server;
  let core: AgentCoreClient;
  beforeEach(async () => {
    bodies.length = 0;
    server = createServer(async (request, response) => {
      let text = "";
      for await (const chunk of request) text += String(chunk);
      bodies.push(JSON.parse(text));
      const { status, body } = respond();
      response.writeHead(status, { "content-type": "application/json" });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    core = new AgentCoreClient({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      token: () => "token",
    });
  });
  afterEach(async () => {
    await core.close();
    await new Promise((resolve) => server.close(resolve));
  });
  const claim = (worker: number) => core.claim("node", { lane: "deploy", worker }, 0, signal);
  const invalid = (pointer: string) => {
    const problem = new ProblemError("INVALID", "it is invalid", { errors: [{ pointer, detail: "it is invalid" }] });
    return { status: problem.status, body: problem.toJSON() };
  };

  it("registers although the Core describes the node by other fields", async () => {
    respond = () => ({ status: 201, body: { node: { id: "node-id", name: "node-1", later: true } } });
    const node = { name: "node-1", hostname: "node-1", version: "1", runner: "docker" } as const;
    expect(await core.register(node, signal)).to.deep.equal({ id: "node-id" });
  });

  it("claims with one worker when the Core knows no workers", async () => {
    respond = () => invalid("#");
    expect(await claim(1)).to.equal(undefined);
    respond = () => ({ status: 204, body: undefined });
    await claim(0);
    await claim(1);
    expect(bodies).to.deep.equal([{ nodeId: "node", worker: 1 }, { nodeId: "node" }]);
  });

  it("reports without volumes when the Core does not know them", async () => {
    const observed = { version: 1, services: [], drift: [] };
    const app = { app: "db", observed, redeploy: false };
    const report = (volumes: string[]) =>
      core.report("node", { problem: null, apps: [{ ...app, volumes }], routes: [] }, signal);
    const [bare, full] = [{ ...app }, { ...app, volumes: ["anonymous volume /data of db"] }];
    respond = () => ({ status: 204, body: undefined });
    await report([]);
    await report(full.volumes);
    respond = () => (bodies.length === 3 ? invalid("#/apps/0") : { status: 204, body: undefined });
    await report(full.volumes);
    const sent = bodies.map((body) => (body as { apps: unknown[] }).apps[0]);
    expect(sent).to.deep.equal([bare, full, full, bare]);
  });

  it("keeps its workers after another error", async () => {
    const gateway = { status: 400, body: "bad request" };
    for (const other of [invalid("#/nodeId"), gateway]) {
      respond = () => other;
      const error = await claim(1).catch((thrown: unknown) => thrown);
      expect(error).to.have.property("status", 400);
    }
    respond = () => ({ status: 204, body: undefined });
    await claim(1);
    expect(bodies.at(-1)).to.deep.equal({ nodeId: "node", worker: 1 });
  });
});
