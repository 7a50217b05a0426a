import { expect } from "chai";
import { GIT_HOST_TYPES, type GitHostType } from "../../../../src/api/git-provider.js";
import { systemClock } from "../../../../src/base/clock.js";
import { HostRules } from "../../../../src/base/host-rules.js";
import { ProxyRules } from "../../../../src/base/proxy.js";
import { GitError } from "../../../../src/git/errors.js";
import type { GitHost } from "../../../../src/git/hosts/git-host.js";
import { startGithubApi } from "../../../support/github-api.js";
import { forever, type HostAnswer, HostServer, openHost, STATUS } from "./support/host-server.js";

const KNOWN = GIT_HOST_TYPES.filter((type) => type !== "Generic");

/** Answers every request alike. */
function always(answer: HostAnswer): Record<string, HostAnswer> {
  return new Proxy({}, { get: () => answer }) as Record<string, HostAnswer>;
}

async function failure(work: Promise<unknown>): Promise<GitError> {
  const error: unknown = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof GitError)) throw new Error(`no GitError: ${String(error)}`);
  expect(`${error.message} ${error.stack}`).not.to.include("canary");
  return error;
}

describe("an API of a Git host that fails", () => {
  let server: HostServer;
  let other: HostServer;
  before(async () => {
    [server, other] = [await HostServer.start(), await HostServer.start()];
  });
  afterEach(() => server.take());
  after(async () => {
    await server.stop();
    await other.stop();
  });
  const open = (type: GitHostType, timeoutMs = 2_000): GitHost =>
    openHost(type, `${server.origin}/api`, { token: "canary-token" }, { timeoutMs });

  const answers: readonly [what: string, answer: HostAnswer, code: string, text: RegExp][] = [
    [
      "401",
      { status: 401, json: {} },
      "GIT_AUTH_FAILED",
      /rejects the credential in Secret shop\/api; check that it is valid/,
    ],
    ["403", { status: 403, json: {} }, "GIT_PERMISSION_DENIED", /give the token the (permission|scope)/],
    ["404", { status: 404, json: {} }, "GIT_HOST_NOT_FOUND", /commit c0ffee of .* does not exist or is not visible/],
    ["429", { status: 429, json: {}, headers: { "retry-after": "120" } }, "GIT_RATE_LIMITED", /in 120 s/],
    ["500", { status: 500, text: "canary-token" }, "GIT_SERVER_ERROR", /the server failed/],
    [
      "422 with the token",
      { status: 422, json: { message: "bad canary-token" } },
      "GIT_HOST_REFUSED",
      /rejects the request$/,
    ],
    ["422", { status: 422, json: { message: "too\nmany" } }, "GIT_HOST_REFUSED", /rejects the request: too many/],
    ["no JSON", { status: 200, text: "<html>canary" }, "GIT_HOST_PROTOCOL", /is not JSON; check that it is the API/],
    [
      "a redirect",
      { status: 307, text: "", headers: { location: "https://elsewhere.example.com/x?canary" } },
      "GIT_REDIRECTED",
      /redirects to https:\/\/elsewhere\.example\.com, and/,
    ],
    ["nothing in time", "never", "GIT_UNREACHABLE", /did not respond within/],
  ];
  for (const [what, answer, code, text] of answers) {
    it(`with ${what} is an error with a remedy, whatever the host`, async () => {
      server.answers = always(answer);
      for (const type of KNOWN) {
        const error = await failure(open(type, answer === "never" ? 50 : 2_000).setStatus(STATUS, forever));
        expect(error.code, type).to.equal(code);
        expect(error.message, type).to.match(text);
      }
      // With a short time, a request may end before the server has it.
      if (answer !== "never") expect(server.requests.length, "a write is sent once").to.equal(KNOWN.length);
    });
  }

  it("with another shape is an error that names the place", async () => {
    server.answers = always({ json: [{ number: "seven" }] });
    const error = await failure(open("GitHub").pullRequestsOf("c0ffee", forever));
    expect(error.message).to.include("has an unexpected shape (0.number)");
  });

  it("never gets a credential at another address", async () => {
    server.answers = always({ status: 302, text: "", headers: { location: `${other.origin}/api/x` } });
    for (const type of KNOWN) await failure(open(type).checksOf("c0ffee", forever));
    expect(other.requests).to.deep.equal([]);
    server.answers = always({ json: [], headers: { link: `<${other.origin}/api/x>; rel="next"` } });
    await open("GitLab").checksOf("c0ffee", forever);
    expect(other.requests, "a next page elsewhere").to.deep.equal([]);
  });

  it("is asked again for a read, three times at most", async () => {
    // Pauses are over at once.
    const clock = { ...systemClock, after: (ms: number, fn: () => void) => systemClock.after(ms > 2_000 ? ms : 0, fn) };
    const host = openHost("GitLab", `${server.origin}/api`, undefined, { clock, timeoutMs: 10_000 });
    let left = 2;
    const answer = () => (left-- > 0 ? ({ status: 502, text: "" } as const) : ({ json: [] } as const));
    server.answers = new Proxy({}, { get: () => answer });
    expect(await host.checksOf("c0ffee", forever)).to.deep.equal([]);
    expect(server.take()).to.have.length(3);
    left = 9;
    expect((await failure(host.checksOf("c0ffee", forever))).code).to.equal("GIT_SERVER_ERROR");
    expect(server.take()).to.have.length(3);
  });

  it("is left alone until its rate limit ends, also by other operations", async () => {
    const reset = String(Math.floor(Date.now() / 1000) + 600);
    server.answers = always({
      status: 403,
      json: {},
      headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset },
    });
    const host = open("GitHub");
    const first = await failure(host.setStatus(STATUS, forever));
    expect([first.code, Math.round((first.retryAfterMs ?? 0) / 10_000)]).to.deep.equal(["GIT_RATE_LIMITED", 60]);
    expect((await failure(host.checksOf("c0ffee", forever))).code).to.equal("GIT_RATE_LIMITED");
    expect(server.take()).to.have.length(1);
  });

  it("confirms an unchanged answer, which is used again", async () => {
    const page = { json: [{ name: "ci", status: "success" }], headers: { etag: '"1"' } };
    const answer = ({ headers }: { headers: Record<string, unknown> }) =>
      headers["if-none-match"] === '"1"' ? { status: 304, text: "" } : page;
    server.answers = new Proxy({}, { get: () => answer });
    const host = open("GitLab");
    const checks = await host.checksOf("c0ffee", forever);
    expect(await host.checksOf("c0ffee", forever)).to.deep.equal(checks);
    expect(server.requests.map(({ headers }) => headers["if-none-match"])).to.deep.equal([undefined, '"1"']);
  });

  it("is not paged through without end", async () => {
    const next = `<${server.origin}/api/more>; rel="next"`;
    server.answers = always({ json: [], headers: { link: next } });
    expect((await failure(open("GitLab").checksOf("c0ffee", forever))).code).to.equal("GIT_TOO_LARGE");
    expect(server.take()).to.have.length(10);
  });

  it("ends at once when the caller stops", async () => {
    server.answers = always("never");
    const abort = new AbortController();
    const work = open("Gitea").setStatus(STATUS, abort.signal);
    abort.abort(new Error("stopping"));
    expect(await work.catch((error: Error) => error.message)).to.equal("stopping");
  });
});

