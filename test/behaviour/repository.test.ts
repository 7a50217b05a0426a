import { expect } from "chai";
import { API_VERSION } from "../../src/api/group.js";
import { holdRequests } from "../support/git-server.js";
import { expectCalmLog } from "../support/operator-log.js";
import { condition, configMap, type LiveApp, type LiveRepository, World } from "../support/world.js";

describe("A GitRepository", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("repo", { gitAuth: { username: "robot", password: "right" } });
    await secret("good", "right");
  });
  after(() => world?.remove());

  const secret = (name: string, password: string) =>
    world.kube.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace: world.namespace },
      stringData: { username: "robot", password },
    });
  const withCredential = { secretRef: { name: "good" } };
  const failing = (name: string, reason: string): Promise<LiveRepository> =>
    world.kube.until<LiveRepository>(
      world.repositoryRef(name),
      `fails with ${reason}`,
      (object) => condition(object, "Ready")?.reason === reason,
    );
  const fetched = (name: string, commit?: string): Promise<LiveRepository> =>
    world.kube.until<LiveRepository>(
      world.repositoryRef(name),
      "is fetched",
      (object) =>
        condition(object, "Ready")?.status === "True" && (commit === undefined || object.status?.commit?.id === commit),
    );

  it("says revision and commit, and tells of a new revision once", async () => {
    const repo = await world.repository("fine", { "a.yaml": configMap("a", {}) }, withCredential);
    const commit = await repo.head();
    const repository = await fetched("fine");
    expect(repository.status?.revision).to.equal(`main@sha1:${commit}`);
    expect(repository.status?.commit?.message).to.equal("first");
    expect(condition(repository, "Fetched")?.status).to.equal("True");
    await world.poll("fine");
    await world.poll("fine");
    const events = (await world.told("fine", "NewRevision")).filter((event) => event.startsWith("NewRevision"));
    expect(events).to.deep.equal([`NewRevision: fetched main@sha1:${commit.slice(0, 12)}: first`]);
  });

  it("that did not change costs one request for refs, no fetch and no write", async () => {
    await fetched("fine");
    await world.kube.patch(world.repositoryRef("fine"), { spec: { interval: "1s" } });
    await world.kube.until<LiveRepository>(
      world.repositoryRef("fine"),
      "is seen",
      (object) => object.status?.observedGeneration === object.metadata.generation,
    );
    const before = await fetched("fine");
    world.git.clearRequests();
    const { waitUntil } = await import("../../tools/wait-until.js");
    await waitUntil({ what: "three polls", timeoutMs: 60_000 }, () => world.git.count("refs") >= 3);
    expect(world.git.count("fetch")).to.equal(0);
    expect((await fetched("fine")).metadata.resourceVersion).to.equal(before.metadata.resourceVersion);
    await world.kube.patch(world.repositoryRef("fine"), { spec: { interval: "1h" } });
  });

  it("shares one poll among all repositories with the same address and credential", async () => {
    const repo = await world.repository("shared-1", { "a.yaml": configMap("a", {}) }, withCredential);
    await fetched("shared-1");
    world.git.clearRequests();
    await world.kube.apply({
      apiVersion: API_VERSION,
      kind: "GitRepository",
      metadata: { name: "shared-2", namespace: world.namespace },
      spec: { url: repo.url, ref: { branch: "main" }, interval: "1h", ...withCredential },
    });
    await fetched("shared-2");
    expect(world.git.count("fetch"), "the commit is there already").to.equal(0);
  });

  const branch = { ref: { branch: "main" } };
  const CASES: {
    name: string;
    files: Record<string, string>;
    spec: () => Record<string, unknown>;
    reason: string;
    says: RegExp[];
  }[] = [
    {
      name: "no-branch",
      files: { "a.yaml": configMap("a", {}) },
      spec: () => ({ ...withCredential, ref: { branch: "mian" } }),
      reason: "ReferenceNotFound",
      says: [/no branch "mian"/, /"main"/],
    },
    {
      name: "empty",
      files: {},
      spec: () => ({ ...withCredential, ...branch }),
      reason: "EmptyRepository",
      says: [/empty/, /push a first commit/],
    },
    {
      name: "wrong-password",
      files: { "a.yaml": configMap("a", {}) },
      spec: () => ({ secretRef: { name: "wrong" }, ...branch }),
      reason: "AuthenticationFailed",
      says: [/secretRef|username|password/],
    },
    {
      name: "no-secret",
      files: { "a.yaml": configMap("a", {}) },
      spec: () => ({ secretRef: { name: "nothing" }, ...branch }),
      reason: "SecretNotFound",
      says: [/nothing/, /does not exist/],
    },
    {
      name: "unreachable",
      files: { "a.yaml": configMap("a", {}) },
      spec: () => ({ url: "http://127.0.0.1:9/x.git", ...branch }),
      reason: "GitUnreachable",
      says: [/127\.0\.0\.1:9/],
    },
  ];
  for (const { name, files, spec, reason, says } of CASES) {
    it(`reports ${reason} so that a person can act on it, and is tried again`, async () => {
      const password = world.canary();
      await secret("wrong", password);
      await world.repository(name, files, spec());
      const repository = await failing(name, reason);
      const message = condition(repository, "Ready")?.message ?? "";
      for (const pattern of says) expect(message).to.match(pattern);
      expect(condition(repository, "Fetched")?.message).to.equal(message);
      expect(condition(repository, "Reconciling")?.status).to.equal("True");
      await world.app(name, name, ".");
      const app = await world.untilCondition(name, "Ready", "False", reason);
      expect(condition(app, "Ready")?.message).to.contain(`GitRepository ${world.namespace}/${name}`);
    });
  }

  it("keeps saying why the last fetch failed while it tries again, without a write", async () => {
    const hold = holdRequests();
    world.git.setFault(({ url, kind }) =>
      url.startsWith("/flaps.git/") && kind === "fetch" ? { kind: "delay", until: hold.until } : undefined,
    );
    const spec = { ...withCredential, timeout: "1s", interval: "1s" };
    const repo = await world.repository("flaps", { "a.yaml": configMap("a", {}) }, spec);
    const failed = await failing("flaps", "FetchTimeout");
    expect(condition(failed, "Reconciling")?.status).to.equal("True");
    world.git.clearRequests();
    const { waitUntil } = await import("../../tools/wait-until.js");
    const tries = (): number =>
      world.git.requests.filter(({ url, kind }) => url.startsWith("/flaps.git/") && kind === "fetch").length;
    await waitUntil({ what: "three tries", timeoutMs: 30_000 }, () => tries() >= 3);
    const later = await world.kube.get<LiveRepository>(world.repositoryRef("flaps"));
    expect(later?.metadata.resourceVersion).to.equal(failed.metadata.resourceVersion);
    world.git.setFault(undefined);
    hold.release();
    await fetched("flaps", await repo.head());
    await world.kube.patch(world.repositoryRef("flaps"), { spec: { interval: "1h" } });
  });

  it("says when its server hangs for longer than spec.timeout, and is tried again", async () => {
    const hold = holdRequests();
    world.git.setFault(({ url }) => (url.startsWith("/hangs.git/") ? { kind: "delay", until: hold.until } : undefined));
    await world.repository("hangs", { "a.yaml": configMap("a", {}) }, { ...withCredential, timeout: "1s" });
    const repository = await failing("hangs", "FetchTimeout");
    const message = condition(repository, "Ready")?.message ?? "";
    expect(message).to.contain("/hangs.git").and.contain("spec.timeout (1s)");
    expect(condition(repository, "Fetched")).to.include({ status: "False", reason: "FetchTimeout" });
    expect(condition(repository, "Reconciling")?.status).to.equal("True");
    // The Event is on its way when the status is there.
    const { waitUntil } = await import("../../tools/wait-until.js");
    const told = { what: "it is told", timeoutMs: 60_000 };
    await waitUntil(told, async () => (await world.events("hangs")).length > 0);
    expect(await world.events("hangs")).to.deep.equal([`FetchTimeout: ${message}`]);
    world.git.setFault(undefined);
    hold.release();
    await fetched("hangs");
    await expectCalmLog(world.operator);
  });

  it("is mended by itself when the credential is", async () => {
    await secret("wrong", "right");
    await fetched("wrong-password");
    await world.synced("wrong-password");
    await secret("nothing", "right");
    await fetched("no-secret");
  });

  it("is mended by the first push to an empty repository", async () => {
    const { GitRepo } = await import("../support/git-server.js");
    const server = new GitRepo(`${world.git.url}/empty.git`, `${world.git.root}/empty.git`, "main");
    const commit = await server.commit({ "a.yaml": configMap("empty", {}) }, "first");
    await world.poll("empty");
    await fetched("empty", commit);
    await world.synced("empty", commit);
  });

  it("keeps its revision in use while the branch is missing or the server is down", async () => {
    const repo = await world.repository("kept", { "a.yaml": configMap("kept", { v: "1" }) }, withCredential);
    await world.app("kept", "kept", ".");
    const app = await world.synced("kept");
    const commit = await repo.head();
    await repo.setBranch("other", commit);
    await repo.deleteBranch("main");
    await world.poll("kept");
    const repository = await failing("kept", "ReferenceNotFound");
    expect(repository.status?.revision).to.equal(`main@sha1:${commit}`);
    expect(condition(repository, "Ready")?.message).to.contain("stays in use");
    await world.kube.patch(world.configMap("kept"), { data: { v: "2" } });
    await world.kube.until(
      world.configMap("kept"),
      "is healed",
      (object) => (object.data as Record<string, string>).v === "1",
    );
    expect(condition(await world.synced("kept"), "Ready")?.status).to.equal("True");
    expect(app.status?.applied?.commit).to.equal(commit);
    await world.operator.stop();
    world.git.setFault(() => ({ kind: "status", status: 503 }));
    await world.operator.start();
    await world.kube.patch(world.configMap("kept"), { data: { v: "3" } });
    await world.kube.until(
      world.configMap("kept"),
      "is healed after a start without Git",
      (object) => (object.data as Record<string, string>).v === "1",
    );
    world.git.setFault(undefined);
    await repo.setBranch("main", commit);
    await world.poll("kept");
    await fetched("kept");
  });
});

