import { expect } from "chai";
import { appDocument, CoreBench } from "../../support/core-bench.js";
import type { GitRepo } from "../../support/git-server.js";
import { condition, World } from "../../support/world.js";

/** A real Core of which the proxy hides what the published API of Overseer does not have. */
describe("An Overseer Core that can do less", function () {
  this.timeout(120_000);
  let world: World;
  let core: CoreBench;
  let repo: GitRepo;
  before(async () => {
    world = await World.create("core-less");
    core = await CoreBench.start(world);
    core.proxy.lesser = {
      withoutEtags: true,
      lacks: ({ method, path }) =>
        path === "/api/changes" ||
        path === "/openapi.json" ||
        path.startsWith("/api/sign-in-providers") ||
        method === "OPTIONS" ||
        (method === "PUT" && path.startsWith("/api/apps/")),
    };
    repo = await world.repository("web", { "web.yaml": appDocument("web", { web: { image: "nginx:1" } }) });
    await core.app("web", "web", ".", {
      destination: { overseer: { url: core.proxy.url, secretRef: { name: "core" }, interval: "1s" } },
    });
  });
  after(async () => {
    await core?.stop();
    await world?.remove();
  });

  it("is used, and what it lacks is named with what is done instead", async () => {
    const app = await world.synced("web", await repo.head());
    const limited = condition(app, "Limited");
    expect(limited?.status).to.equal("True");
    expect(limited?.message).to.match(
      /no list of changes.*no ETags.*no updates of apps \(PUT\).*no list of sign-in providers/,
    );
    expect((await core.appNamed("web"))?.status).to.equal("running");
  });

  it("gets new apps and loses old ones, by one round of reads each interval", async () => {
    await repo.commit({ "two.yaml": appDocument("two", { web: { image: "two:1" } }) }, "two");
    await world.poll("web");
    await world.synced("web", await repo.head());
    await repo.commit({ "two.yaml": null }, "no two");
    await world.poll("web");
    await world.synced("web", await repo.head());
    expect(await core.appNamed("two")).to.equal(undefined);
    await core.proxy.quiet(20);
    expect(core.proxy.count("GET", /^\/api\/changes$/), "asked once").to.equal(1);
  });

  it("gets no change of an app: the commit is refused, and nothing is re-created", async () => {
    const before = await core.appNamed("web");
    await repo.commit({ "web.yaml": appDocument("web", { web: { image: "nginx:2" } }) }, "two");
    await world.poll("web");
    const app = await world.untilCondition("web", "Ready", "False", "ApplyRefused");
    expect(condition(app, "Ready")?.message).to.match(/web\.yaml:1: App web: this Core cannot update apps/);
    expect(await core.appNamed("web")).to.deep.equal(before);
    await repo.commit({ "web.yaml": appDocument("web", { web: { image: "nginx:1" } }) }, "back");
    await world.poll("web");
    await world.synced("web");
  });

  it("gets no route with sign-in, since nobody can tell whether it would be closed", async () => {
    await repo.commit(
      {
        "web.yaml": appDocument(
          "web",
          { web: { image: "nginx:1" } },
          { routes: [{ host: "w.example.com", auth: "oidc" }] },
        ),
      },
      "route",
    );
    await world.poll("web");
    const app = await world.untilCondition("web", "Ready", "False", "ApplyRefused");
    expect(condition(app, "Ready")?.message).to.match(/does not list its sign-in providers/);
    expect(await core.list("routes")).to.deep.equal([]);
  });
});