describe("opening the API of a Git host", () => {
  const refused = (work: () => unknown): string => {
    try {
      work();
    } catch (error) {
      return (error as Error).message;
    }
    return "no error";
  };

  it("respects --allowed-git-hosts for the address of the API", () => {
    const allowedHosts = new HostRules(["git.example.com"]);
    const message = refused(() => openHost("GitHub", "https://api.example.com", undefined, { allowedHosts }));
    expect(message).to.include(
      "the host api.example.com:443 of the API in spec.provider is not in --allowed-git-hosts",
    );
  });

  it("accepts no SSH key, and sends no credential unencrypted", () => {
    const key = { identity: "canary-key", known_hosts: "x" };
    expect(refused(() => openHost("GitHub", "https://api.example.com", key))).to.equal(
      "Secret shop/api has no credential for the API of the Git host: set spec.provider.secretRef to a Secret with a token",
    );
    expect(refused(() => openHost("Gitea", "http://git.example.com/api/v1"))).to.include(
      "are not sent to http://git.example.com/api/v1 over http://",
    );
  });

  it("goes through the proxy of the environment", async () => {
    const proxy = { url: "http://127.0.0.1:9", address: "127.0.0.1:9", variable: "HTTPS_PROXY", credential: undefined };
    const proxies = new ProxyRules({ https: proxy });
    const error = await failure(
      openHost("Gitea", "https://git.example.com/api/v1", undefined, { proxies }).setStatus(STATUS, forever),
    );
    expect(error.message).to.include("through the proxy 127.0.0.1:9 (HTTPS_PROXY)");
  });

  it("names the type to set for a host that is not known", async () => {
    const host = openHost("Generic", "https://git.example.com");
    expect(host.operations.size).to.equal(0);
    expect((await failure(host.setStatus(STATUS, forever))).message).to.equal(
      "cannot set a commit status: the type of the Git host is not known; set spec.provider.type of the GitRepository",
    );
  });

  it("uses a GitHub App, with a token for each operation that has no other permission", async () => {
    const api = await startGithubApi();
    try {
      const data = {
        ...{ githubAppID: api.appId, githubAppInstallationID: api.installation, githubAppPrivateKey: api.privateKey },
        githubAppBaseURL: api.url,
      };
      const host = openHost("GitHub", api.url, data);
      // The API of the app has nothing else, so that a request with the token is not found.
      await failure(host.setStatus(STATUS, forever));
      await failure(host.comment(7, "x", forever));
      expect(api.permissions).to.deep.equal([{ statuses: "write" }, { pull_requests: "write" }]);
    } finally {
      await api.stop();
    }
  });
});
