import { expect } from "chai";
import { readProxies } from "../../../src/config/proxy.js";
import type { GitCredential, GitRemote } from "../../../src/git/engine.js";
import { resolveRemoteRef } from "../../../src/git/refs/resolve-remote-ref.js";
import { gitRemote } from "../../../src/git/remote.js";
import { makeCertificates } from "../../support/certificates.js";
import type { Bench } from "./engine-contract.js";
import { expectGitError } from "./support/expect-error.js";
import { type Front, startFront } from "./support/front.js";
import { startProxy, type TestProxy } from "./support/proxy.js";

/** Resolves nowhere but at the proxy. */
const HOST = "git.example.test";
const PASSWORD = "pr0xy-canary/@:";

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
    async function far(protocol: "http" | "https", credential?: GitCredential): Promise<GitRemote> {
      const { pathname } = new URL(bench.repo.url);
      if (protocol === "https") {
        front = await startFront(bench.server.url, undefined, certificates?.server);
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
