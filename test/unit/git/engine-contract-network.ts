import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { expect } from "chai";
import type { GitCredential } from "../../../src/git/engine.js";
import type { GitErrorCode } from "../../../src/git/errors.js";
import { FLUSH, pktLine } from "../../../src/git/protocol/pkt-line.js";
import { resolveRemoteRef } from "../../../src/git/refs/resolve-remote-ref.js";
import { gitRemote } from "../../../src/git/remote.js";
import { type Certificates, makeCertificates } from "../../support/certificates.js";
import type { Bench } from "./engine-contract.js";
import { expectGitError } from "./support/expect-error.js";
import { type Answer, type Front, startFront } from "./support/front.js";

/** What a server answers with a status, and what it is called. */
const STATUSES: readonly [status: number, code: GitErrorCode][] = [
  [401, "GIT_AUTH_FAILED"],
  [403, "GIT_AUTH_FAILED"],
  [404, "GIT_REPOSITORY_NOT_FOUND"],
  [410, "GIT_REPOSITORY_NOT_FOUND"],
  [418, "GIT_PROTOCOL"],
  [429, "GIT_RATE_LIMITED"],
  [500, "GIT_SERVER_ERROR"],
  [502, "GIT_SERVER_ERROR"],
  [503, "GIT_SERVER_ERROR"],
];

const CHALLENGE = { "www-authenticate": 'Basic realm="canary"' };

