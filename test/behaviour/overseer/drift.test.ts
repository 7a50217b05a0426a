import { expect } from "chai";
import { waitUntil } from "../../../tools/wait-until.js";
import { appDocument, CoreBench } from "../../support/core-bench.js";
import { condition, World } from "../../support/world.js";

const web = (image = "nginx:1"): string =>
  appDocument("web", { web: { image, ports: ["80"] } }, { routes: [{ host: "web.example.com" }] });

describe("Drift on an Overseer Core", function () {
  this.timeout(120_000);
  let world: World;
  let core: CoreBench;
  before(async () => {
    world = await World.create("core-drift");
    core = await CoreBench.start(world);
    await world.repository("web", { "web.yaml": web(), "k.yaml": appDocument("kept", { web: { image: "kept:1" } }) });
    await core.app("web", "web", ".");
    await world.synced("web");
  });
  after(async () => {
    await core?.stop();
    await world?.remove();
  });

  /** A version is written before it is deployed: until then the app runs as it did before. */
  const deployed = (version: string): Promise<unknown> =>
    waitUntil({ what: `${version} is deployed`, timeoutMs: 30_000 }, async () =>
      (await core.jobsOf("web")).includes(`deploy completed ${version}`),
    );

  it("is put back at once, deployed, and named with its fields; there is no Change of it", async () => {
    const edited = await core.edit("web", { compose: "services:\n  web:\n    image: evil:1\n" });
    expect(edited.version).to.equal(2);
    await core.untilApp(
      "web",
      "is nginx again and runs",
      ({ compose, status, version }) => /nginx:1/.test(compose) && status === "running" && version === 3,
    );
    await world.synced("web");
    const healed =
      "DriftHealed: App web restored (changed in the Core: .compose.services.web.image, .compose.services.web.ports)";
    await waitUntil({ what: "the Event DriftHealed names the fields", timeoutMs: 30_000 }, async () =>
      (await world.events("web")).includes(healed),
    );
    await deployed("v3");
    expect(await core.jobsOf("web")).to.deep.equal(["deploy completed v1", "deploy completed v3"]);
    expect(await world.changes("web")).to.have.length(1);
  });

  it("by deletion is made good", async () => {
    const [route] = await core.list("routes");
    await core.call("DELETE", `/api/routes/${route?.id}`);
    await waitUntil({ what: "the route is there again", timeoutMs: 30_000 }, async () => {
      const [now] = await core.list("routes");
      return now !== undefined && now.id !== route?.id;
    });
    await world.synced("web");
  });

  it("by rolling back to an earlier version in the Core is put back", async () => {
    const app = await core.appNamed("web");
    const { status } = await core.call("POST", `/api/apps/${app?.id}/rollback`, { version: 2 });
    expect(status).to.equal(202);
    await core.untilApp(
      "web",
      "is nginx again",
      ({ compose, status: now, version }) => /nginx:1/.test(compose) && now === "running" && version === 5,
    );
    await deployed("v5");
    await world.synced("web");
  });

  it("is only reported with selfHeal: false, and goes when Git says the same", async () => {
    await core.app("web", "web", ".", { sync: { selfHeal: false } });
    await world.synced("web");
    const app = await core.edit("web", {
      compose: "services:\n  web:\n    image: nginx:2\n    ports:\n      - '80'\n",
    });
    const reported = await world.untilCondition("web", "Drifted", "True", "Reported");
    expect(condition(reported, "Drifted")?.message).to.match(
      /^App web: changed in the Core: \.compose\.services\.web\.image; approve Change web-/,
    );
    expect(condition(reported, "Ready")?.status).to.equal("True");
    expect((await core.appNamed("web"))?.version).to.equal(app.version);
    await core.call("POST", `/api/apps/${app.id}/rollback`, { version: 5 });
    await world.kube.until(
      world.appRef("web"),
      "is no longer drifted",
      (live) => condition(live as never, "Drifted") === undefined,
    );
    await world.synced("web");
  });
});
