import { expect } from "chai";
import { gitRemote, remoteAddress } from "../../../src/git/remote.js";
import { expectGitError } from "./support/expect-error.js";

const CREDENTIAL = { username: "u", password: "canary-password" };

describe("gitRemote", () => {
  const accepted: readonly [url: string, normalised: string][] = [
    ["https://git.example.com/team/apps.git", "https://git.example.com/team/apps.git"],
    ["HTTPS://Git.Example.COM:443/Team/Apps/", "https://git.example.com/Team/Apps"],
    ["https://git.example.com:8443/apps//", "https://git.example.com:8443/apps"],
    ["http://git.example.com:80/apps", "http://git.example.com/apps"],
    ["http://127.0.0.1:3000/apps", "http://127.0.0.1:3000/apps"],
  ];
  for (const [url, normalised] of accepted) {
    it(`takes ${url}`, () => {
      expect(gitRemote(url).url).to.equal(normalised);
    });
  }

  const ssh = { ssh: { privateKey: "k", knownHosts: "h" } };
  const shell: readonly [url: string, normalised: string, address: [string, string, number, string]][] = [
    [
      "ssh://git@Git.Example.com/team/x.git/",
      "ssh://git@git.example.com/team/x.git",
      ["git", "git.example.com", 22, "/team/x.git"],
    ],
    ["SSH://git.example.com:22/x", "ssh://git@git.example.com/x", ["git", "git.example.com", 22, "/x"]],
    ["ssh://me@[::1]:2222/a%20b", "ssh://me@[::1]:2222/a%20b", ["me", "::1", 2222, "/a b"]],
    ["ssh://git@host/~me/x", "ssh://git@host/~me/x", ["git", "host", 22, "~me/x"]],
    ["git@git.example.com:team/x.git", "git@git.example.com:team/x.git", ["git", "git.example.com", 22, "team/x.git"]],
    ["git.example.com:team/x", "git@git.example.com:team/x", ["git", "git.example.com", 22, "team/x"]],
    ["git@host:/srv/x.git", "ssh://git@host/srv/x.git", ["git", "host", 22, "/srv/x.git"]],
  ];
  for (const [url, normalised, [user, host, port, path]] of shell) {
    it(`takes ${url} with an SSH key`, () => {
      const remote = gitRemote(url, ssh);
      expect(remote.url).to.equal(normalised);
      expect(remote.ssh).to.deep.equal({ user, host, port, path });
      expect(gitRemote(remote.url, ssh)).to.deep.equal(remote);
      expect(remoteAddress(remote.url)).to.equal(`${host.includes(":") ? `[${host}]` : host}:${port}`);
    });
  }

  const refused: readonly [url: string, code: "GIT_URL_INVALID" | "GIT_TRANSPORT_UNSUPPORTED", says: RegExp][] = [
    ["https://user:canary-password@git.example.com/apps", "GIT_URL_INVALID", /secretRef/],
    ["https://canary-token@git.example.com/apps", "GIT_URL_INVALID", /secretRef/],
    ["https://git.example.com/apps?token=canary-token", "GIT_URL_INVALID", /query/],
    ["https://git.example.com/apps#main", "GIT_URL_INVALID", /fragment/],
    ["https://git.example.com", "GIT_URL_INVALID", /no path to a repository/],
    ["https://", "GIT_URL_INVALID", /not a valid URL/],
    ["https://git.example.com/a b", "GIT_URL_INVALID", /white space/],
    ["https://git.example.com\\@evil.example.com/a", "GIT_URL_INVALID", /backslash/],
    ["https://git.example.com/a\nb", "GIT_URL_INVALID", /control/],
    ["--upload-pack=touch", "GIT_URL_INVALID", /dash/],
    ["ext::sh -c whoami", "GIT_URL_INVALID", /white space/],
    ["ext::whoami", "GIT_TRANSPORT_UNSUPPORTED", /https/],
    ["file:///etc", "GIT_TRANSPORT_UNSUPPORTED", /https/],
    ["/srv/repo.git", "GIT_TRANSPORT_UNSUPPORTED", /https/],
    ["git://git.example.com/apps", "GIT_TRANSPORT_UNSUPPORTED", /https/],
    ["ssh://git@git.example.com/apps", "GIT_URL_INVALID", /SSH needs a key: set secretRef/],
    ["ssh://git:canary@git.example.com:22/apps", "GIT_URL_INVALID", /contains a password/],
    ["ssh://git@git.example.com", "GIT_URL_INVALID", /has the form ssh:/],
    ["ssh://git@git.example.com/", "GIT_URL_INVALID", /no path to a repository/],
    ["ssh://git@git.example.com:70000/x", "GIT_URL_INVALID", /port is not between/],
    ["ssh://-oProxyCommand=touch/x", "GIT_URL_INVALID", /host name is not valid/],
    ["ssh://-x@git.example.com/x", "GIT_URL_INVALID", /user name has characters/],
    ["ssh://git@git.example.com/x%0ay", "GIT_URL_INVALID", /path is not valid/],
    ["ssh://git@git.example.com/x?y", "GIT_URL_INVALID", /query or a fragment/],
    ["git@-oProxyCommand:x", "GIT_URL_INVALID", /host name is not valid/],
    ["git@git.example.com:--upload-pack=x", "GIT_URL_INVALID", /path is not valid/],
    ["git+ssh://git@git.example.com/apps", "GIT_TRANSPORT_UNSUPPORTED", /ssh:/],
    ["git.example.com:8443/apps.git", "GIT_TRANSPORT_UNSUPPORTED", /unsupported scheme/],
    ["", "GIT_TRANSPORT_UNSUPPORTED", /https/],
  ];
  for (const [url, code, says] of refused) {
    it(`refuses ${JSON.stringify(url)}`, async () => {
      const error = await expectGitError(code, () => gitRemote(url));
      expect(error.message).to.match(says).and.not.include("canary");
      expect(error.class).to.equal("terminal");
    });
  }

  it("refuses a long URL, without reading it", async () => {
    const error = await expectGitError("GIT_URL_INVALID", () =>
      gitRemote(`https://git.example.com/${"/".repeat(2e6)}x`),
    );
    expect(error.message)
      .to.match(/has more than 4096 characters$/)
      .and.have.length.below(300);
  });

  it("sends no credential over http, except to the local machine", async () => {
    for (const url of ["http://localhost:3000/a", "http://127.0.0.2/a", "http://[::1]:3000/a"]) {
      expect(gitRemote(url, CREDENTIAL).credential).to.equal(CREDENTIAL);
    }
    for (const url of [
      "http://git.example.com/a",
      "http://127.0.0.1.example.com/a",
      "http://localhost.example.com/a",
    ]) {
      expect((await expectGitError("GIT_URL_INVALID", () => gitRemote(url, CREDENTIAL))).message).to.match(
        /not sent over http:/,
      );
    }
  });

  it("distinguishes remotes by address and credential only", () => {
    const id = (url: string, password?: string): string =>
      gitRemote(url, password === undefined ? undefined : { username: "u", password }).id;
    expect(id("https://a.example/x/", "p")).to.equal(id("https://A.example:443/x", "p"));
    const all = [
      id("https://a.example/x"),
      id("https://a.example/y"),
      id("https://a.example/x", "p"),
      id("https://a.example/x", "q"),
    ];
    expect(new Set(all).size).to.equal(4);
    expect(all.every((one) => /^[0-9a-f]{64}$/.test(one))).to.equal(true);
  });

  it("makes ids that cannot be guessed without the key", () => {
    const id = (key?: string): string => gitRemote("https://a.example/x", CREDENTIAL, key).id;
    expect(new Set([id(), id("one"), id("two")]).size).to.equal(3);
    expect(id("one")).to.equal(id("one"));
  });
});

describe("remoteAddress", () => {
  it("names the port, also where the URL leaves it out", () => {
    expect(remoteAddress("https://a.example/x")).to.equal("a.example:443");
    expect(remoteAddress("http://a.example/x")).to.equal("a.example:80");
    expect(remoteAddress("https://a.example:8443/x")).to.equal("a.example:8443");
  });
});
