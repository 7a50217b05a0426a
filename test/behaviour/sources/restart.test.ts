import { expect } from "chai";
import { ANNOTATION_CONFIG_CHECKSUM } from "../../../src/api/group.js";
import { appDocument, CoreBench } from "../../support/core-bench.js";
import { configMap, deployment, World } from "../../support/world.js";

const using = (name: string, from: object): string =>
  deployment(name).concat(`          envFrom: [${JSON.stringify(from)}]\n`);

describe("Restarts after a change of what pods use", function () {
  this.timeout(180_000);
  let world: World;
  before(async () => {
    world = await World.create("restart");
  });
  after(() => world?.remove());

  const secret = (name: string, password: string) =>
    world.kube.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace: world.namespace },
      stringData: { password },
    });
  const templates = async (): Promise<Record<string, { generation: unknown; checksum: string | undefined }>> => {
    const found = await Promise.all(
      ["web", "api", "plain"].map(async (name) => {
        const live = await world.kube.get(world.object("apps/v1", "Deployment", name));
        const { template } = (live?.spec ?? {}) as { template: { metadata: { annotations?: Record<string, string> } } };
        const checksum = template.metadata.annotations?.[ANNOTATION_CONFIG_CHECKSUM];
        return [name, { generation: live?.metadata.generation, checksum }] as const;
      }),
    );
    return Object.fromEntries(found);
  };

  it("happen for what uses it and nothing else, and not after a restart of the operator", async () => {
    const [first, second] = [world.canary(), world.canary()];
    await secret("db", first);
    const repo = await world.repository("restart", {
      "web.yaml": using("web", { secretRef: { name: "db" } }),
      "api.yaml": using("api", { configMapRef: { name: "settings" } }),
      "plain.yaml": deployment("plain"),
      "settings.yaml": configMap("settings", { mode: "a" }),
    });
    await world.app("restart", "restart", ".", {
      source: {
        repositoryRef: { name: "restart" },
        path: ".",
        restart: { from: [{ kind: "Secret", name: "db" }] },
      },
    });
    await world.synced("restart");
    const before = await templates();
    expect(before.web?.checksum).to.match(/^[0-9a-f]{32}$/);
    expect(before.api?.checksum).to.match(/^[0-9a-f]{32}$/);
    expect(before.plain?.checksum).to.equal(undefined);

    await secret("db", second);
    await world.kube.until(
      world.object("apps/v1", "Deployment", "web"),
      "has another checksum",
      (live) => !JSON.stringify(live.spec).includes(before.web?.checksum ?? ""),
    );
    await world.synced("restart");
    const after = await templates();
    expect(after.api).to.deep.equal(before.api);
    expect(after.plain).to.deep.equal(before.plain);
    expect((await world.changes("restart")).at(-1)?.spec.cause).to.equal("Values");

    const commit = await repo.commit({ "settings.yaml": configMap("settings", { mode: "b" }) }, "mode b");
    await world.poll("restart");
    await world.synced("restart", commit);
    const last = await templates();
    expect(last.web).to.deep.equal(after.web);
    expect(last.api?.checksum).not.to.equal(after.api?.checksum);

    const count = (await world.changes("restart")).length;
    await world.operator.stop();
    await world.operator.start();
    await world.poll("restart");
    await world.synced("restart", commit);
    expect(await templates()).to.deep.equal(last);
    expect(await world.changes("restart")).to.have.length(count);
  });

  it("are deployments on a Core, of the apps that use the secret, if the app asks for them", async () => {
    const core = await CoreBench.start(world);
    try {
      const [first, second] = [world.canary(), world.canary()];
      const created = await core.call<{ secret: { id: string } }>("POST", "/api/secrets", { name: "db", value: first });
      const compose = (value: string) => ({ web: { image: "nginx:1", environment: { DB_PASSWORD: value } } });
      await world.repository("core", {
        "uses/app.yaml": appDocument("uses", compose("${SECRET:db}")),
        "uses/other.yaml": appDocument("other", compose("/run/none")),
        "quiet/app.yaml": appDocument("quiet", compose("${SECRET:db}")),
      });
      await core.app("uses", "core", "uses", { source: { restart: {} } });
      await core.app("quiet", "core", "quiet");
      await world.synced("uses");
      await world.synced("quiet");

      const path = `/api/secrets/${created.body.secret.id}`;
      expect((await core.call("PUT", path, { description: "of the shop" })).status).to.equal(200);
      expect((await core.call("PUT", path, { description: "of the shop", value: second })).status).to.equal(200);
      await core.untilJobs("uses", ["deploy completed v1", "deploy completed v1"]);
      await world.synced("uses");
      for (const name of ["other", "quiet"]) expect(await core.jobsOf(name)).to.deep.equal(["deploy completed v1"]);
      await world.told("uses", "App uses restored (the value of secret db was changed after the last deployment)");
    } finally {
      await core.stop();
    }
  });
});