describe("A cache that is full", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("full", { operator: { flags: ["--git-cache-bytes=1"] } });
  });
  after(() => world?.remove());

  const ready = (name: string, status: string): Promise<LiveRepository> =>
    world.kube.until<LiveRepository>(
      world.repositoryRef(name),
      `Ready=${status}`,
      (object) => condition(object, "Ready")?.status === status,
    );

  it("refuses new repositories and keeps others, and has room again after a deletion", async () => {
    await world.repository("there", { "a.yaml": configMap("there", { v: "1" }) });
    await world.app("there", "there", ".");
    await world.synced("there");
    await world.repository("new", { "a.yaml": configMap("new", {}) });
    const refused = condition(await ready("new", "False"), "Ready");
    expect(refused?.reason).to.equal("CacheFull");
    expect(refused?.message).to.contain("/new.git").and.contain("cache.sizeLimit").and.contain("--git-cache-bytes");
    await world.kube.patch(world.configMap("there"), { data: { v: "2" } });
    await world.kube.until(
      world.configMap("there"),
      "is healed",
      (object) => (object.data as Record<string, string>).v === "1",
    );
    expect(condition(await ready("there", "True"), "Fetched")?.status).to.equal("True");
    await world.kube.delete(world.appRef("there"));
    await world.kube.untilGone(world.appRef("there"));
    await world.kube.delete(world.repositoryRef("there"));
    await world.kube.untilGone(world.repositoryRef("there"));
    await ready("new", "True");
    await expectCalmLog(world.operator);
  });
});

