import { expect } from "chai";
import { systemClock } from "../../../../src/base/clock.js";
import { silentLogger } from "../../../../src/base/logger.js";
import { openGate } from "../../../../src/base/write-gate.js";
import { coreAccess } from "../../../../src/destinations/overseer/client/core-access.js";
import { CoreConnection } from "../../../../src/destinations/overseer/client/core-connection.js";
import { desiredOf } from "../../../../src/destinations/overseer/desired-spec.js";
import { CoreWriter } from "../../../../src/destinations/overseer/writer.js";
import { waitUntil } from "../../../../tools/wait-until.js";
import { CoreRig } from "../../overseer-core/rig.js";
import { document } from "./samples.js";

const app = { namespace: "shop", name: "web", uid: "u" };
const web = (image: string) =>
  desiredOf(document("App", "web", { node: "node-1", compose: { services: { web: { image } } }, secrets: [] }));

describe("a write to a Core", function () {
  this.timeout(30_000);
  let rig: CoreRig;
  let connection: CoreConnection;
  let writer: CoreWriter;
  let node: { readonly id: string; readonly token: string };
  beforeEach(async () => {
    rig = await CoreRig.start();
    node = await rig.node("node-1");
    const data = { token: Buffer.from(rig.admin).toString("base64") };
    connection = new CoreConnection(coreAccess(rig.url, { where: "Secret", data }, undefined, "k"), "1s", {
      clock: systemClock,
      logger: silentLogger,
      userAgent: "test",
      onRequest: () => {},
      gate: openGate,
      onEvent: () => {},
    });
    await connection.follower.settled();
    writer = new CoreWriter(connection, { instance: "here", digestKey: "k", failpoint: () => {} });
    await writer.apply(app, web("w:1"), "one");
  });
  afterEach(async () => {
    await connection.close();
    await rig.remove();
  });

  /** Does something right before the next request to deploy is sent. */
  function beforeDeploy(work: () => Promise<unknown>): void {
    const { client } = connection;
    const send = client.request.bind(client);
    client.request = async (request) => {
      if (request.path.endsWith("/deploy")) {
        client.request = send;
        await work();
      }
      return send(request);
    };
  }

  /** Waits until the writer has seen the app as the Core has it now. */
  async function caughtUp(): Promise<void> {
    await waitUntil({ what: "the newest revision is seen", timeoutMs: 10_000, intervalMs: 20 }, async () => {
      const [newest] = (await rig.get("/api/apps")).body.apps as unknown as [{ revision: number }];
      return [...connection.follower.state.all("app")].some(({ revision }) => revision === newest.revision);
    });
  }

  const jobs = async () =>
    (await rig.get("/api/jobs")).body.jobs as unknown as { payload: { version: number }; status: string }[];

  it("deploys although the agent reports the end of an earlier deployment in between", async () => {
    const work = await rig.claim(node);
    await caughtUp();
    beforeDeploy(() => rig.end(String(work?.job?.id), node.token));
    expect(await writer.apply(app, web("w:2"), "two")).to.deep.equal({ ok: true, wrote: true, notes: [] });
    expect((await jobs()).map(({ payload }) => payload.version).sort()).to.deep.equal([1, 2]);
  });

  it("does not deploy when a user changes the app in between", async () => {
    beforeDeploy(async () => {
      const { body } = await rig.get("/api/apps");
      const [{ id, nodeId, metadata }] = body.apps as unknown as [{ id: string; nodeId: string; metadata: object }];
      const compose = "services:\n  web:\n    image: other:1\n";
      await rig.call("PUT", `/api/apps/${id}`, { description: null, domain: null, nodeId, compose, metadata });
    });
    const outcome = await writer.apply(app, web("w:2"), "two");
    expect(outcome).to.include({ ok: false, retryable: true });
    expect((await jobs()).map(({ payload }) => payload.version)).to.deep.equal([1]);
  });
});
