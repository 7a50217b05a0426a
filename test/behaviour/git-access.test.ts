import { expect } from "chai";
import { API_VERSION } from "../../src/api/group.js";
import { type GithubApi, startGithubApi } from "../support/github-api.js";
import { condition, configMap, type LiveRepository, World } from "../support/world.js";
import { startProxy, type TestProxy } from "../unit/git/support/proxy.js";

describe("The way to a Git server", function () {
  this.timeout(120_000);
  let world: World;
  let proxy: TestProxy;
  let ports: Map<string, number>;

  before(async () => {
    world = await World.create("access", {
      operator: { flags: ["--allowed-git-hosts=127.0.0.1,*.example.test"] },
    });
    ports = new Map([["git.example.test:80", Number(new URL(world.git.url).port)]]);
  });
  after(async () => {
    await world?.remove();
    await proxy?.stop();
  });

  const ready = (name: string, status: string, reason: string): Promise<LiveRepository> =>
    world.kube.until<LiveRepository>(
      world.repositoryRef(name),
      `Ready=${status} ${reason}`,
      (object) => condition(object, "Ready")?.status === status && condition(object, "Ready")?.reason === reason,
    );
  const secret = (name: string, stringData: Record<string, string>) =>
    world.kube.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace: world.namespace },
      stringData,
    });

  it("leads through the proxy in spec.proxySecretRef, and follows its Secret", async () => {
    const password = world.canary();
    proxy = await startProxy(ports, `robot:${password}`);
    const repo = await world.git.createRepository("far");
    await repo.commit({ "a.yaml": configMap("far", {}) }, "first");
    const commit = await repo.commit({ "a.yaml": configMap("far", { v: "2" }) }, "of a pull request", {
      branch: "topic",
    });
    await repo.git("update-ref", "refs/pull/7/head", commit);
    await secret("proxy", { address: `http://${proxy.address}`, username: "robot", password: "wrong" });
    await world.kube.apply({
      apiVersion: API_VERSION,
      kind: "GitRepository",
      metadata: { name: "far", namespace: world.namespace },
      spec: {
        url: "http://git.example.test/far.git",
        ref: { name: "refs/pull/7/head" },
        interval: "1h",
        proxySecretRef: { name: "proxy" },
      },
    });
    const refused = await ready("far", "False", "GitUnreachable");
    expect(condition(refused, "Ready")?.message).to.contain(`Secret ${world.namespace}/proxy`).and.contain("HTTP 407");
    await secret("proxy", { address: `http://${proxy.address}`, username: "robot", password });
    const repository = await ready("far", "True", "Fetched");
    expect(repository.status?.revision).to.equal(`refs/pull/7/head@sha1:${commit}`);
  });

  it("is closed for hosts that are not in --allowed-git-hosts, also as a proxy, before any request", async () => {
    const requests = world.git.count();
    const { port } = new URL(world.git.url);
    await world.repository("elsewhere", {}, { url: `http://localhost:${port}/far.git` });
    const refused = await ready("elsewhere", "False", "HostNotAllowed");
    expect(condition(refused, "Ready")?.message).to.contain(`localhost:${port}`).and.contain("--allowed-git-hosts");
    expect(condition(refused, "Stalled")?.status).to.equal("True");
    const seen = proxy.connections;
    await secret("proxy", { address: `http://localhost:${proxy.address.split(":")[1]}` });
    const message = condition(await ready("far", "False", "HostNotAllowed"), "Ready")?.message;
    expect(message).to.contain("of the proxy in spec.proxySecretRef");
    expect(world.git.count()).to.equal(requests);
    expect(proxy.connections).to.equal(seen);
  });
});

describe("A GitHub App", function () {
  this.timeout(120_000);
  let world: World;
  let api: GithubApi;

  before(async () => {
    api = await startGithubApi();
    api.token = "ghs_canary0123456789abcdef";
    world = await World.create("app", { gitAuth: { username: "x-access-token", password: api.token } });
    world.canaries.push(api.token, ...api.privateKey.trim().split("\n").slice(1, -1));
  });
  after(async () => {
    await world?.remove();
    await api?.stop();
  });

  it("reads its repositories with one token for all requests, by the Secret of Flux as it is", async () => {
    await world.kube.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "app", namespace: world.namespace },
      stringData: {
        githubAppID: api.appId,
        githubAppInstallationID: api.installation,
        githubAppPrivateKey: api.privateKey,
        githubAppBaseURL: api.url,
      },
    });
    const repo = await world.repository("shop", { "a.yaml": configMap("shop", {}) }, { secretRef: { name: "app" } });
    await world.app("shop", "shop", ".");
    await world.synced("shop", await repo.head());
    const commit = await repo.commit({ "a.yaml": configMap("shop", { v: "2" }) }, "second");
    await world.poll("shop");
    await world.synced("shop", commit);
    expect(api.requests).to.deep.equal([`POST /api/v3/app/installations/${api.installation}/access_tokens`]);
  });

  it("that GitHub refuses is reported, and its revision stays in use", async () => {
    await world.kube.patch(
      { apiVersion: "v1", kind: "Secret", namespace: world.namespace, name: "app" },
      { data: { githubAppID: Buffer.from("999").toString("base64") } },
    );
    const repository = await world.kube.until<LiveRepository>(
      world.repositoryRef("shop"),
      "is refused",
      (object) => condition(object, "Ready")?.reason === "AuthenticationFailed",
    );
    expect(condition(repository, "Ready")?.message).to.contain("check githubAppID").and.contain("stays in use");
  });
});
