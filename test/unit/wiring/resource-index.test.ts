import { expect } from "chai";
import type { GitRepository } from "../../../src/api/git-repository.js";
import type { OverseerApp } from "../../../src/api/overseer-app.js";
import { RevisionIndex } from "../../../src/controllers/git-repository/revision-index.js";
import type { KnownChange } from "../../../src/controllers/overseer-app/changes/known-change.js";
import type { ResourceCache } from "../../../src/controllers/resource-cache.js";
import { ResourceIndex } from "../../../src/wiring/resource-index.js";
import { app, cacheOf, inputs, repository } from "../controllers/support/resources.js";

const from = (repositoryRef: object, ref?: object) => ({
  spec: { source: { repositoryRef, ...(ref ? { ref } : {}) } },
});
const remote = (id: string) => ({ url: "https://git.example.com/a.git", credential: undefined, id });

interface Parts {
  readonly apps?: readonly OverseerApp[];
  readonly repositories?: readonly GitRepository[];
  readonly index?: RevisionIndex;
  readonly synced?: boolean;
}

function estate({ apps = [], repositories = [], index = new RevisionIndex(), synced = true }: Parts): ResourceIndex {
  const changes: readonly KnownChange[] = [];
  return new ResourceIndex(
    {
      apps: cacheOf(apps, "overseerapps", synced) as unknown as ResourceCache<OverseerApp>,
      repositories: cacheOf(repositories, "gitrepositories") as unknown as ResourceCache<GitRepository>,
      changes: cacheOf(changes, "changes", synced) as unknown as ResourceCache<KnownChange>,
      approvals: cacheOf([], "approvals") as never,
      environments: cacheOf([], "environments") as never,
      appSets: cacheOf([], "overseerappsets") as never,
    },
    index,
  );
}

describe("Estate", () => {
  it("says which lists are not whole yet", () => {
    expect(estate({}).missing()).to.deep.equal([]);
    expect(estate({ synced: false }).missing()).to.deep.equal(["listing overseerapps", "listing changes"]);
  });

  it("knows the apps of a repository, also those of other namespaces", () => {
    const apps = [
      app("shop/a"),
      app("shop/b", from({ name: "another" })),
      app("blog/c", from({ name: "repo", namespace: "shop" })),
      app("blog/d"),
    ];
    expect(estate({ apps }).appsOf("shop/repo")).to.deep.equal(["shop/a", "blog/c"]);
    expect(estate({ apps }).appsOf("blog/repo")).to.deep.equal(["blog/d"]);
    expect(estate({ apps }).appsOf("shop/none")).to.deep.equal([]);
  });

  it("knows the repositories that sign in with a Secret, which is always in their own namespace", () => {
    const secretRef = { secretRef: { name: "token" } };
    const repositories = [
      repository("shop/a", { spec: secretRef }),
      repository("shop/b"),
      repository("shop/c", { spec: { secretRef: { name: "other" } } }),
      repository("blog/a", { spec: secretRef }),
    ];
    expect(estate({ repositories }).repositoriesWithSecret("shop", "token")).to.deep.equal(["shop/a"]);
    expect(estate({ repositories }).repositoriesWithSecret("shop", "none")).to.deep.equal([]);
  });

  it("knows the refs that apps ask of a repository for themselves", () => {
    const apps = [
      app("shop/a"),
      app("shop/b", from({ name: "repo" }, { branch: "next" })),
      app("blog/c", from({ name: "repo", namespace: "shop" }, { tag: "v1" })),
      app("blog/d", from({ name: "repo" }, { tag: "v2" })),
    ];
    const repositories = [repository("shop/repo", { spec: { allowedNamespaces: ["blog"] } })];
    expect(estate({ apps, repositories }).refsOf("shop/repo")).to.deep.equal([{ branch: "next" }, { tag: "v1" }]);
  });

  it("takes no ref from an app whose namespace the repository does not allow", () => {
    const theirs = app("blog/c", from({ name: "repo", namespace: "shop" }, { tag: "v1" }));
    const wanted = (...allowed: string[]) => {
      const repositories = [repository("shop/repo", { spec: { allowedNamespaces: allowed } })];
      const all = estate({ apps: [app("shop/b", from({ name: "repo" }, { branch: "next" })), theirs], repositories });
      return [all.refsOf("shop/repo"), all.refOf(theirs)];
    };
    expect(wanted()).to.deep.equal([[{ branch: "next" }], undefined]);
    expect(wanted("blogs", "shop")).to.deep.equal([[{ branch: "next" }], undefined]);
    expect(wanted("blog")).to.deep.equal([[{ branch: "next" }, { tag: "v1" }], { tag: "v1" }]);
    expect(wanted("*")).to.deep.equal([[{ branch: "next" }, { tag: "v1" }], { tag: "v1" }]);
    expect(estate({ apps: [theirs] }).refOf(theirs), "there is no such repository").to.equal(undefined);
  });

  it("knows the commits of a remote that live objects were last brought to", () => {
    const index = new RevisionIndex();
    const at = (id: string) => ({ resolved: { remote: remote(id), commit: "new", revision: "new" }, error: undefined });
    index.set("shop/repo", { branch: "main" }, at("r1"));
    index.set("shop/repo", { branch: "next" }, at("r1"));
    index.set("blog/repo", undefined, at("r2"));
    const applied = (key: string) => ({ status: { applied: inputs(key) } });
    const apps = [
      app("shop/a", applied("c1")),
      app("shop/b", { ...from({ name: "repo" }, { branch: "next" }), ...applied("c2") }),
      app("shop/c"),
      app("blog/d", applied("c3")),
      app("shop/e", { ...from({ name: "gone" }), ...applied("c4") }),
    ];
    const repositories = [repository("shop/repo", { spec: { ref: { branch: "main" } } }), repository("blog/repo")];
    const all = estate({ apps, repositories, index });
    expect(all.commitsInUse("r1")).to.deep.equal(["c1", "c2"]);
    expect(all.commitsInUse("r2")).to.deep.equal(["c3"]);
    expect(all.commitsInUse("r3")).to.deep.equal([]);
  });
});
