import { userInfo } from "node:os";
import { expect } from "chai";
import { systemClock } from "../../../../src/base/clock.js";
import { silentLogger } from "../../../../src/base/logger.js";
import type { HttpProxy } from "../../../../src/base/proxy.js";
import { proxyFromSecret } from "../../../../src/git/credentials/proxy-secret.js";
import type { GitRemote } from "../../../../src/git/engine.js";
import { NativeGitEngine } from "../../../../src/git/native/engine.js";
import { gitRemote } from "../../../../src/git/remote.js";
import { hasSshServer, type SshKeyPair, SshServer } from "../../../support/ssh-server.js";
import { expectGitError } from "../support/expect-error.js";
import { startProxy, type TestProxy } from "../support/proxy.js";
import { type SocksProxy, startSocksProxy } from "../support/socks-proxy.js";
import { removeTemporaryDirectories, temporaryDirectory } from "../support/temporary.js";

const signal = new AbortController().signal;
const HOST = "git.example.com";

describe("SSH through a proxy (needs an OpenSSH server)", function () {
  this.timeout(60_000);
  let server: SshServer;
  let key: SshKeyPair;
  let commit: string;
  let path: string;
  let knownHosts: string;
  let engine: NativeGitEngine;
  let http: TestProxy;
  let socks: SocksProxy;

  before(async function () {
    if (!hasSshServer()) return this.skip();
    server = await SshServer.start();
    const repo = await server.createRepository("team/apps");
    commit = await repo.commit({ "a.yaml": "a: 1\n" }, "first");
    path = new URL(repo.url).pathname;
    key = await server.keyPair("ed25519");
    await server.authorize([key]);
    // The name is one that only the proxies can resolve.
    knownHosts = (await server.knownHosts()).replaceAll(`[127.0.0.1]:${server.port}`, `[${HOST}]:2222`);
    knownHosts += knownHosts.replaceAll(`[${HOST}]:2222`, HOST);
    const targets = new Map([`${HOST}:2222`, `${HOST}:22`].map((target) => [target, server.port]));
    http = await startProxy(targets, "robot:secret");
    socks = await startSocksProxy(targets, "robot:secret");
    engine = new NativeGitEngine({ cacheDir: await temporaryDirectory(), clock: systemClock, logger: silentLogger });
  });
  after(async () => {
    await engine?.close();
    await http?.stop();
    await socks?.stop();
    await server?.stop();
    await removeTemporaryDirectories();
  });

  const proxy = (address: string, password = "secret"): HttpProxy => {
    const data = Object.entries({ address, username: "robot", password });
    const encoded = data.map(([name, value]) => [name, Buffer.from(value).toString("base64")] as const);
    return proxyFromSecret(Object.fromEntries(encoded), "Secret team/proxy");
  };
  const remote = (through: HttpProxy, port = ":2222", hosts = knownHosts): GitRemote => {
    const ssh = { privateKey: key.privateKey, knownHosts: hosts };
    return gitRemote(`ssh://${userInfo().username}@${HOST}${port}${path}`, { ssh }, "", through);
  };

  for (const kind of ["http", "socks5"] as const)
    it(`lists refs and fetches through ${kind === "http" ? "CONNECT of an HTTP proxy" : "a SOCKS5 proxy"}`, async () => {
      const { address, seen } = kind === "http" ? http : socks;
      const before = seen.length;
      const at = remote(proxy(`${kind}://${address}`));
      expect((await engine.listRefs(at, ["refs/heads/"], signal)).refs.get("refs/heads/main")).to.equal(commit);
      expect(await engine.fetch(at, { commit, ref: "refs/heads/main" }, signal)).to.include({ fetched: true });
      expect((await engine.open(at, commit))?.commit.id).to.equal(commit);
      expect(seen.slice(before).join()).to.match(new RegExp(`^(?:(?:CONNECT )?${HOST}:2222,?)+$`));
    });

  it("uses the usual port of SSH, and its form in known_hosts", async () => {
    const { refs } = await engine.listRefs(remote(proxy(`http://${http.address}`), ""), ["refs/heads/"], signal);
    expect(refs.get("refs/heads/main")).to.equal(commit);
  });

  it("verifies the host key of the server behind the proxy", async () => {
    const other = knownHosts.replaceAll(HOST, "other.example.com");
    const error = await expectGitError("GIT_HOST_KEY_UNKNOWN", () =>
      engine.listRefs(remote(proxy(`http://${http.address}`), ":2222", other), ["HEAD"], signal),
    );
    expect(error.message)
      .to.contain(`${HOST}:2222`)
      .and.contain(await server.fingerprint());
  });

  it("names the proxy that refuses or does not answer, and no credential", async () => {
    const refusals: readonly [through: HttpProxy, port: string, says: RegExp][] = [
      [proxy(`http://${http.address}`, "canary"), ":2222", /\(HTTP 407\): check the ones in Secret team\/proxy/],
      [proxy(`socks5://${socks.address}`, "canary"), ":2222", /rejects the user name and password/],
      [proxy(`http://${http.address}`), ":2223", /rejects requests to git\.example\.com:2223 \(HTTP 502\)/],
      [proxy(`socks5://${socks.address}`), ":2223", /does not connect to git\.example\.com:2223/],
      [proxy("http://127.0.0.1:1"), ":2222", /through the proxy 127\.0\.0\.1:1 .*ECONNREFUSED/],
    ];
    for (const [through, port, says] of refusals) {
      const error = await expectGitError("GIT_UNREACHABLE", () =>
        engine.listRefs(remote(through, port), ["HEAD"], signal),
      );
      expect(error.message).to.match(says).and.not.contain("canary");
    }
  });
});
