import { expect } from "chai";
import { credentialFromSecret } from "../../../../src/git/credentials/credentials.js";
import type { GitRemote } from "../../../../src/git/engine.js";
import type { GitErrorCode } from "../../../../src/git/errors.js";
import { InstallationTokens } from "../../../../src/git/github/installation-tokens.js";
import { Connections } from "../../../../src/git/http/connections.js";
import { DEFAULT_GIT_LIMITS } from "../../../../src/git/limits.js";
import { gitRemote } from "../../../../src/git/remote.js";
import { type GithubApi, startGithubApi } from "../../../support/github-api.js";
import { expectGitError } from "../support/expect-error.js";
import { secretData } from "../support/secret-data.js";

const URL = "https://github.com/team/apps.git";
const signal = new AbortController().signal;

describe("InstallationTokens", () => {
  let api: GithubApi;
  let connections: Connections;
  let tokens: InstallationTokens;
  let now: number;

  before(async () => {
    api = await startGithubApi(() => now);
    connections = new Connections(DEFAULT_GIT_LIMITS);
  });
  after(async () => {
    connections.clear();
    await api.stop();
  });
  beforeEach(() => {
    now = Date.UTC(2026, 0, 1);
    api.refusal = undefined;
    api.validMs = 3_600_000;
    const clock = { now: () => now, monotonic: () => now, after: () => ({ cancel() {} }) };
    tokens = new InstallationTokens(connections, clock);
  });

  const secret = (): Record<string, string> => ({
    githubAppID: api.appId,
    githubAppInstallationID: api.installation,
    githubAppPrivateKey: api.privateKey,
    githubAppBaseURL: api.url,
  });
  const remote = (values: Record<string, string> = secret(), url = URL): GitRemote =>
    gitRemote(url, credentialFromSecret(secretData(values), { where: "Secret team/git", url }));
  const passwordOf = async (at: GitRemote): Promise<string | undefined> =>
    (await tokens.credentialOf(at, signal))?.password;

  it("gets a token with a signed claim, and keeps it until shortly before it expires", async () => {
    const before = api.requests.length;
    const [first, same] = await Promise.all([passwordOf(remote()), passwordOf(remote())]);
    expect(first).to.equal(api.tokens.at(-1)).and.to.equal(same);
    expect(await tokens.credentialOf(remote(), signal)).to.include({ username: "x-access-token" });
    expect(api.permissions.at(-1), "what fetching needs").to.deep.equal({ contents: "read" });
    now += 54 * 60_000;
    expect(await passwordOf(remote())).to.equal(first);
    expect(api.requests.length).to.equal(before + 1);
    now += 2 * 60_000;
    const [second, third] = await Promise.all([passwordOf(remote()), passwordOf(remote())]);
    expect(second).to.equal(api.tokens.at(-1)).and.to.equal(third).and.not.equal(first);
    expect(api.requests.length).to.equal(before + 2);
    tokens.forget(remote());
    expect(await passwordOf(remote())).not.to.equal(second);
  });

  it("finds the installation of the repository where the Secret names none, as of Argo CD", async () => {
    const { githubAppInstallationID: _, githubAppBaseURL: base = "", ...others } = secret();
    const values = { ...others, githubAppEnterpriseBaseUrl: `${base}/`, type: "git", url: URL };
    expect(await passwordOf(remote(values))).to.equal(api.tokens.at(-1));
    const other = remote({ ...values, url: "" }, "https://github.com/team/other.git");
    const error = await expectGitError("GIT_AUTH_FAILED", () => passwordOf(other));
    expect(error.message).to.contain("an installation on https://github.com/team/other.git (HTTP 404)");
  });

  it("uses the API of the host where the Secret names none", () => {
    const apiOf = (url: string): string | undefined => {
      const { githubAppBaseURL: _, ...values } = secret();
      return remote(values, url).credential?.githubApp?.api;
    };
    expect(apiOf(URL)).to.equal("https://api.github.com");
    expect(apiOf("https://corp.ghe.com/a/b")).to.equal("https://api.corp.ghe.com");
    expect(apiOf("https://github.example.com:8443/a/b")).to.equal("https://github.example.com:8443/api/v3");
  });

  it("names what GitHub refuses, without its words or the key", async () => {
    const cases: readonly [
      change: Record<string, string>,
      refusal: number | undefined,
      code: GitErrorCode,
      says: RegExp,
    ][] = [
      [{ githubAppID: "999" }, undefined, "GIT_AUTH_FAILED", /HTTP 401\): check githubAppID and githubAppPrivateKey/],
      [{ githubAppInstallationID: "1" }, undefined, "GIT_AUTH_FAILED", /the installation 1 \(HTTP 404\)/],
      [{}, 403, "GIT_AUTH_FAILED", /HTTP 403\): check that the installation is not suspended/],
      [{}, 422, "GIT_AUTH_FAILED", /permission Contents: read/],
      [{}, 500, "GIT_SERVER_ERROR", /HTTP 500/],
      [{ githubAppBaseURL: "http://127.0.0.1:9" }, undefined, "GIT_UNREACHABLE", /127\.0\.0\.1:9/],
    ];
    for (const [change, refusal, code, says] of cases) {
      api.refusal = refusal;
      const error = await expectGitError(code, () => passwordOf(remote({ ...secret(), ...change })));
      expect(error.message).to.match(says).and.not.include("canary");
    }
  });

  const invalid: readonly [name: string, change: Record<string, string>, says: RegExp][] = [
    ["no ID", { githubAppID: "" }, /no githubAppID/],
    ["no key", { githubAppPrivateKey: "" }, /no githubAppPrivateKey/],
    ["a key that is none", { githubAppPrivateKey: "canary" }, /no RSA private key/],
    ["an installation that is no number", { githubAppInstallationID: "canary" }, /not a number/],
    ["an API without TLS", { githubAppBaseURL: "http://canary.example.com" }, /not an https:\/\/ URL/],
    ["a password as well", { username: "u", password: "canary" }, /both a GitHub App and a password or token/],
  ];
  for (const [name, change, says] of invalid) {
    it(`refuses a Secret with ${name}`, async () => {
      const error = await expectGitError("GIT_CREDENTIAL_INVALID", () => remote({ ...secret(), ...change }));
      expect(error.message).to.match(says).and.not.include("canary");
    });
  }
});
