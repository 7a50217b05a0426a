import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { HostRules } from "../../../src/base/host-rules.js";
import { ProxyRules } from "../../../src/base/proxy.js";
import { selfSigned } from "../../../src/base/self-signed.js";
import { StoreClient } from "../../../src/secrets/stores/store-client.js";
import { startProxy, type TestProxy } from "../git/support/proxy.js";

const MIB = 1024 * 1024;

describe("the client of a secret store behind a proxy", () => {
  let server: Server;
  let proxy: TestProxy;
  let size: number;
  const identity = selfSigned("vault.invalid", Date.now());
  beforeEach(async () => {
    server = createServer(identity, (_, response) => response.end(JSON.stringify("x".repeat(size))));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    proxy = await startProxy(new Map([["vault.invalid:443", (server.address() as AddressInfo).port]]));
  });
  afterEach(async () => {
    await proxy.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const ask = async (hosts: string[], url = "https://vault.invalid"): Promise<string> => {
    const settings = { url: `http://${proxy.address}`, address: proxy.address, variable: "HTTPS_PROXY" };
    const proxies = new ProxyRules({ https: { ...settings, credential: undefined } });
    const client = new StoreClient("Vault", url, identity.cert, { hosts: new HostRules(hosts), proxies });
    try {
      const { body } = await client.request({ method: "GET", path: "/v1/x" });
      return `${String(body).length} characters`;
    } catch (error) {
      return (error as Error).message;
    } finally {
      await client.close();
    }
  };

  it("reads no response that is too large", async () => {
    size = 4 * MIB - 2;
    expect(await ask(["vault.invalid"])).to.equal(`${size} characters`);
    size = 4 * MIB;
    expect(await ask(["vault.invalid"])).to.equal("Vault at https://vault.invalid answered with more than 4 MiB");
  });

  it("asks the proxy for no host that is neither known to be public nor allowed", async () => {
    expect(await ask([])).to.contain("to check its address: ask the administrator to allow vault.invalid:443");
    expect(await ask([], "https://10.0.0.1")).to.match(/^10\.0\.0\.1:443 has no public address/);
    expect(proxy.seen).to.deep.equal([]);
  });
});
