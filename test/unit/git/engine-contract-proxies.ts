import { expect } from "chai";
import { readProxies } from "../../../src/config/proxy.js";
import { proxyFromSecret } from "../../../src/git/credentials/proxy-secret.js";
import type { GitCredential, GitRemote } from "../../../src/git/engine.js";
import { resolveRemoteRef } from "../../../src/git/refs/resolve-remote-ref.js";
import { gitRemote } from "../../../src/git/remote.js";
import { makeCertificates } from "../../support/certificates.js";
import type { Bench } from "./engine-contract.js";
import { expectGitError } from "./support/expect-error.js";
import { type Front, startFront } from "./support/front.js";
import { startProxy, type TestProxy } from "./support/proxy.js";
import { secretData } from "./support/secret-data.js";
import { startSocksProxy } from "./support/socks-proxy.js";

/** Resolves nowhere but at the proxy. */
const HOST = "git.example.test";
const PASSWORD = "pr0xy-canary/@:";

/** What a server shows; with `ca`, it asks for a client certificate. */
interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

/** The way to remotes through the proxies that the environment names. */
export function describeProxies(bench: Bench): void {
  describe("a proxy", () => {
    const certificates = makeCertificates();
    let front: Front | undefined;
    let proxy: TestProxy;
    let ports: Map<string, number>;

    beforeEach(async () => {
      ports = new Map([[`${HOST}:80`, Number(new URL(bench.server.url).port)]]);
      proxy = await startProxy(ports);
    });
    afterEach(async () => {
      await proxy.stop();
      await front?.stop();
      front = undefined;
    });

    /** The repository at an address that only the proxy can reach. */
    async function far(
      protocol: "http" | "https",
      credential?: GitCredential,
      tls: ServerCertificate | undefined = certificates?.server,
    ): Promise<GitRemote> {
      const { pathname } = new URL(bench.repo.url);
      if (protocol === "https") {
        front = await startFront(bench.server.url, undefined, tls);
        ports.set(`${HOST}:443`, Number(new URL(front.url).port));
      }
      return gitRemote(`${protocol}://${HOST}${pathname}`, credential);
    }

    async function fetchBy(env: Record<string, string>, remote: GitRemote): Promise<string> {
      bench.renew({ proxies: readProxies(env).rules });
      const target = await resolveRemoteRef(bench.engine, remote, { branch: "main" }, bench.signal);
      await bench.engine.fetch(remote, target, bench.signal);
      return target.commit;
    }

    for (const variable of ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]) {
      it(`of ${variable} is on the way to http://`, async () => {
        expect(await fetchBy({ [variable]: `http://${proxy.address}` }, await far("http"))).to.equal(bench.first);
        expect(proxy.connections).to.be.greaterThan(0);
        expect(proxy.seen.every((request) => request.includes(`http://${HOST}/`))).to.equal(true);
      });
    }

    for (const variable of ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]) {
      it(`of ${variable} is on the way to https://, by a tunnel`, async function () {
        if (certificates === undefined) this.skip();
        const remote = await far("https", { ca: certificates.ca });
        expect(await fetchBy({ [variable]: proxy.address }, remote)).to.equal(bench.first);
        expect(proxy.seen.length).to.be.greaterThan(0);
        expect(new Set(proxy.seen)).to.deep.equal(new Set([`CONNECT ${HOST}:443`]));
      });
    }

    it("is given its user name and password, which are in no message", async function () {
      if (certificates === undefined) this.skip();
      await proxy.stop();
      proxy = await startProxy(ports, `robot:${PASSWORD}`);
      const good = `http://robot:${encodeURIComponent(PASSWORD)}@${proxy.address}`;
      const bad = `http://robot:${encodeURIComponent(`${PASSWORD}x`)}@${proxy.address}`;
      for (const protocol of ["http", "https"] as const) {
        const remote = await far(protocol, protocol === "https" ? { ca: certificates.ca } : undefined);
        expect(await fetchBy({ ALL_PROXY: good }, remote)).to.equal(bench.first);
        await bench.engine.prune([]);
        bench.renew({ proxies: readProxies({ ALL_PROXY: bad }).rules });
        const target = { commit: bench.first, ref: "refs/heads/main" };
        const works = [
          () => bench.engine.listRefs(remote, ["HEAD"], bench.signal),
          () => bench.engine.fetch(remote, target, bench.signal),
        ];
        for (const work of works) {
          const { message } = await expectGitError("GIT_UNREACHABLE", work);
          expect(message).to.include(`the proxy ${proxy.address} (ALL_PROXY)`).and.include("HTTP 407");
          expect(message).not.to.include("canary").and.not.to.include("robot");
        }
      }
    });

    it("that refuses, hangs up or is not there is named", async function () {
      if (certificates === undefined) this.skip();
      const remote = await far("https", { ca: certificates.ca });
      const target = { commit: bench.first, ref: "refs/heads/main" };
      const messages = async (): Promise<string[]> => {
        bench.renew({ proxies: readProxies({ HTTPS_PROXY: `http://${proxy.address}` }).rules });
        const list = () => bench.engine.listRefs(remote, ["HEAD"], bench.signal);
        const fetch = () => bench.engine.fetch(remote, target, bench.signal);
        return [
          (await expectGitError("GIT_UNREACHABLE", list)).message,
          (await expectGitError("GIT_UNREACHABLE", fetch)).message,
        ];
      };
      proxy.refusal = 403;
      for (const message of await messages())
        expect(message)
          .to.include(`the proxy ${proxy.address} (HTTPS_PROXY) rejects requests to `)
          .and.include("HTTP 403");
      await proxy.stop();
      for (const message of await messages())
        expect(message).to.include(`${HOST}:443 through the proxy ${proxy.address} (HTTPS_PROXY)`);
      proxy = await startProxy(ports);
    });

    it("of the repository, with its credential, replaces the one of the environment", async function () {
      if (certificates === undefined) this.skip();
      await proxy.stop();
      proxy = await startProxy(ports, `robot:${PASSWORD}`);
      const socks = await startSocksProxy(ports, `robot:${PASSWORD}`);
      try {
        for (const address of [`http://${proxy.address}`, `socks5://${socks.address}`]) {
          const own = proxyFromSecret(
            secretData({ address, username: "robot", password: PASSWORD }),
            "Secret team/proxy",
          );
          for (const protocol of ["http", "https"] as const) {
            const { ca, client, server } = certificates;
            const mutual = { ca, clientCert: client.cert, clientKey: client.key };
            const { url } = await far(protocol, undefined, { ...server, ca });
            const remote = gitRemote(url, protocol === "https" ? mutual : undefined, "", own);
            expect(await fetchBy({ ALL_PROXY: "http://127.0.0.1:9" }, remote)).to.equal(bench.first);
            await bench.engine.prune([]);
            await front?.stop();
            front = undefined;
          }
        }
        expect(proxy.seen).to.include(`CONNECT ${HOST}:443`);
        expect(new Set(socks.seen)).to.deep.equal(new Set([`${HOST}:80`, `${HOST}:443`]));
        const wrong = { address: `socks5://${socks.address}`, username: "robot", password: "canary" };
        const refusals = [
          [wrong, /rejects the user name and password/],
          [{ address: `socks5://${socks.address}` }, /requires a user name and password/],
          [{ ...wrong, password: PASSWORD }, /does not connect to nowhere\.example\.test:80 \(host unreachable\)/],
          [{ address: `socks5://${proxy.address}` }, /does not speak SOCKS5|closed the connection/],
        ] as const;
        for (const [values, says] of refusals) {
          const own = proxyFromSecret(secretData(values), "Secret team/proxy");
          const remote = gitRemote("http://nowhere.example.test/x", undefined, "", own);
          const list = () => bench.engine.listRefs(remote, ["HEAD"], bench.signal);
          const { message } = await expectGitError("GIT_UNREACHABLE", list);
          expect(message).to.match(says).and.include("Secret team/proxy").and.not.include("canary");
        }
      } finally {
        await socks.stop();
      }
    });

    it("is not on the way to what NO_PROXY names, nor to this machine", async () => {
      const env = { ALL_PROXY: `http://${proxy.address}` };
      expect(await fetchBy(env, bench.remote)).to.equal(bench.first);
      const remote = await far("http");
      const error = await expectGitError("GIT_UNREACHABLE", () =>
        fetchBy({ ...env, NO_PROXY: ".example.test" }, remote),
      );
      expect(error.message).to.include(HOST).and.not.include("proxy");
      expect(proxy.connections).to.equal(0);
    });
  });
}
