import { expect } from "chai";
import type { GitHostType } from "../../../../src/api/git-provider.js";
import { systemClock } from "../../../../src/base/clock.js";
import { HostRules } from "../../../../src/base/host-rules.js";
import { GitHosts } from "../../../../src/git/hosts/git-hosts.js";
import { hostAddress, type ProviderSettings } from "../../../../src/git/hosts/recognize.js";

const AZURE = "https://dev.azure.com/org";

describe("the address of a Git host's API", () => {
  const cases: readonly [url: string, type: GitHostType, api: string, path: string][] = [
    ["https://github.com/team/shop.git", "GitHub", "https://api.github.com", "team/shop"],
    ["git@github.com:team/shop.git", "GitHub", "https://api.github.com", "team/shop"],
    ["ssh://git@ssh.github.com:443/team/shop.git", "GitHub", "https://api.github.com", "team/shop"],
    ["https://acme.ghe.com/team/shop", "GitHub", "https://api.acme.ghe.com", "team/shop"],
    ["https://github.example.com:8443/team/shop", "GitHub", "https://github.example.com:8443/api/v3", "team/shop"],
    ["https://gitlab.com/a/b/shop.git", "GitLab", "https://gitlab.com/api/v4", "a/b/shop"],
    ["git@gitlab.example.com:a/shop.git", "GitLab", "https://gitlab.example.com/api/v4", "a/shop"],
    ["https://codeberg.org/team/shop/", "Forgejo", "https://codeberg.org/api/v1", "team/shop"],
    ["https://gitea.example.com/git/team/shop", "Gitea", "https://gitea.example.com/api/v1", "team/shop"],
    ["https://bitbucket.org/team/shop.git", "BitbucketCloud", "https://api.bitbucket.org/2.0", "team/shop"],
    [
      "https://bitbucket.example.com/scm/ab/shop.git",
      "BitbucketDataCenter",
      "https://bitbucket.example.com/rest",
      "ab/shop",
    ],
    [
      "https://bitbucket.example.com/ctx/scm/ab/shop",
      "BitbucketDataCenter",
      "https://bitbucket.example.com/ctx/rest",
      "ab/shop",
    ],
    [
      "ssh://git@bitbucket.example.com:7999/ab/shop.git",
      "BitbucketDataCenter",
      "https://bitbucket.example.com/rest",
      "ab/shop",
    ],
    [`${AZURE}/My%20Project/_git/shop`, "AzureDevOps", AZURE, "My Project/shop"],
    [`${AZURE}/_git/shop`, "AzureDevOps", AZURE, "shop/shop"],
    [
      "https://org.visualstudio.com/DefaultCollection/proj/_git/shop",
      "AzureDevOps",
      "https://org.visualstudio.com",
      "proj/shop",
    ],
    ["git@ssh.dev.azure.com:v3/org/proj/shop", "AzureDevOps", AZURE, "proj/shop"],
    ["https://git.example.com/team/shop.git", "Generic", "", ""],
    ["https://notgithub.com/team/shop", "Generic", "", ""],
    ["https://github.com.example.com/team/shop", "GitHub", "https://github.com.example.com/api/v3", "team/shop"],
  ];
  for (const [url, type, api, path] of cases) {
    it(`of ${url} is that of ${type}`, () => {
      const found = hostAddress(url);
      if (typeof found === "string") throw new Error(found);
      expect([found.type, found.api, found.path.join("/")]).to.deep.equal([type, api, path]);
    });
  }

  it("follows spec.provider, with the API below another path", () => {
    const provider = { type: "Gitea", apiURL: "https://git.example.com/gitea/api/v1/" } as const;
    expect(hostAddress("https://git.example.com/gitea/team/shop.git", provider)).to.deep.include({
      ...{ type: "Gitea", api: "https://git.example.com/gitea/api/v1", path: ["team", "shop"] },
    });
  });

  const wrong: readonly [url: string, type: GitHostType, why: string][] = [
    ["https://github.com/shop", "GitHub", "has no owner and name in its path"],
    ["https://gitlab.com/shop", "GitLab", "has no group and project in its path"],
    ["https://bitbucket.example.com/ab/shop", "BitbucketDataCenter", "has no /scm/PROJECT/NAME in its path"],
    ["https://dev.azure.com/org/shop", "AzureDevOps", "has no PROJECT/_git/NAME in its path"],
    ["git@ssh.dev.azure.com:org/shop", "AzureDevOps", "has no v3/ORGANIZATION/PROJECT/NAME in its path"],
    ["nonsense", "GitHub", "is not the URL of a repository"],
  ];
  for (const [url, type, why] of wrong) {
    it(`of ${url} is none for ${type}: it ${why}`, () => expect(hostAddress(url, { type })).to.equal(why));
  }
});

