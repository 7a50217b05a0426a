import { once } from "node:events";
import { createServer } from "node:net";
import { expect } from "chai";
import { systemClock } from "../../../../src/base/clock.js";
import type { GitCredential, RemoteRefs } from "../../../../src/git/engine.js";
import { GitHttpClient } from "../../../../src/git/http/client.js";
import { Connections } from "../../../../src/git/http/connections.js";
import { DEFAULT_GIT_LIMITS } from "../../../../src/git/limits.js";
import { LsRefs } from "../../../../src/git/protocol/ls-refs.js";
import { FLUSH, pktLine } from "../../../../src/git/protocol/pkt-line.js";
import { gitRemote } from "../../../../src/git/remote.js";
import { type Certificates, makeCertificates } from "../../../support/certificates.js";
import { type GitRepo, type GitServer, startGitServer } from "../../../support/git-server.js";
import { expectGitError } from "../support/expect-error.js";
import { type Front, startFront } from "../support/front.js";

const PREFIXES = ["HEAD", "refs/heads/main", "refs/tags/"];
const POST = "POST /apps.git/git-upload-pack";
const GET = "GET /apps.git/info/refs?service=git-upload-pack";

describe("LsRefs", function () {
  this.timeout(20_000);
  let server: GitServer;
  let repo: GitRepo;
  let front: Front | undefined;
  let lsRefs: LsRefs;
  let connections: Connections;

  before(async () => {
    server = await startGitServer();
    repo = await server.createRepository("apps");
    await repo.commit({ a: "1" }, "first");
    await repo.tag("v1", { message: "annotated" });
    await repo.setBranch("dev", await repo.head());
  });

  after(() => server.stop());

  beforeEach(() => {
    const limits = { ...DEFAULT_GIT_LIMITS, maxRefBytes: 4096, maxNamedRefBytes: 2048 };
    connections = new Connections(limits);
    lsRefs = new LsRefs(new GitHttpClient(connections, systemClock), systemClock, limits);
  });

  afterEach(async () => {
    connections.clear();
    await front?.stop();
    front = undefined;
    server.setFault(undefined);
  });

  async function stand(
    answer?: Parameters<typeof startFront>[1],
    tls?: Parameters<typeof startFront>[2],
  ): Promise<Front> {
    front = await startFront(server.url, answer, tls);
    return front;
  }

  function list(url: string, credential?: GitCredential): Promise<RemoteRefs> {
    return lsRefs.list(gitRemote(url, credential), PREFIXES, new AbortController().signal);
  }

  describe("asks", () => {
    it("by one request, over one connection, from the first time on", async () => {
      const { url } = await stand();
      const commit = await repo.head();
      for (let i = 0; i < 3; i++) {
        const { refs, head } = await list(`${url}/apps.git`);
        expect(head).to.equal("refs/heads/main");
        expect([...refs]).to.deep.equal([
          ["HEAD", commit],
          ["refs/heads/main", commit],
          ["refs/tags/v1", commit],
        ]);
      }
      expect(front?.seen).to.deep.equal([POST, POST, POST]);
    });

    it("a server that wants a GET first only once in that way", async () => {
      let asked = false;
      const { url } = await stand((request) => {
        asked ||= request.method === "GET";
        return asked ? undefined : { status: 400 };
      });
      await list(`${url}/apps.git`);
      await list(`${url}/apps.git`);
      expect(front?.seen).to.deep.equal([POST, GET, POST, POST]);
    });

    it("an old server for its advertisement, by one request once that is known", async () => {
      const { url } = await stand((request) =>
        request.method === "POST" ? { status: 500 } : { without: "git-protocol" },
      );
      const commit = await repo.head();
      for (let i = 0; i < 2; i++) {
        expect(await list(`${url}/apps.git`)).to.deep.equal({
          head: "refs/heads/main",
          refs: new Map([
            ["HEAD", commit],
            ["refs/heads/main", commit],
            ["refs/tags/v1", commit],
          ]),
          tags: new Map([["refs/tags/v1", await repo.git("rev-parse", "refs/tags/v1")]]),
        });
      }
      expect(front?.seen).to.deep.equal([POST, GET, GET]);
    });

    it("anew how to ask, when a server that was known does not understand any more", async () => {
      let isOld = false;
      const { url } = await stand((request) => {
        if (!isOld) return undefined;
        return request.method === "POST" ? { status: 404 } : { without: "git-protocol" };
      });
      await list(`${url}/apps.git`);
      isOld = true;
      await expectGitError("GIT_REPOSITORY_NOT_FOUND", () => list(`${url}/apps.git`));
      expect((await list(`${url}/apps.git`)).head).to.equal("refs/heads/main");
    });

    it("once more when the connection breaks before the answer, and not for ever", async () => {
      let breaks = 1;
      const { url } = await stand(({ socket }) => {
        if (breaks-- <= 0) return undefined;
        socket.destroy();
        return { status: 200 };
      });
      expect((await list(`${url}/apps.git`)).head).to.equal("refs/heads/main");
      expect(front?.seen).to.deep.equal([POST, POST]);
      breaks = 9;
      await expectGitError("GIT_UNREACHABLE", () => list(`${url}/apps.git`));
      expect(front?.seen).to.have.length(4);
    });

    it("an empty repository without an error", async () => {
      const empty = await server.createRepository(`empty-${Date.now()}`);
      expect(await list(empty.url)).to.deep.equal({ refs: new Map(), head: undefined });
    });
  });

  describe("follows a redirect", () => {
    it("on the same server, and goes straight there the next time", async () => {
      const { url } = await stand((request) =>
        request.url?.startsWith("/old.git/")
          ? { status: 301, headers: { location: request.url.replace("/old.git/", "/apps.git/") } }
          : undefined,
      );
      await list(`${url}/old.git`);
      expect((await list(`${url}/old.git`)).head).to.equal("refs/heads/main");
      expect(front?.seen).to.deep.equal(["POST /old.git/git-upload-pack", POST, POST]);
    });

    const targets: readonly [name: string, location: string, says: RegExp][] = [
      [
        "to another server",
        "http://127.0.0.2:9/apps.git/git-upload-pack",
        /redirects to http:\/\/127\.0\.0\.2:9\/apps\.git/,
      ],
      [
        "to a page on the same server",
        "/users/sign_in?token=canary",
        /redirects to http:\/\/127\.0\.0\.1:\d+\/users\/sign_in,/,
      ],
      ["to nowhere", "", /redirects to/],
      ["without end", "/apps.git/git-upload-pack", /redirects to/],
    ];
    for (const [name, location, says] of targets) {
      it(`not ${name}, and takes the credential nowhere`, async () => {
        const { url } = await stand(({ method }) => ({
          status: 302,
          headers: {
            location:
              method === "GET" ? location.replace("git-upload-pack", "info/refs?service=git-upload-pack") : location,
          },
        }));
        const error = await expectGitError("GIT_REDIRECTED", () =>
          list(`${url}/apps.git`, { username: "u", password: "p" }),
        );
        expect(error.message)
          .to.match(says)
          .and.match(/set url to its new address/)
          .and.not.include("canary");
      });
    }
  });

  describe("signs in", () => {
    it("with user name and password, or with a bearer token", async () => {
      const { url, authorizations } = await stand();
      await list(`${url}/apps.git`, { username: "ü", password: "p" });
      await list(`${url}/apps.git`, { bearerToken: "t" });
      expect(authorizations).to.deep.equal([`Basic ${Buffer.from("ü:p").toString("base64")}`, "Bearer t"]);
    });

    for (const status of [401, 403]) {
      it(`and says what to check when the server answers ${status}`, async () => {
        server.setFault(() => ({ kind: "status", status, body: "canary-body" }));
        const anonymous = await expectGitError("GIT_AUTH_FAILED", () => list(repo.url));
        expect(anonymous.message)
          .to.include(`HTTP ${status}`)
          .and.match(/set secretRef to a Secret/);
        const refused = await expectGitError("GIT_AUTH_FAILED", () =>
          list(repo.url, { username: "u", password: "canary" }),
        );
        expect(refused.message)
          .to.match(/check username and password \(or token\)/)
          .and.not.include("canary");
        const token = await expectGitError("GIT_AUTH_FAILED", () => list(repo.url, { bearerToken: "canary" }));
        expect(token.message)
          .to.match(/check bearerToken/)
          .and.not.include("canary");
        expect([token.reason, token.class]).to.deep.equal(["AuthenticationFailed", "retryable"]);
      });
    }
  });

  describe("words what goes wrong:", () => {
    it("no repository", async () => {
      const error = await expectGitError("GIT_REPOSITORY_NOT_FOUND", () => list(`${server.url}/none.git`));
      expect(error.message)
        .to.include(`${server.url}/none.git`)
        .and.match(/check url and the permissions/);
    });

    it("a busy server, and when to come back", async () => {
      for (const [status, code] of [
        [429, "GIT_RATE_LIMITED"],
        [403, "GIT_RATE_LIMITED"],
        [503, "GIT_SERVER_ERROR"],
      ] as const) {
        server.setFault(() => ({ kind: "status", status, headers: { "retry-after": "17" } }));
        expect((await expectGitError(code, () => list(repo.url))).retryAfterMs).to.equal(17_000);
        const date = new Date(Date.now() + 60_000).toUTCString();
        server.setFault(() => ({ kind: "status", status, headers: { "retry-after": date } }));
        expect((await expectGitError(code, () => list(repo.url))).retryAfterMs).to.be.within(50_000, 60_000);
        const nextYear = new Date(Date.now() + 365 * 86_400_000).toUTCString();
        server.setFault(() => ({ kind: "status", status, headers: { "retry-after": nextYear } }));
        expect((await expectGitError(code, () => list(repo.url))).retryAfterMs, "a wrong clock").to.equal(3_600_000);
        if (status === 403) continue;
        server.setFault(() => ({ kind: "status", status, headers: { "retry-after": "soon" } }));
        expect((await expectGitError(code, () => list(repo.url))).retryAfterMs).to.equal(undefined);
      }
    });

    it("a page instead of Git", async () => {
      server.setFault(() => ({ kind: "status", status: 200, body: "<!doctype html><p>canary" }));
      const error = await expectGitError("GIT_PROTOCOL", () => list(repo.url));
      expect(error.message)
        .to.match(/check that url is the address of a Git repository/)
        .and.not.include("canary");
    });

    const line = pktLine(`${"a".repeat(40)} refs/heads/${"x".repeat(900)}`);
    const all = ["HEAD", "refs/heads/"];
    const named = ["HEAD", "refs/heads/main"];
    const WIDE: readonly [name: string, prefixes: readonly string[], lines: number, says: RegExp][] = [
      ["all branches", all, 5, /set ref to one branch or tag/],
      ["one branch", named, 3, /only the names in ref were requested/],
    ];
    for (const [name, prefixes, lines, says] of WIDE) {
      it(`an answer without end to a question for ${name}, and what to do`, async () => {
        const { signal } = new AbortController();
        const ask = () => lsRefs.list(gitRemote(repo.url), prefixes, signal);
        server.setFault(() => ({ kind: "status", status: 200, body: line.repeat(lines - 1) + FLUSH }));
        await ask();
        server.setFault(() => ({ kind: "status", status: 200, body: line.repeat(lines) + FLUSH }));
        const error = await expectGitError("GIT_TOO_LARGE", ask);
        expect(error.class).to.equal("terminal");
        expect(error.message).to.match(says);
      });
    }

    it("an advertisement without end of an old server, and what to do", async () => {
      server.setFault(({ method }) =>
        method === "POST"
          ? { kind: "status", status: 500 }
          : { kind: "status", status: 200, body: pktLine("# service=git-upload-pack") + FLUSH + line.repeat(5) },
      );
      const error = await expectGitError("GIT_TOO_LARGE", () => list(repo.url));
      expect(error.message).to.match(/the server is too old to filter refs/);
    });

    it("nobody there, with host and port", async () => {
      const gone = createServer().listen(0, "127.0.0.1");
      await once(gone, "listening");
      const address = gone.address();
      const port = typeof address === "object" ? address?.port : undefined;
      await new Promise((done) => gone.close(done));
      const error = await expectGitError("GIT_UNREACHABLE", () => list(`http://127.0.0.1:${port}/apps.git`));
      expect(error.message).to.include(`127.0.0.1:${port}`).and.include("ECONNREFUSED");
      expect(error.reason).to.equal("GitUnreachable");
    });

    it("a name that does not resolve", async () => {
      const error = await expectGitError("GIT_UNREACHABLE", () => list("https://git.invalid/apps.git"));
      expect(error.message).to.match(/git\.invalid:443.*does not resolve/);
    });

    it("a server that falls silent", async () => {
      const limits = { ...DEFAULT_GIT_LIMITS, pollTimeoutMs: 50 };
      const impatient = new LsRefs(new GitHttpClient(connections, systemClock), systemClock, limits);
      server.setFault(() => ({ kind: "delay", until: new Promise(() => {}) }));
      const { signal } = new AbortController();
      const error = await expectGitError("GIT_UNREACHABLE", () =>
        impatient.list(gitRemote(repo.url), PREFIXES, signal),
      );
      expect(error.message).to.match(/did not finish listing its refs/);
    });

    it("nothing, when the caller gives up: that is the caller's reason", async () => {
      server.setFault(() => ({ kind: "delay", until: new Promise(() => {}) }));
      const controller = new AbortController();
      const work = lsRefs.list(gitRemote(repo.url), PREFIXES, controller.signal);
      const reason = new Error("stopped");
      controller.abort(reason);
      expect(await work.catch((error: unknown) => error)).to.equal(reason);
    });
  });

  describe("over TLS", () => {
    let certificates: Certificates;

    before(function () {
      const made = makeCertificates();
      if (made === undefined) return this.skip();
      certificates = made;
    });

    it("trusts the authority of the credential, and keeps its connections apart from others", async () => {
      const { ca, server: pair } = certificates;
      const { url } = await stand(undefined, pair);
      expect((await list(`${url}/apps.git`, { ca })).head).to.equal("refs/heads/main");
      await expectGitError("GIT_TLS", () => list(`${url}/apps.git`));
    });

    it("refuses another authority, and says which key to check", async () => {
      const { otherCa, server: pair } = certificates;
      const { url } = await stand(undefined, pair);
      const unknown = await expectGitError("GIT_TLS", () => list(`${url}/apps.git`));
      expect(unknown.message).to.match(/127\.0\.0\.1:\d+ \([A-Z_]+\).*as ca\.crt to the Secret/);
      const wrong = await expectGitError("GIT_TLS", () => list(`${url}/apps.git`, { ca: otherCa }));
      expect(wrong.message).to.match(/check that ca\.crt/);
      expect(wrong.reason).to.equal("TLSFailed");
    });

    it("shows a client certificate", async () => {
      const { ca, server: pair, client } = certificates;
      const { url } = await stand(undefined, { ...pair, ca });
      const credential = { ca, clientCert: client.cert, clientKey: client.key };
      expect((await list(`${url}/apps.git`, credential)).head).to.equal("refs/heads/main");
      const error = await list(`${url}/apps.git`, { ca }).catch((caught: unknown) => caught);
      expect(error).to.have.property("code").that.is.oneOf(["GIT_TLS", "GIT_UNREACHABLE"]);
    });
  });
});
