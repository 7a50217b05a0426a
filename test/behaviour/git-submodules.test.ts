import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { API_VERSION } from "../../src/api/group.js";
import type { GitRepo } from "../support/git-server.js";
import { condition, configMap, type LiveApp, World } from "../support/world.js";

/** Commits `.gitmodules` and submodules, as `git submodule add` does. */
async function commitSubmodules(repo: GitRepo, gitmodules: string, links: Record<string, string>): Promise<string> {
  const head = await repo.commit({ ".gitmodules": gitmodules }, "list submodules");
  await repo.git("read-tree", head);
  for (const [path, commit] of Object.entries(links))
    await repo.git("update-index", "--add", "--cacheinfo", `160000,${commit},${path}`);
  const tree = await repo.git("write-tree");
  const commit = await repo.git("commit-tree", "-p", head, "-m", "set submodules", tree);
  await repo.setBranch("main", commit);
  return commit;
}

const listed = (path: string, url: string): string => `[submodule "${path}"]\n\tpath = ${path}\n\turl = ${url}\n`;

describe("Submodules", function () {
  this.timeout(120_000);
  let world: World;
  let repo: GitRepo;
  let base: GitRepo;
  let deep: GitRepo;
  let other: Server;
  let asked: (string | undefined)[];
  let links: Record<string, string>;
  let gitmodules: string;

  before(async () => {
    asked = [];
    other = createServer((request, response) => {
      asked.push(request.headers.authorization);
      response.writeHead(404).end();
    }).listen(0, "127.0.0.1");
    await once(other, "listening");
    const auth = { username: "robot", password: `pass-${Date.now()}` };
    const { port } = other.address() as AddressInfo;
    world = await World.create("submodules", {
      gitAuth: auth,
      operator: { flags: [`--allowed-git-hosts=127.0.0.1`] },
    });
    world.canaries.push(auth.password);
    await world.kube.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "git", namespace: world.namespace },
      stringData: auth,
    });
    deep = await world.git.createRepository("team/deep");
    const inner = await deep.commit({ "deep.yaml": configMap("deep", {}) }, "first");
    base = await world.git.createRepository("team/base");
    await base.commit({ "base.yaml": configMap("base", { v: "1" }) }, "first");
    const commit = await commitSubmodules(base, listed("nested", "../deep.git"), { nested: inner });
    gitmodules = [
      listed("app/base", "../base.git"),
      listed("elsewhere", `http://127.0.0.1:${port}/private.git`),
      listed("local", "file:///etc"),
      listed("command", "ext::sh -c touch"),
      listed("absolute", "/srv/git/x"),
      listed("blocked", "https://git.example.com/x.git"),
    ].join("");
    links = { "app/base": commit };
    for (const path of ["elsewhere", "local", "command", "absolute", "blocked"]) links[`${path}/x`] = commit;
    gitmodules = gitmodules.replace(/path = (elsewhere|local|command|absolute|blocked)\n/g, "path = $1/x\n");
    repo = await world.git.createRepository("team/shop");
  });
  after(async () => {
    await world?.remove();
    other?.close();
  });

  const failed = async (name: string, reason: string): Promise<string> => {
    const app = await world.untilCondition(name, "Ready", "False", reason);
    return condition(app, "Ready")?.message ?? "";
  };

  it("are ignored with a note unless the repository asks for them", async () => {
    await repo.commit({ "app/own.yaml": configMap("own", {}), "plain/a.yaml": configMap("plain", {}) }, "files");
    const commit = await commitSubmodules(repo, gitmodules, links);
    await world.kube.apply({
      apiVersion: "gitops.overseer.io/v1alpha1",
      kind: "GitRepository",
      metadata: { name: "shop", namespace: world.namespace },
      spec: { url: repo.url, ref: { branch: "main" }, interval: "1h", secretRef: { name: "git" } },
    });
    await world.app("shop", "shop", "app");
    const app: LiveApp = await world.synced("shop", commit);
    expect(JSON.stringify(app.status?.notes)).to.contain(
      "nothing is pruned until recurseSubmodules of the GitRepository is set",
    );
  });

  it("are read as directories, nested ones too, with the credential of the same server", async () => {
    await world.kube.patch(world.repositoryRef("shop"), { spec: { recurseSubmodules: true } });
    await world.kube.until(world.configMap("deep"), "exists", () => true);
    await world.kube.until(world.configMap("base"), "exists", () => true);
  });

  it("are followed at the commit that the repository records", async () => {
    const before = world.git.count();
    await base.commit({ "base.yaml": configMap("base", { v: "2" }) }, "second");
    await world.poll("shop");
    expect(world.git.count() - before).to.equal(1);
    links = { ...links, "app/base": await base.head() };
    const commit = await commitSubmodules(repo, gitmodules, links);
    await world.poll("shop");
    await world.synced("shop", commit);
    const map = await world.kube.get(world.configMap("base"));
    expect(map).to.have.nested.property("data.v", "2");
  });

  it("keep their objects while they are no longer read", async () => {
    await world.kube.patch(world.repositoryRef("shop"), { spec: { recurseSubmodules: false } });
    await world.told("shop", "kept because of app/base: submodules are not read");
    expect(await world.kube.get(world.configMap("base"))).to.have.nested.property("data.v", "2");
    await world.kube.patch(world.repositoryRef("shop"), { spec: { recurseSubmodules: true } });
    await world.synced("shop");
  });

  it("are not fetched for apps that do not read them", async () => {
    await world.app("plain", "shop", "plain");
    const before = world.git.count();
    await world.synced("plain");
    expect(world.git.count()).to.equal(before);
    expect(asked).to.deep.equal([]);
  });

  it("are held by an Environment that does not list their repositories, until it does", async () => {
    const environment = { apiVersion: API_VERSION, kind: "Environment", name: `prod-${world.namespace}` };
    const permit = (...repositories: string[]) =>
      world.kube.apply({
        ...{ apiVersion: API_VERSION, kind: "Environment", metadata: { name: environment.name } },
        spec: { namespaces: [{ name: world.namespace }], repositories },
      });
    await permit(repo.url, base.url);
    try {
      await repo.commit({ "app/own.yaml": configMap("own", { v: "2" }) }, "own");
      const commit = await commitSubmodules(repo, gitmodules, links);
      await world.poll("shop");
      const waiting = await world.untilCondition("shop", "Waiting", "True", "Repositories");
      expect(condition(waiting, "Waiting")?.message).to.contain(
        `the submodule ${deep.url}, named at .gitmodules:3, is not in spec.repositories of Environment`,
      );
      await permit(repo.url, base.url, deep.url);
      await world.synced("shop", commit);
    } finally {
      await world.kube.delete(environment);
    }
  });

  it("on another server get no credential, and the message names the line", async () => {
    await world.app("elsewhere", "shop", "elsewhere");
    const message = await failed("elsewhere", "RepositoryNotFound");
    expect(message).to.contain(".gitmodules:6").and.contain('the submodule at "elsewhere/x"');
    expect(asked.length).to.be.above(0);
    expect(asked.every((authorization) => authorization === undefined)).to.equal(true);
  });

  it("are refused for local paths, commands and hosts that are not allowed", async () => {
    for (const [name, line, reason] of [
      ["local", 9, "UnsupportedTransport"],
      ["command", 12, "UnsupportedTransport"],
      ["absolute", 15, "UnsupportedTransport"],
      ["blocked", 18, "HostNotAllowed"],
    ] as const) {
      await world.app(name, "shop", name);
      expect(await failed(name, reason), name).to.contain(`.gitmodules:${line}`);
    }
  });

  it("that cannot be had leave the last revision applied", async () => {
    const good = (await world.synced("shop")).status?.applied?.commit;
    await commitSubmodules(repo, gitmodules, { ...links, "app/base": "1".repeat(40) });
    await world.poll("shop");
    expect(await failed("shop", "CommitNotFound")).to.contain(".gitmodules:3");
    const broken = gitmodules.replace('[submodule "app/base"]', '[submodule "../../x"]');
    await commitSubmodules(repo, broken, { ...links, "app/base": "2".repeat(40) });
    await world.poll("shop");
    expect(await failed("shop", "InvalidSubmodule"))
      .to.contain(".gitmodules:1")
      .and.contain("not a valid name");
    const app = await world.poke("shop");
    expect(app.status?.applied?.commit).to.equal(good);
    expect(await world.kube.get(world.configMap("base"))).to.have.nested.property("data.v", "2");
  });
});
