import { expect } from "chai";
import { HostRules } from "../../../../src/base/host-rules.js";
import { GitError } from "../../../../src/git/errors.js";
import { gitRemote } from "../../../../src/git/remote.js";
import { parseGitmodules } from "../../../../src/git/submodules/gitmodules.js";
import { submoduleRemote } from "../../../../src/git/submodules/submodule-remote.js";

const message = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof GitError) return error.message;
    throw error;
  }
  throw new Error("nothing was refused");
};

describe("parseGitmodules", () => {
  it("reads paths and URLs as Git does, with comments, quotes and other keys", () => {
    const text =
      '# c\n[submodule "a"]\n\tpath = "lib/a" ; c\n\tURL = https://x.example/a.git # c\n\tbranch = main\n\tshallow\n[core]\n\tx = y\n';
    expect(parseGitmodules(text)).to.deep.equal([
      { name: "a", path: "lib/a", url: "https://x.example/a.git", line: 4 },
    ]);
  });

  it("names the line of what it refuses", () => {
    const section = (name: string, path: string): string => `[submodule "${name}"]\npath = ${path}\nurl = ../x\n`;
    const cases: [string, string][] = [
      [section("../../x", "a"), ".gitmodules:1 names the submodule"],
      [section("a\\\\..\\\\b", "a"), ".gitmodules:1 names the submodule"],
      [section("a", "../a"), ".gitmodules:1 has the submodule"],
      [section("a", "/a"), "a path outside the repository"],
      [section("a", "x") + section("b", "x"), ".gitmodules:4 has a second submodule"],
      ['[submodule "a"]\npath = "x', ".gitmodules:2 has a value with an unfinished quote"],
      [section("a", `${"/".repeat(250_000)}x`), ".gitmodules:2 has more than 4096 characters"],
      ["<<<<<<< HEAD\n", ".gitmodules:1 is not a line"],
    ];
    for (const [text, expected] of cases)
      expect(
        message(() => parseGitmodules(text)),
        text,
      ).to.contain(expected);
  });
});

describe("submoduleRemote", () => {
  const rules = { allowedHosts: new HostRules(undefined), digestKey: "" };
  const parent = gitRemote("https://git.example.com/team/shop.git", { username: "u", password: "p" });
  const ssh = gitRemote("git@git.example.com:team/shop.git", { ssh: { privateKey: "k", knownHosts: "h" } });
  const entry = (url: string) => ({ name: "a", path: "a", url, line: 3 });

  it("resolves relative URLs, and uses the credential on the same server only", () => {
    const cases: [typeof parent, string, string, boolean][] = [
      [parent, "../base.git", "https://git.example.com/team/base.git", true],
      [parent, "../../other/base", "https://git.example.com/other/base", true],
      [parent, "./sub", "https://git.example.com/team/shop.git/sub", true],
      [parent, "https://GIT.example.com:443/x", "https://git.example.com/x", true],
      [parent, "https://git.example.com:8443/x", "https://git.example.com:8443/x", false],
      [parent, "http://git.example.com/x", "http://git.example.com/x", false],
      [parent, "https://git.example.com.evil.example/x", "https://git.example.com.evil.example/x", false],
      [ssh, "../base.git", "git@git.example.com:team/base.git", true],
      [ssh, "../../base.git", "git@git.example.com:base.git", true],
      [ssh, "https://git.example.com/x", "https://git.example.com/x", false],
    ];
    for (const [from, url, expected, hasCredential] of cases) {
      const remote = submoduleRemote(from, entry(url), rules);
      expect(remote.url, url).to.equal(expected);
      expect(remote.credential !== undefined, url).to.equal(hasCredential);
    }
  });

  it("refuses what leads elsewhere", () => {
    const cases: [typeof parent, string, string][] = [
      [parent, "../../../x", "leads out of the server"],
      [parent, "../a/../../x", ".. in the middle"],
      [ssh, "../../../x", "leads out of the server"],
      [parent, "file:///etc", "no supported scheme"],
      [parent, "ext::sh -c x", "no supported scheme"],
      [parent, "/srv/x", "no supported scheme"],
      [parent, "-u x", "no supported scheme"],
      [parent, "git@other.example:x", "needs a key for SSH"],
      [ssh, "git@other.example:x", "needs a key for SSH"],
      [parent, "https://user:pw@git.example.com/x", "contains a user name or password"],
    ];
    for (const [from, url, expected] of cases)
      expect(
        message(() => submoduleRemote(from, entry(url), rules)),
        url,
      ).to.contain(expected);
  });

  it("never shows a password", () => {
    expect(message(() => submoduleRemote(parent, entry("https://u:hunter2@git.example.com/x"), rules))).not.to.contain(
      "hunter2",
    );
    expect(message(() => submoduleRemote(parent, entry("ftp://u:hunter2@git.example.com/x"), rules))).not.to.contain(
      "hunter2",
    );
  });
});