/** What is between an engine and its server: the same fault has the same name, whoever meets it. */
export function describeNetwork(bench: Bench): void {
  describe("a fetch", () => {
    let front: Front | undefined;
    let certificates: Certificates | undefined;

    before(() => {
      certificates = makeCertificates();
    });
    afterEach(async () => {
      await front?.stop();
      front = undefined;
    });

    /** The first commit by way of a front, or of another address. */
    async function fetchFrom(base: string, credential?: GitCredential): Promise<unknown> {
      const remote = gitRemote(bench.repo.url.replace(bench.server.url, base), credential);
      const target = { commit: bench.first, ref: "refs/heads/main" };
      try {
        const result = await bench.engine.fetch(remote, target, bench.signal);
        expect(await bench.engine.open(remote, bench.first)).not.to.equal(undefined);
        return result;
      } catch (error) {
        expect(await bench.engine.open(remote, bench.first)).to.equal(undefined);
        throw error;
      }
    }

    async function stand(
      answer?: Parameters<typeof startFront>[1],
      tls?: Parameters<typeof startFront>[2],
    ): Promise<string> {
      front = await startFront(bench.server.url, answer, tls);
      return front.url;
    }

    for (const [status, code] of STATUSES) {
      it(`names HTTP ${status}, whichever request meets it`, async () => {
        const answer: Answer = { status, headers: CHALLENGE, body: "canary" };
        for (const method of ["GET", "POST"]) {
          const base = await stand((request) => (request.method === method ? answer : undefined));
          const error = await expectGitError(code, () => fetchFrom(base, { username: "u", password: "secret-canary" }));
          expect(error.message).to.include(`HTTP ${status}`).and.not.include("canary");
          await front?.stop();
        }
      });
    }

    it("names what is no Git repository", async () => {
      const base = await stand(() => ({ status: 200, headers: { "content-type": "text/html" }, body: "<html>hello" }));
      await expectGitError("GIT_PROTOCOL", () => fetchFrom(base));
    });

    it("names a web server that has no more than the files of a repository", async () => {
      const files: Answer = {
        status: 200,
        headers: { "content-type": "text/plain" },
        body: `${bench.first}\trefs/heads/main\n`,
      };
      for (const status of [404, 405, 501]) {
        const base = await stand(({ method }) => (method === "GET" ? files : { status }));
        await expectGitError("GIT_PROTOCOL", () => fetchFrom(base));
        const remote = gitRemote(bench.repo.url.replace(bench.server.url, base));
        const listed = await expectGitError("GIT_PROTOCOL", () =>
          bench.engine.listRefs(remote, ["HEAD", "refs/heads/main"], bench.signal),
        );
        expect(listed.message).to.include("smart HTTP protocol").and.include("text/plain");
        await front?.stop();
      }
    });

    it("names a server that nobody listens at, and one that has no address", async () => {
      const closed = await stand();
      await front?.stop();
      const refused = await expectGitError("GIT_UNREACHABLE", () => fetchFrom(closed));
      expect(refused.message).to.include("refused the connection");
      const unknown = await expectGitError("GIT_UNREACHABLE", () => fetchFrom("http://no-such-host.invalid"));
      expect(unknown.message).to.match(/does not resolve/);
    });

    it("names a server that hangs up or falls silent", async () => {
      bench.renew({ limits: { silenceTimeoutMs: 1000 } });
      const open = new Set<Socket>();
      for (const treat of [(socket: Socket) => socket.destroy(), (socket: Socket) => open.add(socket)]) {
        const server = createServer((socket) => {
          socket.on("error", () => {});
          treat(socket);
        });
        server.listen(0, "127.0.0.1");
        await once(server, "listening");
        const { port } = server.address() as AddressInfo;
        await expectGitError("GIT_UNREACHABLE", () => fetchFrom(`http://127.0.0.1:${port}`));
        for (const socket of open) socket.destroy();
        server.close();
      }
    });

    it("is not misled by a branch of HEAD whose name no ref can have", async () => {
      const missing = "1".repeat(40);
      for (const name of ["refs/heads/a\0b", "refs/heads/\u001b[2J", "--upload-pack=x"]) {
        const lines = [`${missing} HEAD symref-target:${name}`, `${missing} ${name}`];
        let asked = 0;
        const base = await stand(({ method }) =>
          method === "POST" && asked++ === 0 ? { status: 200, body: lines.map(pktLine).join("") + FLUSH } : undefined,
        );
        const remote = gitRemote(bench.repo.url.replace(bench.server.url, base));
        const target = await resolveRemoteRef(bench.engine, remote, {}, bench.signal);
        expect(target.commit).to.equal(missing);
        await expectGitError("GIT_COMMIT_NOT_FOUND", () => bench.engine.fetch(remote, target, bench.signal));
        await front?.stop();
      }
    });

    it("follows a redirect within the server, and takes the credential nowhere else", async () => {
      const credential = { username: "u", password: "canary" };
      const path = new URL(bench.repo.url).pathname;
      const base = await stand(({ url = "" }) =>
        url.startsWith("/old/") ? { status: 301, headers: { location: url.replace("/old/", "/") } } : undefined,
      );
      expect(await fetchFrom(`${base}/old`, credential)).to.deep.include({ fetched: true });
      const elsewhere = await startFront(bench.server.url);
      const away = await startFront(bench.server.url, ({ url = "" }) => ({
        status: 302,
        headers: { location: `${elsewhere.url}${url}` },
      }));
      try {
        const error = await expectGitError("GIT_REDIRECTED", () => fetchFrom(away.url, credential));
        expect(error.message).to.include(`redirects to ${elsewhere.url}${path}`);
        expect(elsewhere.seen).to.deep.equal([]);
      } finally {
        await away.stop();
        await elsewhere.stop();
      }
    });

    it("shows a bearer token and a name with a password", async () => {
      const base = await stand();
      await fetchFrom(base, { bearerToken: "abc" });
      expect(new Set(front?.authorizations)).to.deep.equal(new Set(["Bearer abc"]));
      await fetchFrom(base, { username: "ü", password: "p:w" });
      expect(front?.authorizations.at(-1)).to.equal(`Basic ${Buffer.from("ü:p:w").toString("base64")}`);
    });

    it("trusts the authority of the credential, and no other", async function () {
      if (certificates === undefined) return this.skip();
      const { ca, otherCa, server } = certificates;
      const base = await stand(undefined, server);
      expect(await fetchFrom(base, { ca })).to.deep.include({ fetched: true });
      const unknown = await expectGitError("GIT_TLS", () => fetchFrom(base));
      expect(unknown.message).to.match(/as ca\.crt to the Secret/);
      const wrong = await expectGitError("GIT_TLS", () => fetchFrom(base, { ca: otherCa }));
      expect(wrong.message).to.match(/check that ca\.crt/);
    });

    it("shows a client certificate", async function () {
      if (certificates === undefined) return this.skip();
      const { ca, server, client } = certificates;
      const base = await stand(undefined, { ...server, ca });
      const credential = { ca, clientCert: client.cert, clientKey: client.key };
      expect(await fetchFrom(base, credential)).to.deep.include({ fetched: true });
      const error = await fetchFrom(base, { ca }).catch((caught: unknown) => caught);
      // With TLS 1.3 the refusal comes after the handshake, often as a closed connection.
      expect(error).to.have.property("code").that.is.oneOf(["GIT_TLS", "GIT_UNREACHABLE"]);
      expect(String(error)).to.match(/requires a client certificate \(.*tls\.crt and tls\.key/);
    });
  });
}
