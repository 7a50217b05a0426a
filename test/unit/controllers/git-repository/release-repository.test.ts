import { expect } from "chai";
import type { GitRepository } from "../../../../src/api/git-repository.js";
import { HostRules } from "../../../../src/base/host-rules.js";
import { releaseRepository } from "../../../../src/controllers/git-repository/release-repository.js";
import { RevisionIndex } from "../../../../src/controllers/git-repository/revision-index.js";
import type { GitRepositoryServices } from "../../../../src/controllers/git-repository/services.js";
import { gitRemote } from "../../../../src/git/index.js";
import { repository } from "../support/resources.js";

const KEY = "key";
const A = "https://git.example.com/a.git";
const B = "https://git.example.com/b.git";
const at = (url: string, secret?: string) => ({
  spec: { url, interval: "1m", ...(secret === undefined ? {} : { secretRef: { name: secret } }) },
});

/** Returns the kept stores; undefined if nothing was removed. */
async function kept(
  repositories: readonly GitRepository[],
  secrets: Readonly<Record<string, object>> = {},
  meanwhile: readonly GitRepository[] = [],
) {
  const there = [...repositories];
  const index = new RevisionIndex();
  const resolved = { remote: gitRemote(A, undefined, KEY), commit: "c1", revision: "main@sha1:c1" };
  index.set("shop/a", undefined, { resolved, error: undefined });
  let stores: string[] | undefined;
  const services = {
    index,
    digestKey: KEY,
    allowedHosts: new HostRules(undefined),
    repositories: { values: () => there.values() },
    secrets: {
      retain() {},
      read: async (namespace: string, name: string) => {
        there.push(...meanwhile);
        return secrets[`${namespace}/${name}`];
      },
    },
    polls: { retain() {} },
    engine: {
      prune: async (remotes: readonly { url: string }[]) => {
        stores = remotes.map(({ url }) => url);
      },
    },
  };
  await releaseRepository(services as unknown as GitRepositoryServices);
  return stores;
}

describe("Git stores", () => {
  const reached = repository("shop/a", at(A));

  it("are kept only for repositories with a revision", async () => {
    expect(await kept([reached])).to.deep.equal([A]);
  });

  it("are kept for repositories without a revision yet", async () => {
    expect(await kept([reached, repository("shop/b", at(B))])).to.deep.equal([A, B]);
    const signedIn = repository("shop/b", at(B, "login"));
    expect(await kept([reached, signedIn], { "shop/login": { token: "dG9rZW4=" } })).to.deep.equal([A, B]);
  });

  it("are not removed while the store of a repository is unknown", async () => {
    expect(await kept([reached, repository("shop/b", at(B, "login"))])).to.equal(undefined);
  });

  it("are not removed when a repository is created during the lookup", async () => {
    const login = { "shop/login": { token: "dG9rZW4=" } };
    const signedIn = repository("shop/b", at(B, "login"));
    const came = repository("shop/c", at("https://git.example.com/c.git"));
    expect(await kept([reached, signedIn], login, [came])).to.equal(undefined);
  });

  it("are not kept for a repository with an invalid address", async () => {
    expect(await kept([reached, repository("shop/b", at("ftp://git.example.com/b"))])).to.deep.equal([A]);
  });
});
