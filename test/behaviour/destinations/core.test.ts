import type { CoreApp } from "../../../src/api/core/app.js";
import { systemClock } from "../../../src/base/clock.js";
import { silentLogger } from "../../../src/base/logger.js";
import { openGate } from "../../../src/base/write-gate.js";
import { coreAccess } from "../../../src/destinations/overseer/client/core-access.js";
import { CoreConnection } from "../../../src/destinations/overseer/client/core-connection.js";
import { OverseerDestination } from "../../../src/destinations/overseer/overseer-destination.js";
import { appDocument } from "../../support/core-bench.js";
import { startAgent, startCore } from "../../support/core-process.js";
import { keepsTheContract } from "../../support/destination-contract.js";
import { renderFiles, request } from "../../unit/render/support/harness.js";

const KEY = "0".repeat(32);
const INSTANCE = "instance-1";

describe("An Overseer Core as a destination", function () {
  this.timeout(120_000);
  keepsTheContract(async () => {
    const core = await startCore();
    const agent = await startAgent(core);
    const secret = { where: "Secret shop/core", data: { token: Buffer.from(core.adminToken).toString("base64") } };
    const connection = new CoreConnection(coreAccess(core.url, secret, undefined, KEY), "1s", {
      ...{ clock: systemClock, logger: silentLogger, userAgent: "tests", gate: openGate },
      onRequest: () => {},
      onEvent: () => {},
    });
    const headers = { authorization: `Bearer ${core.adminToken}`, "content-type": "application/json" };
    const appNamed = async (name: string): Promise<CoreApp | undefined> => {
      const { apps } = (await (await fetch(`${core.url}/api/apps`, { headers })).json()) as { apps: CoreApp[] };
      return apps.find((app) => app.name === name);
    };
    const destination = new OverseerDestination(connection, {
      instance: INSTANCE,
      digestKey: KEY,
      failpoint: () => {},
    });
    const wanted = request("", { target: "overseer", scopeOf: (kind) => destination.scopeOf(kind) });
    return {
      destination,
      document: async (name, version) => {
        const text = appDocument(name, { web: { image: `web:${version}` } });
        const [document] = (await renderFiles({ "a.yaml": text }, wanted)).documents;
        if (document === undefined) throw new Error("no document");
        return document;
      },
      edit: async ({ id }) => {
        const app = await appNamed(id.name);
        const { description, domain, nodeId, metadata } = app ?? {};
        const compose = "services: { web: { image: 'edited:1' } }";
        const body = JSON.stringify({ description, domain, nodeId, metadata, compose });
        const { status } = await fetch(`${core.url}/api/apps/${app?.id}`, { method: "PUT", headers, body });
        if (status !== 200) throw new Error(`the Core answered ${status}`);
      },
      exists: async ({ id }) => (await appNamed(id.name)) !== undefined,
      stop: async () => {
        await connection.close();
        await agent.remove();
        await core.remove();
      },
    };
  });
});
