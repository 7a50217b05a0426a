import { expect } from "chai";
import type { GitRepository } from "../../../../../src/api/git-repository.js";
import type { OverseerApp } from "../../../../../src/api/overseer-app.js";
import { OverseerError } from "../../../../../src/base/errors.js";
import { RevisionIndex } from "../../../../../src/controllers/git-repository/revision-index.js";
import { AppMemory } from "../../../../../src/controllers/overseer-app/app-memory.js";
import { appsBehind } from "../../../../../src/controllers/overseer-app/ownership/apps-behind.js";
import {
  defaultNamespace,
  isProblem,
  locateInputs,
  repositoryKey,
  selectionOf,
} from "../../../../../src/controllers/overseer-app/source/locate-inputs.js";
import type { GitEngine, GitRemote } from "../../../../../src/git/engine.js";
import { PlainRenderer } from "../../../../../src/render/plain.js";
import { SourceRenderer } from "../../../../../src/render/render.js";
import { inlineCache } from "../../../render/support/harness.js";
import { MemorySnapshot } from "../../../render/support/memory-snapshot.js";
import { app, cacheOf, repository } from "../../support/resources.js";
import { testRun } from "../../support/run.js";

const REMOTE: GitRemote = { url: "https://git.example.com/shop.git", credential: undefined, id: "remote" };
const at = (commit: string) => ({ remote: REMOTE, commit, revision: `main@sha1:${commit}` });
const from = (repositoryRef: object, more: object = {}) => ({ source: { repositoryRef, ...more } });

const renderer = new SourceRenderer([new PlainRenderer(inlineCache().cache)]);

interface World {
  readonly app?: OverseerApp;
  readonly repository?: GitRepository | undefined;
  readonly index?: (index: RevisionIndex) => void;
  readonly fetched?: boolean;
}

async function locate(world: World) {
  const index = new RevisionIndex();
  (world.index ?? ((one) => one.set("shop/repo", undefined, { resolved: at("c1"), error: undefined })))(index);
  const snapshot = new MemorySnapshot({ "app/a.yaml": "x", "b.yaml": "y" });
  const engine = { open: async () => ((world.fetched ?? true) ? snapshot : undefined) } as unknown as GitEngine;
  const of = "repository" in world ? world.repository : repository("shop/repo");
  const repositories = cacheOf(of ? [of] : []) as never;
  const { run } = testRun(world.app ?? app("shop/web"), { index, engine, repositories, renderer });
  const found = await locateInputs(run);
  return isProblem(found) ? found : found.inputs;
}

describe("the source of an app", () => {
  it("is a repository of the app's namespace unless another one is set", () => {
    expect(repositoryKey(app("shop/web"))).to.equal("shop/repo");
    expect(repositoryKey(app("shop/web", { spec: from({ name: "r", namespace: "git" }) }))).to.equal("git/r");
  });

  it("targets the app's namespace unless another one is set", () => {
    expect(defaultNamespace(app("shop/web"))).to.equal("shop");
    const spec = { destination: { kubernetes: { namespace: "prod" } } };
    expect(defaultNamespace(app("shop/web", { spec }))).to.equal("prod");
  });

  it("selects by path, include and exclude if set", () => {
    const repositoryRef = { name: "r" };
    expect(selectionOf({ repositoryRef, path: "a" })).to.deep.equal({ path: "a" });
    expect(
      selectionOf({ repositoryRef, path: "a", ref: { branch: "x" }, include: ["*"], exclude: ["b"] }),
    ).to.deep.equal({ path: "a", include: ["*"], exclude: ["b"] });
  });
});