describe("the host that gates ask about reviews and checks", () => {
  const hosts = new GitHosts({ clock: systemClock, allowedHosts: new HostRules(undefined) });
  const cases: readonly [url: string, type: GitHostType | undefined, apiURL: string | undefined, isOwn: boolean][] = [
    ["https://github.com/team/shop", undefined, undefined, true],
    ["https://acme.ghe.com/team/shop", undefined, undefined, true],
    ["git@gitlab.example.com:a/shop.git", "GitLab", undefined, true],
    ["https://git.example.com/a/shop", "Gitea", "https://git.example.com:3000/api/v1", true],
    ["https://git.example.com/gitea/a/shop", "Gitea", "https://git.example.com/gitea/api/v1", true],
    ["https://git.example.com/a/shop", "Gitea", "https://git.example.com/api/v1/repos/me/fake/raw", false],
    ["https://git.example.com/me/shop", "Gitea", "https://git.example.com/me/fake/api/v1", false],
    ["https://github.com/team/shop", undefined, "https://github.com/team", false],
    ["https://git.example.com/me/shop", "GitLab", "https://git.example.com/me/fake/-/raw/main", false],
    ["https://github.com/team/shop", undefined, "https://evil.example/api/v3", false],
    ["https://git.example.com/a/shop", "GitHub", "https://api.github.com", false],
    ["https://git.example.com/a/shop", "BitbucketCloud", undefined, false],
  ];
  for (const [url, type, apiURL, isOwn] of cases)
    it(`is ${isOwn ? "the API" : "refused"} of ${url} as ${type ?? "recognized"} with apiURL ${apiURL}`, () => {
      const provider = { ...(type ? { type } : {}), ...(apiURL ? { apiURL } : {}) };
      const open = () => hosts.open({ url, provider }, { isWitness: true });
      if (isOwn) expect(open).not.to.throw();
      else expect(open).to.throw(/only asked at the API of the host of spec\.url/);
      expect(() => hosts.open({ url, provider }), "for commit statuses").not.to.throw();
    });
});

describe("a Secret of Argo CD, which names its URL", () => {
  const hosts = new GitHosts({ clock: systemClock, allowedHosts: new HostRules(undefined) });
  const cases: readonly [own: string, url: string, provider: ProviderSettings | undefined, isOwn: boolean][] = [
    ["https://github.com/team", "https://github.com/team/shop", undefined, true],
    ["https://git.example.com", "https://git.example.com/a/shop", { type: "Gitea" }, true],
    [
      "https://git.example.com/a",
      "https://git.example.com/a/shop",
      { type: "Gitea", apiURL: "https://git.example.com:3000/x/api/v1" },
      true,
    ],
    [
      "https://git.example.com/a/shop",
      "https://git.example.com/a/shop",
      { type: "Gitea", apiURL: "https://evil.example/api/v1" },
      false,
    ],
    ["https://github.com/team", "https://github.com/team/shop", { apiURL: "https://evil.example" }, false],
    ["https://git.example.com/a", "https://git.example.com/a/shop", { type: "BitbucketCloud" }, false],
    [
      "https://bitbucket.org/a",
      "https://evil.example/a/shop",
      { type: "BitbucketCloud", apiURL: "https://evil.example" },
      false,
    ],
    ["registry.example.com/charts", "https://git.example.com/a/shop", { type: "Gitea" }, false],
  ];
  for (const [own, url, provider, isOwn] of cases)
    it(`for ${own} is ${isOwn ? "sent" : "not sent"} to the API of ${url} with ${JSON.stringify(provider)}`, () => {
      const encode = (text: string): string => Buffer.from(text).toString("base64");
      const data = { url: encode(own), username: encode("u"), password: encode("canary") };
      const open = () => hosts.open({ url, provider, secret: { where: "Secret argocd/repo", data } });
      if (isOwn) expect(open).not.to.throw();
      else
        expect(open)
          .to.throw(/^Secret argocd\/repo (is for the host in|has a key url)/)
          .with.property("code", "GIT_CREDENTIAL_INVALID");
    });
});