describe("A path", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("path");
  });
  after(() => world?.remove());

  it("that is not in the repository changes nothing and is named, with what is there", async () => {
    const repo = await world.repository("p", { "apps/shop/a.yaml": configMap("p", { v: "1" }) });
    await world.app("p", "p", "apps/shop");
    const before = await world.synced("p");
    await repo.commit({ "apps/shop/a.yaml": null, "apps/store/a.yaml": configMap("p", { v: "2" }) }, "renamed");
    await world.poll("p");
    const app = await world.untilCondition("p", "Ready", "False", "PathNotFound");
    expect(condition(app, "Ready")?.message).to.contain("apps/shop").and.contain("apps/store");
    expect(condition(app, "Stalled")?.status).to.equal("True");
    expect(app.status?.applied?.commit).to.equal(before.status?.applied?.commit);
    expect((await world.kube.get(world.configMap("p")))?.data).to.deep.equal({ v: "1" });
    await world.kube.patch(world.appRef("p"), { spec: { source: { path: "apps/store" } } });
    await world.synced("p", await repo.head());
    expect((await world.changes("p")).at(-1)?.spec.cause).to.equal("Revision");
    expect((await world.kube.get(world.configMap("p")))?.data).to.deep.equal({ v: "2" });
  });

  it("that was pushed after the last poll is found at once, without a word of warning", async () => {
    const repo = await world.repository("fresh", { "old/a.yaml": configMap("fresh-old", {}) });
    await world.poll("fresh");
    const commit = await repo.commit({ "new/a.yaml": configMap("fresh-new", {}) }, "a folder for a new app");
    await world.app("fresh", "fresh", "new");
    await world.synced("fresh", commit);
    expect((await world.events("fresh")).filter((event) => event.startsWith("PathNotFound"))).to.deep.equal([]);
    await world.app("typo", "fresh", "shop");
    const app = await world.untilCondition("typo", "Ready", "False", "PathNotFound");
    expect(condition(app, "Ready")?.message).to.match(
      /^main@sha1:[0-9a-f]+: source\.path "shop" does not exist; there is "new", "old"/,
    );
    await repo.commit({ "shops/a.yaml": configMap("x", {}) }, "like it");
    await world.poll("fresh");
    await world.kube.until<LiveApp>(world.appRef("typo"), "names what is there now", (object) =>
      (condition(object, "Ready")?.message ?? "").includes('did you mean "shops"?'),
    );
  });

  it("is the app's own: include and exclude choose, and another ref may be taken", async () => {
    const repo = await world.repository("q", {
      "a.yaml": configMap("q-a", {}),
      "b.yaml": configMap("q-b", {}),
      "deep/c.yaml": configMap("q-c", {}),
    });
    await repo.commit({ "d.yaml": configMap("q-d", {}) }, "on a branch", { branch: "next", parent: await repo.head() });
    await world.app("q", "q", ".", {
      source: { repositoryRef: { name: "q" }, path: ".", ref: { branch: "next" }, exclude: ["b.yaml"] },
    });
    const app = await world.synced("q");
    expect(app.status?.applied?.revision).to.match(/^next@sha1:/);
    const names = (await world.kube.list("v1", "ConfigMap", world.namespace, "gitops.overseer.io/app=q")).map(
      (object) => object.metadata.name,
    );
    expect(names.sort()).to.deep.equal(["q-a", "q-c", "q-d"]);
  });

  it("leaves no copy on disk once its last GitRepository is gone", async () => {
    const { readdir } = await import("node:fs/promises");
    const { join } = await import("node:path");
    const { waitUntil } = await import("../../tools/wait-until.js");
    const stores = (): Promise<string[]> => readdir(join(world.operator.dir, "cache/git"));
    const before = (await stores()).length;
    await world.kube.delete(world.appRef("q"));
    await world.kube.untilGone(world.appRef("q"));
    await world.kube.delete(world.repositoryRef("q"));
    await waitUntil(
      { what: "the store is gone", timeoutMs: 60_000 },
      async () => (await stores()).length === before - 1,
    );
  });
});