describe("locateInputs", () => {
  const key = async (world: World): Promise<string> => {
    const found = await locate(world);
    return "key" in found ? found.key : found.reason;
  };
  const withSource = (more: object): OverseerApp => app("shop/web", { spec: from({ name: "repo" }, more) });

  it("returns commit and revision of the repository, and the source", async () => {
    expect(await locate({})).to.deep.include({
      commit: "c1",
      revision: "main@sha1:c1",
      source: { repositoryRef: { name: "repo" }, path: "." },
    });
  });

  it("uses the app's own ref if set", async () => {
    const index = (one: RevisionIndex): void => {
      one.set("shop/repo", undefined, { resolved: at("c1"), error: undefined });
      one.set("shop/repo", { branch: "next" }, { resolved: at("c2"), error: undefined });
    };
    expect(await locate({ app: withSource({ ref: { branch: "next" } }), index })).to.include({ commit: "c2" });
    const of = repository("shop/repo", { spec: { ref: { branch: "next" } } });
    expect(await locate({ repository: of, index })).to.include({ commit: "c2" });
  });

  it("has one key per tree, regardless of commit and path notation", async () => {
    const index = (one: RevisionIndex): boolean =>
      one.set("shop/repo", undefined, { resolved: at("c9"), error: undefined });
    expect(await key({ index })).to.equal(await key({}));
    expect(await key({ app: withSource({ path: "./app/" }) })).to.equal(
      await key({ app: withSource({ path: "app" }) }),
    );
  });

  it("has another key for another path, selection or namespace", async () => {
    const apps = [
      withSource({}),
      withSource({ path: "app" }),
      withSource({ path: "gone" }),
      withSource({ include: ["*.yaml"] }),
      withSource({ exclude: ["*.yaml"] }),
      app("shop/web", { spec: { destination: { kubernetes: { namespace: "prod" } } } }),
    ];
    const keys = await Promise.all(apps.map((one) => key({ app: one })));
    expect(new Set(keys).size).to.equal(apps.length);
  });

  it("follows symbolic links once per commit, and detects other content behind them", async () => {
    const index = new RevisionIndex();
    const link = { link: "../shared" };
    let snapshot = new MemorySnapshot({ "app/a.yaml": "x", "app/l": link, "shared/b.yaml": "1" });
    const engine = { open: async () => snapshot } as unknown as GitEngine;
    const repositories = cacheOf([repository("shop/repo")]) as never;
    const { run } = testRun(withSource({ path: "app" }), { index, engine, repositories, renderer });
    const keyAt = async (commit: string): Promise<string> => {
      index.set("shop/repo", undefined, { resolved: at(commit), error: undefined });
      const found = await locateInputs(run);
      return isProblem(found) ? found.reason : found.inputs.key;
    };
    const first = await keyAt("c1");
    const { length } = snapshot.reads;
    expect(length).to.be.greaterThan(0);
    expect(await keyAt("c1")).to.equal(first);
    expect(snapshot.reads, "of the same commit").to.have.length(length);
    snapshot = new MemorySnapshot({ "app/a.yaml": "x", "app/l": link, "shared/b.yaml": "2" });
    expect(await keyAt("c2")).not.to.equal(first);
  });

  const error = new OverseerError("no such branch", { code: "X", reason: "ReferenceNotFound", class: "terminal" });
  const other = app("shop/web", { spec: from({ name: "repo", namespace: "git" }) });
  const elsewhere = (allowedNamespaces?: readonly string[]): GitRepository =>
    repository("git/repo", allowedNamespaces ? { spec: { allowedNamespaces } } : {});
  const problems: readonly (readonly [string, World, string, boolean])[] = [
    ["there is no such repository", { repository: undefined }, "RepositoryNotFound", false],
    [
      "the repository is being deleted",
      { repository: repository("shop/repo", { metadata: { deletionTimestamp: "x" } }) },
      "RepositoryNotFound",
      false,
    ],
    ["the repository is another namespace's", { app: other, repository: elsewhere() }, "RepositoryNotAllowed", true],
    [
      "the repository allows others",
      { app: other, repository: elsewhere(["blog", "shop-2"]) },
      "RepositoryNotAllowed",
      true,
    ],
    [
      "the repository allows it, and has no revision",
      { app: other, repository: elsewhere(["shop"]) },
      "RepositoryNotReady",
      false,
    ],
    [
      "the repository allows all, and has no revision",
      { app: other, repository: elsewhere(["*"]) },
      "RepositoryNotReady",
      false,
    ],
    ["the repository was not polled yet", { index: () => {} }, "RepositoryNotReady", false],
    [
      "the ref cannot be resolved: that is for the repository to say for good",
      { index: (one) => one.set("shop/repo", undefined, { resolved: undefined, error }) },
      "ReferenceNotFound",
      false,
    ],
    ["the commit is not fetched", { fetched: false }, "RevisionNotFetched", false],
    ["the path leaves the repository", { app: withSource({ path: "a/../../b" }) }, "PathNotFound", true],
  ];
  for (const [what, world, reason, terminal] of problems) {
    it(`reports ${reason} when ${what}`, async () => {
      expect(await locate(world)).to.include({ stage: "Source", reason, terminal });
    });
  }

  it("uses the last good revision while the ref cannot be resolved", async () => {
    const index = (one: RevisionIndex): boolean => one.set("shop/repo", undefined, { resolved: at("c1"), error });
    expect(await locate({ index })).to.include({ commit: "c1" });
  });

  it("reports that a repository without a revision is suspended", async () => {
    const of = repository("shop/repo", { spec: { suspend: true } });
    expect(await locate({ repository: of, index: () => {} }))
      .to.have.property("message")
      .that.includes("is suspended");
  });
});

describe("appsBehind", () => {
  const other = (name: string, spec: object = {}, metadata: object = {}) =>
    app(`shop/${name}`, { spec: { ...spec }, metadata });

  function unsettled(others: readonly OverseerApp[], considered: Readonly<Record<string, string>> = {}): string[] {
    const index = new RevisionIndex();
    index.set("shop/repo", undefined, { resolved: at("c1"), error: undefined });
    const memories = new Map<string, AppMemory>();
    for (const [key, commit] of Object.entries(considered)) {
      const memory = new AppMemory();
      memory.consideredCommit = commit;
      memories.set(key, memory);
    }
    const of = app("shop/web");
    const apps = cacheOf([of, ...others]) as never;
    return appsBehind(
      testRun(of, { apps, index, memories, repositories: cacheOf([repository("shop/repo")]) as never }).run,
    );
  }

  it("returns apps of the same repository that have not processed its commit", () => {
    expect(unsettled([other("b"), other("a")], { "shop/a": "c0" })).to.deep.equal(["shop/a", "shop/b"]);
    expect(unsettled([other("a"), other("b")], { "shop/a": "c1" })).to.deep.equal(["shop/b"]);
  });

  it("includes suspended apps, which claim what moved to their source", () => {
    expect(unsettled([other("a", { suspend: true })])).to.deep.equal(["shop/a"]);
  });

  it("excludes the app itself, apps being deleted, and apps of other repositories", () => {
    expect(
      unsettled([
        other("b", {}, { deletionTimestamp: "x" }),
        other("c", from({ name: "another" })),
        other("d", from({ name: "repo", namespace: "git" })),
      ]),
    ).to.deep.equal([]);
  });

  it("excludes apps whose own ref was never found, which claim nothing", () => {
    expect(unsettled([other("a", from({ name: "repo" }, { ref: { branch: "gone" } }))])).to.deep.equal([]);
  });
});
