import { expect } from "chai";
import { load } from "js-yaml";
import { CoreBench, sampleFiles } from "../../support/core-bench.js";
import { condition, World } from "../../support/world.js";

describe("The sample repository on an Overseer Core", function () {
  this.timeout(120_000);
  let world: World;
  let core: CoreBench;
  before(async () => {
    world = await World.create("sample");
    core = await CoreBench.start(world);
  });
  after(async () => {
    await core?.stop();
    await world?.remove();
  });

  it("waits for secrets and names them and their places, and writes nothing", async () => {
    await world.repository("overseer", await sampleFiles("apps", "infrastructure", "refused"));
    await core.signInProvider("oidc");
    await core.app("apps", "overseer", "apps");
    const app = await world.untilCondition("apps", "Waiting", "True", "References");
    const message = condition(app, "Waiting")?.message ?? "";
    expect(message).to.match(
      /needs secret db-host \(store it in the Core\), referenced in apps\/gitea\.yaml:17 and apps\/nextcloud\.yaml:15/,
    );
    expect(message).to.contain("secret gitea-db-password");
    expect(await core.list("apps")).to.deep.equal([]);
    expect(core.proxy.requests.filter(({ method }) => method !== "GET")).to.deep.equal([]);
    const [change] = await world.changes("apps");
    expect(change?.status?.phase).to.equal("Waiting");
  });

  it("goes on by itself once they are there, and runs", async () => {
    for (const name of ["db-host", "gitea-db-password", "postgres-password"]) await core.secret(name);
    const app = await world.synced("apps");
    expect(app.status?.health).to.equal("Healthy");
    const apps = (await core.list("apps")).sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(apps.map(({ name, status }) => `${name} ${status}`)).to.deep.equal([
      "gitea running",
      "nextcloud running",
      "postgres running",
    ]);
    const [change] = await world.changes("apps");
    expect(change?.status?.phase).to.equal("Succeeded");
  });

  it("is in the Core as it is in Git, with whose it is", async () => {
    const nextcloud = await core.untilApp("nextcloud", "is there", () => true);
    expect(load(nextcloud.compose)).to.deep.include({
      services: {
        nextcloud: {
          image: "nextcloud:28",
          environment: ["DATABASE_HOST=${SECRET:db-host}"],
          volumes: ["nextcloud-data:/var/www/html"],
        },
      },
    });
    expect(nextcloud.domain).to.equal("cloud.example.com");
    expect(nextcloud.metadata["overseer-gitops"]).to.include({
      app: `${world.namespace}/apps`,
      namespace: "production",
    });
    const [node] = await core.list("nodes");
    expect(nextcloud.nodeId).to.equal(node?.id);
    const routes = await core.list("routes");
    const route = routes.find(({ hostname }) => hostname === "cloud.example.com");
    expect(route).to.include({ path: "/", target: "nextcloud:80", tls: true, appId: nextcloud.id });
    expect(route?.middleware.auth).to.equal("oidc");
    const policy = (await core.list("policies")).find(({ name }) => name === "nextcloud");
    expect(policy).to.include({ schedule: "0 2 * * *", retentionDays: 7, enabled: true, appId: nextcloud.id });
  });

  it("syncs its infrastructure: nodes, routes and policies", async () => {
    await core.app("infrastructure", "overseer", "infrastructure");
    await world.synced("infrastructure");
    const [node] = await core.list("nodes");
    expect(node?.metadata["overseer-gitops"]).to.include({ app: `${world.namespace}/infrastructure` });
    expect((await core.list("routes")).map(({ hostname }) => hostname)).to.include.members([
      "cloud.example.com",
      "git.example.com",
    ]);
  });

  it("refuses a route whose sign-in provider is missing, and goes on when it comes", async () => {
    await core.app("admin", "overseer", "refused");
    const app = await world.untilCondition("admin", "Ready", "False", "ApplyRefused");
    expect(condition(app, "Ready")?.message).to.match(
      /refused\/admin-route\.yaml:3: Route .*: requires sign-in with github, but the Core has no such sign-in provider/,
    );
    const before = (await core.list("routes")).length;
    await core.signInProvider("github");
    await world.synced("admin");
    expect((await core.list("routes")).length).to.equal(before + 1);
  });

  it("costs one open request while nothing changes", async () => {
    const before = core.proxy.requests.length;
    await core.proxy.quiet(3);
    const more = core.proxy.requests.slice(before);
    expect(more.filter(({ method, path }) => method !== "GET" || path !== "/api/changes")).to.deep.equal([]);
  });
});
